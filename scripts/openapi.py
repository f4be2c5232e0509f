"""Makes functions/console_files/openapi.json, which the console serves, from openapi.yaml.

`python scripts/openapi.py` writes it; with `--check` it only says whether it is up to date, and fails if not.
"""

import json
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "openapi.yaml"
TARGET = ROOT / "functions" / "console_files" / "openapi.json"


def rendered() -> str:
    """openapi.yaml as JSON. An unquoted date is a date to YAML, and a TypeError here: quote it."""
    document = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    fresh = rendered()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(fresh, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != fresh:
        raise SystemExit("functions/console_files/openapi.json is not what openapi.yaml makes: run `make openapi`.")


if __name__ == "__main__":
    main()
