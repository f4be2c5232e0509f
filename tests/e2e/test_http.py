"""What every path does whatever it is for: methods, CORS, unknown paths, headers."""

import json
from typing import Any

import pytest

from tests.e2e.client import Caller
from tests.e2e.conftest import APP

READ = ["accounts/", "accounts/acc_0/", "history/", "history/snd_0/", "keys/"]
PATHS = ["authorize/", "oauth2callback/", "send/", *READ]


@pytest.fixture
def nobody(hosting: Any) -> Caller:
    return Caller(hosting)


@pytest.mark.parametrize("path", PATHS)
def test_the_frontend_may_ask_beforehand_and_others_may_not(nobody: Caller, path: str) -> None:
    wanted = "authorization, content-type, idempotency-key"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted}
    ours = nobody.call("OPTIONS", path, headers={"Origin": APP, **asked})
    theirs = nobody.call("OPTIONS", path, headers={"Origin": "https://evil.example", **asked})

    assert ours.status == theirs.status == 204
    assert ours.headers["Access-Control-Allow-Origin"] == APP
    assert ours.headers["Access-Control-Allow-Credentials"] == "true"
    allowed = {name.strip().lower() for name in ours.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "content-type", "idempotency-key"} <= allowed
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(ours.headers["Access-Control-Allow-Methods"].split(", "))
    assert not [name for name, _ in theirs.headers if name.startswith("Access-Control")]
    assert "Origin" in ours.headers["Vary"]
    assert "Origin" in theirs.headers["Vary"]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (APP, True),
        (f"{APP}/", False),
        (f"{APP}.evil.example", False),
        (f"{APP}:8443", False),
        ("http://app.example.com", False),
        ("null", False),
        ("https://APP.example.com", False),
        ("*", False),
    ],
)
def test_only_the_listed_origin_can_read_answers(caller: Caller, origin: str, allowed: bool) -> None:
    """Errors too: a frontend has to be able to show what is wrong."""
    for answer in (
        caller.call("GET", "accounts/", headers={"Origin": origin}),
        caller.call("GET", "accounts/acc_0/", headers={"Origin": origin}),
        Caller(caller.host).call("GET", "accounts/", headers={"Origin": origin}),
    ):
        assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        if allowed:
            exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
            assert {"Retry-After", "Idempotent-Response", "X-Request-Id"} <= set(exposed)


def test_head_is_get_without_the_body(caller: Caller) -> None:
    got, head = caller.get("accounts/"), caller.call("HEAD", "accounts/")

    assert head.status == got.status == 200
    assert head.body == b""
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert caller.call("HEAD", "accounts/acc_0/").status == 404
    assert Caller(caller.host).call("HEAD", "accounts/").status == 401


def test_options_says_what_a_path_takes(nobody: Caller) -> None:
    answer = nobody.call("OPTIONS", "history/")

    assert answer.status == 204
    assert answer.headers["Allow"].split(", ") == ["GET", "OPTIONS"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "send/"), ("PUT", "send/"), ("PUT", "history/"), ("TRACE", "accounts/"), ("POST", "authorize/")],
)
def test_another_method_is_refused_and_the_right_ones_are_named(caller: Caller, method: str, path: str) -> None:
    answer = caller.call(method, path)

    answer.problem(405, "method_not_allowed")
    assert answer.headers["Allow"]
    assert method not in answer.headers["Allow"].split(", ")


@pytest.mark.parametrize(
    "path",
    ["nothing/", "accounts/acc_0/more/", "send/now/", "/api/", "/api/gmail/", "/nothing", "/assets/../main.py", "/t"],
)
def test_a_path_of_nothing_is_not_found(caller: Caller, path: str) -> None:
    caller.get(path).problem(404, "not_found")


@pytest.mark.parametrize("token", ["", "Basic YTpi", "Bearer", "Bearer ", "Token x", "Bearer a b c"])
def test_without_a_bearer_token_nobody_is_let_in(nobody: Caller, token: str) -> None:
    headers = {"Authorization": token} if token else {}
    for path in READ:
        answer = nobody.call("GET", path, headers=headers)
        answer.problem(401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_scheme_is_read_without_case(caller: Caller) -> None:
    caller.call("GET", "accounts/", headers={"Authorization": f"bearer  {caller.token}"}).ok()


def test_every_answer_has_its_id_and_stays_out_of_caches(caller: Caller) -> None:
    answers = [caller.get("accounts/"), caller.get("accounts/acc_0/"), caller.get("nothing/")]

    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == len(answers)
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_console_and_its_description_are_there_for_anyone(nobody: Caller) -> None:
    page = nobody.get("/")

    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert nobody.get("/healthz").ok() == {"status": "ok"}
    assert isinstance(nobody.get("/api/gmail/openapi.json").ok(), dict)


@pytest.mark.parametrize(
    "name", ["..%2f..%2fmain.py", "%2e%2e", "nothing.js", "console.css%00", "index.html.br", "openapi.json"]
)
def test_the_console_gives_out_only_its_own_files(nobody: Caller, name: str) -> None:
    nobody.get(f"/assets/{name}").problem(404, "not_found")


def test_a_token_in_the_query_counts_for_nothing(caller: Caller) -> None:
    Caller(caller.host).get("accounts/", access_token=caller.token).problem(401, "unauthenticated")


def test_a_log_line_names_the_path_and_the_outcome_and_leaves_the_query_out(caller: Caller, hosting: Any) -> None:
    answer = caller.get("accounts/", page_token="bm90LWEtdG9rZW4")

    (line,) = [one for one in hosting.journal.written().splitlines() if answer.headers["X-Request-Id"] in one]
    found = json.loads(line)
    assert found["severity"] == "INFO"
    assert found["status"] == 400
    assert found["code"] == "invalid_request"
    assert found["path"].endswith("/")
    assert "bm90" not in line
