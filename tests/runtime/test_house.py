"""House rules: one function, one file, one row; and a function imports only what it uses."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import main
from functions.cli.server import endpoints
from functions.runtime.preload import PRELOADED
from tests.e2e.issuer import Issuer

ROOT = Path(__file__).parents[2]
TABLE = json.loads((ROOT / "infra" / "functions.json").read_text())
NAMES = [entry["name"] for entry in TABLE]


def test_main_names_the_functions_of_infra() -> None:
    assert sorted(main.FUNCTIONS) == sorted(NAMES)


def test_every_function_is_one_file_and_every_file_one_function() -> None:
    files = [path.stem for path in (ROOT / "functions").glob("*.py") if not path.stem.startswith("__")]

    assert sorted(files) == sorted(NAMES)


def test_the_readme_lists_every_function_once() -> None:
    """In a table whose first column is the function's name in backquotes."""
    rows = re.findall(r"^\| *`([a-z]+)` *\|", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert sorted(name for name in rows if name in NAMES) == sorted(NAMES)


@pytest.mark.parametrize("entry", TABLE, ids=NAMES)
def test_infra_lists_the_routes_that_the_code_has(entry: dict[str, object]) -> None:
    """Terraform makes the gateway's paths of them."""
    (endpoint,) = [e for e, name in zip(endpoints(), NAMES, strict=True) if name == entry["name"]]

    assert endpoint.prefix == entry["prefix"]
    assert sorted(f"{r.method} {r.pattern}" for r in endpoint.routes) == sorted(entry["routes"])  # type: ignore[call-overload]


def test_the_layers_that_are_kept_apart_name_every_function() -> None:
    """import-linter says nothing about a module that no row of its contract names."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]

    assert sorted(f"functions.{name}" for name in NAMES) in [sorted(row.split(" | ")) for row in layers]


def test_no_two_functions_answer_the_same_call() -> None:
    calls = [f"{r.method} {e.prefix}{r.pattern}" for e in endpoints() for r in e.routes]

    assert len(calls) == len(set(calls))


def test_main_has_nothing_that_is_no_function() -> None:
    """The framework asks with hasattr."""
    for name in ("nothing", "os", "endpoint", "__path__", "Authorize"):
        assert not hasattr(main, name)


# What a function imports. Each runs in a process of its own, as each is deployed alone.

HEAVY = (
    "google.cloud",
    "google.auth",
    "google.api_core",
    "grpc",
    "google_auth_oauthlib",
    "oauthlib",
    "googleapiclient",
    "httplib2",
    "requests",
    "urllib3",
    "liquid",
    "nh3",
    "css_inline",
    "email_validator",
    "sandbox",
    "gunicorn",
)

CALL = """
import json, sys
import main
function = getattr(main, sys.argv[1])
if len(sys.argv) > 2:
    from werkzeug.test import EnvironBuilder
    from werkzeug.wrappers import Request
    method, path, token, body = sys.argv[2:]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    built = EnvironBuilder(path, method=method, headers=headers, json=json.loads(body) if body else None)
    answer = function(Request(built.get_environ()))
    print(answer.status_code, file=sys.stderr)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


def modules(directory: Path, issuer: Issuer, *arguments: str) -> tuple[set[str], str]:
    """The modules that are loaded in the end, and what was written to stderr."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "STORE_URL": f"sqlite:///{directory}/gmail.db",
        "BLOBS_URL": f"file:{directory}/blobs",
        "SECRETS_URL": f"file:{directory}/secrets",
        "AUTH_ISSUERS": f"{issuer.url}=tests",
    }
    done = subprocess.run(
        [sys.executable, "-c", CALL, *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(done.stdout)), done.stderr


def heavy(loaded: set[str]) -> list[str]:
    # `google.cloud` by itself is an empty namespace that an installed .pth file makes in every process.
    return [
        name for name in HEAVY if name in loaded - {"google.cloud"} or any(m.startswith(f"{name}.") for m in loaded)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_asking_for_one_function_imports_no_other(name: str, tmp_path: Path, issuer: Issuer) -> None:
    loaded, _ = modules(tmp_path, issuer, name)

    functions = {m.removeprefix("functions.") for m in loaded} & set(NAMES)
    assert functions == {name}
    assert heavy(loaded) == []
    if name not in PRELOADED:  # what these need at their first message they load at start
        assert not [m for m in loaded if m.startswith("functions.adapters.")]  # made when first used


@pytest.mark.parametrize(
    ("name", "method", "path", "body", "status"),
    [
        ("authorize", "GET", "/api/gmail/authorize/", "", 200),
        ("send", "POST", "/", '{"to": ["a@b.example"], "subject": "s", "text": "t"}', 404),
        ("list", "GET", "/", "", 200),
        ("history", "GET", "/", "", 200),
        ("templates", "GET", "/", "", 200),
        ("triggers", "GET", "/", "", 200),
        ("webhook", "POST", "/trg_0/", "{}", 401),
        ("endpoints", "GET", "/", "", 200),
        ("endpoints", "POST", "/end_0/test/", "", 404),
        ("attachments", "GET", "/", "", 200),
        ("attachments", "POST", "/", '{"filename": "a.pdf", "size": 1}', 201),
        ("suppressions", "GET", "/export/", "", 200),
        ("suppressions", "POST", "/", '{"address": "a@b.example"}', 201),
        ("keys", "GET", "/", "", 200),
        ("delete", "DELETE", "/acc_0/", "", 404),
        ("update", "PATCH", "/acc_0/", "{}", 404),
        ("deliver", "POST", "/", "", 503),  # Google's keys are not there to check the caller with
        ("notify", "POST", "/", "", 503),
        ("sweep", "POST", "/", "", 503),
        ("track", "GET", "/c/none", "", 404),  # a click that is one: tests/edge/test_track.py
        ("console", "GET", "/healthz", "", 200),
        ("console", "GET", "/health", "", 200),
    ],
)
def test_answering_a_user_imports_nothing_heavy(
    name: str, method: str, path: str, body: str, status: int, tmp_path: Path, issuer: Issuer
) -> None:
    """On SQLite: with Firestore its SDK comes on top. A cold start is mostly imports."""
    loaded, said = modules(tmp_path, issuer, name, method, path, issuer.token("me"), body)

    assert said.splitlines()[-1] == str(status), said
    assert heavy(loaded) == []
