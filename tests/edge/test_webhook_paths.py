"""The path of webhooks: what is not a POST from a sender learns nothing there, and changes nothing."""

from pathlib import Path

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from functions import webhook
from functions.domain import records
from functions.domain.ids import LOCAL_OWNER
from functions.domain.ports import Create
from tests.e2e.client import Answer, Caller
from tests.e2e.hooks import Hook, hook, standard
from tests.e2e.hosts import Inside
from tests.e2e.journal import Journal
from tests.services.builders import account

KEY = "the-local-key-of-the-path-tests"
PAYLOAD = {"order": {"number": "7"}, "customer": {"name": "Grace", "email": "grace@example.com"}}
NONE = "/api/gmail/hooks/trg_none/"


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    made = Inside("inside", tmp_path, Journal(), {"LOCAL_API_KEY": KEY})
    ada = account(LOCAL_OWNER)
    made.app.documents.commit([Create(f"owners/{LOCAL_OWNER}/accounts/{ada.id}", records.to_data(ada))])
    return made


@pytest.fixture
def paid(inside: Inside) -> Hook:
    return hook(Caller(inside, KEY))


def ask(inside: Inside, method: str, target: str, **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Caller(inside, "").call(method, target, headers=given)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_only_a_post_is_a_webhook_whether_or_not_there_is_such_a_trigger(
    inside: Inside, paid: Hook, method: str
) -> None:
    there, nowhere = (ask(inside, method, target) for target in (paid.target, NONE))
    assert (there.status, there.headers["Allow"]) == (nowhere.status, nowhere.headers["Allow"]) == (405, "POST")
    assert paid.log() == []


def test_options_say_what_there_is_and_let_no_browser_in(inside: Inside, paid: Hook) -> None:
    for target in (paid.target, NONE):
        answer = ask(inside, "OPTIONS", target, Origin="https://evil.example", Access_Control_Request_Method="POST")
        assert (answer.status, answer.headers["Allow"]) == (204, "POST, OPTIONS")
        assert not [name for name, _ in answer.headers.items() if name.lower().startswith("access-control-allow")]


def test_a_path_without_its_last_slash_is_answered_and_not_redirected(inside: Inside, paid: Hook) -> None:
    """A sender that follows a redirect turns its POST into a GET; most follow none."""
    body = b'{"order": {"number": "7"}, "customer": {"name": "Grace", "email": "grace@example.com"}}'
    headers = {"Content-Type": "application/json", **standard(paid.secrets[-1], "msg_1", body)}
    first = Caller(inside, "").call("POST", paid.target.rstrip("/"), body, headers=headers)
    again = Caller(inside, "").call("POST", paid.target + "/", body, headers=headers)
    assert (first.status, again.status) == (202, 200)
    assert first.json() == again.json()


def test_at_the_functions_own_url_the_rest_of_the_path_is_enough(inside: Inside, paid: Hook) -> None:
    body = b'{"order": {"number": "7"}, "customer": {"name": "Grace", "email": "grace@example.com"}}'
    headers = {"Content-Type": "application/json", **standard(paid.secrets[-1], "msg_1", body)}
    built = EnvironBuilder(
        f"/{paid.id}/", "https://hooks.example.com", method="POST", headers=Headers(headers), data=body
    )
    answer = webhook.endpoint(Request(built.get_environ()), inside.app)
    assert answer.status_code == 202


@pytest.mark.parametrize("more", ["x/", "deliveries/", "%2e%2e/", "%00/"])
def test_below_a_trigger_there_is_nothing(inside: Inside, paid: Hook, more: str) -> None:
    answer = ask(inside, "POST", paid.target + more)
    assert answer.status == 404
    assert paid.log() == []


@pytest.mark.parametrize("name", ["trg_none%2f", "..", "%00", "trg_%0d%0aX: y", "a" * 3_000, "%ff", "trg_ü"])
def test_names_that_are_no_triggers_are_refused_as_any_other(inside: Inside, paid: Hook, name: str) -> None:
    answer = ask(inside, "POST", f"/api/gmail/hooks/{name}/")
    assert answer.status in (401, 404, 405)
    assert "X" not in answer.headers
    assert paid.log() == []


def test_a_key_and_a_cookie_open_nothing(inside: Inside, paid: Hook) -> None:
    answer = Caller(inside, KEY).call("POST", paid.target, PAYLOAD, cookie="session=x")
    answer.problem(401, "unauthenticated")
