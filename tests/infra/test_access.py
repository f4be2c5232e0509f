"""Who may do what: the rows of functions.json against what the code can reach, and the page about it."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Response

from functions.cli.server import endpoints
from functions.edge.endpoint import ANYONE, USER, Call, Endpoint, respond
from functions.runtime import backends
from functions.services.suppressions import Suppressions
from scripts import iam
from tests.infra import needs

INFRA = Path(__file__).parents[2] / "infra"
TABLE: list[dict[str, Any]] = json.loads((INFRA / "functions.json").read_text())
ACCESS: dict[str, list[dict[str, str]]] = json.loads((INFRA / "access.json").read_text())
TERRAFORM = {path.name: path.read_text() for path in sorted(INFRA.glob("*.tf"))}


@pytest.fixture(autouse=True)
def _deep() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.parametrize("row", TABLE, ids=[row["name"] for row in TABLE])
def test_a_function_may_use_just_what_its_code_can_reach(row: dict[str, Any]) -> None:
    """More is a door that nobody needs; less is an error in the cloud that no laptop shows."""
    (endpoint,) = [e for e, other in zip(endpoints(), TABLE, strict=True) if other["name"] == row["name"]]

    assert sorted(row["uses"]) == sorted(needs.uses(endpoint))


def test_every_use_is_explained_and_every_explanation_used() -> None:
    assert {row["use"] for row in ACCESS["uses"]} == {use for row in TABLE for use in row["uses"]}
    assert all(row["why"].strip() for row in (*ACCESS["uses"], *ACCESS["accounts"]))


def test_the_page_is_what_infra_says() -> None:
    page = iam.TARGET.read_text(encoding="utf-8")

    assert iam.rendered(page) == page, "python scripts/iam.py"


def test_nothing_is_given_to_everybody_and_no_role_is_one_that_gives_roles() -> None:
    roles = {row["role"] for rows in ACCESS.values() for row in rows} | set(
        re.findall(r'"(roles/[\w.]+)"', "".join(TERRAFORM.values()))
    )

    assert not re.findall(r"all(?:Authenticated)?Users", "".join(TERRAFORM.values()))
    assert not [role for role in roles if re.search(r"owner|editor|admin", role, re.IGNORECASE)]


def test_roles_of_other_accounts_are_those_that_terraform_gives() -> None:
    """Of functions, Terraform takes them from access.json itself."""
    given = re.findall(r'role\s*=\s*"(roles/[\w.]+)"', TERRAFORM["iam.tf"])

    assert sorted(given) == sorted(row["role"] for row in ACCESS["accounts"] if row["role"])


def test_secrets_are_those_that_the_code_names() -> None:
    made = re.findall(r'^\s+(gmail-[a-z-]+)\s+= "', TERRAFORM["secrets.tf"], re.MULTILINE)

    assert sorted(made) == sorted({backends.TOKEN_KEY, backends.LINK_KEY, "gmail-client-id", "gmail-client-secret"})
    assert 'resource "google_secret_manager_secret_version"' not in "".join(TERRAFORM.values())


# How the code is read: each of these ways leads somewhere, and none of them may be overlooked.


def _with_callback(call: Call) -> Any:
    return [callback() for callback in (lambda: call.app.link_ring.newest,)]


def _through_a_service(call: Call) -> Any:
    Suppressions(call.app.documents, call.app.timeline, call.app.clock).remove(call.caller, "a@b.example")


@contextmanager
def _opened(call: Call) -> Iterator[Any]:
    yield call.app.blobs


def _in_a_context(call: Call) -> Any:
    with _opened(call) as blobs:
        return blobs.read("name")


def _in_a_loop(call: Call) -> Any:
    found: Any = None
    for _ in range(2):
        if found is not None:
            return found.newest()
        found = call.app.link_ring
    return None


def _from_itself(call: Call) -> Any:
    found = _from_itself(call)
    found.newest()
    return call.app.link_ring


def _signs(call: Call) -> Any:
    return call.app.blobs.upload_url("name", 1, call.app.clock())


def _by_a_chore(call: Call) -> Any:
    return call.app.sweeping.sweep()


def _names_the_client(call: Call) -> Any:
    return call.app.oauth.authorization_url(state="", nonce="", challenge="", login_hint=None)


def _uses_nothing(call: Call) -> Any:
    return call.app.clock()


@pytest.mark.parametrize(
    ("handler", "found"),
    [
        (_uses_nothing, set()),
        (_with_callback, {"gmail-link-key"}),
        (_through_a_service, {"database"}),
        (_in_a_context, {"bucket-reading"}),
        (_in_a_loop, {"gmail-link-key"}),
        (_from_itself, {"gmail-link-key"}),
        (_signs, {"bucket", "upload-urls"}),
        (_names_the_client, {"gmail-client-id"}),
    ],
)
def test_what_a_handler_reaches_is_found(handler: Any, found: set[str]) -> None:
    endpoint = Endpoint("/any")

    @endpoint.route("GET", "/", ANYONE)
    def answer(call: Call) -> Response:
        return respond(handler(call))

    assert needs.uses(endpoint) == found


def test_what_a_sweep_does_from_time_to_time_is_found() -> None:
    endpoint = Endpoint("/any")
    endpoint.route("POST", "/", ANYONE)(_by_a_chore)

    assert needs.uses(endpoint) >= {"bucket", "database", "queue", "gmail-token-key", "gmail-client-secret"}


def test_whoever_asks_who_calls_reads_keys() -> None:
    endpoint = Endpoint("/any")
    endpoint.route("GET", "/", USER)(_uses_nothing)

    assert needs.uses(endpoint) == {"database"}
