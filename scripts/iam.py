"""Makes the tables of docs/iam.md from infra/functions.json and infra/access.json, which Terraform reads too.

`python scripts/iam.py` writes them; with `--check` it only says whether they are up to date, and fails if not.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "iam.md"


def read(name: str) -> Any:
    return json.loads((ROOT / "infra" / name).read_text(encoding="utf-8"))


def tables() -> dict[str, str]:
    """By the name of their place in the page."""
    functions, access = read("functions.json"), read("access.json")
    uses = list(dict.fromkeys(row["use"] for row in access["uses"]))
    return {
        "functions": _table(
            ["account", *uses],
            [[f"`gmail-{f['name']}`", *("●" if use in f["uses"] else "" for use in uses)] for f in functions],
        ),
        "uses": _table(
            ["use", "role", "on", "why"],
            [[row["use"], f"`{row['role']}`", _on(row), row["why"]] for row in access["uses"]],
        ),
        "accounts": _table(
            ["account", "role", "on", "why"],
            [
                [row["account"], f"`{row['role']}`" if row["role"] else "none", row["on"] or "nothing", row["why"]]
                for row in access["accounts"]
            ],
        ),
    }


def rendered(page: str) -> str:
    """The page with its tables made anew."""
    for name, table in tables().items():
        page, count = re.subn(
            rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", table.replace("\\", r"\\"), page, flags=re.DOTALL
        )
        if count != 1:
            raise SystemExit(f"docs/iam.md has {count} places for the table {name}.")
    return page


def _on(row: dict[str, str]) -> str:
    return f"secret `{row['use']}`" if row["on"] == "secret" else row["on"]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main() -> None:
    page = TARGET.read_text(encoding="utf-8")
    fresh = rendered(page)
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(fresh, encoding="utf-8")
    elif page != fresh:
        raise SystemExit("docs/iam.md is not what infra/ says: run `python scripts/iam.py`.")


if __name__ == "__main__":
    main()
