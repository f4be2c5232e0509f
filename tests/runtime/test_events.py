"""Log lines: one for each event, found by request, send and trace; and nobody is named in any of them."""

import ast
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.console import endpoint as console
from functions.domain.errors import InvalidRequest, NotFound, SecretDisabled, Unavailable
from functions.domain.messages import Address
from functions.domain.sends import Attempt, Send, Status
from functions.runtime import events, settings
from functions.runtime.wiring import App
from tests.runtime.test_settings import CLOUD
from tests.services.builders import NOW, account, send
from tests.services.fakes import World, says

ROOT = Path(__file__).parents[2]
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OURS = {
    name: f
    for name, f in vars(events).items()
    if isinstance(f, FunctionType) and f.__module__ == events.__name__ and not name.startswith("_")
}

NO_LINES = {"begin", "muted"}

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(SqliteDocuments(tmp_path / "gmail.db", declared()), tmp_path)
    made.connect()
    return made


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What was logged since the last time that this was asked."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def asked(path: str = "/api/gmail/send/", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(EnvironBuilder(path, method="POST", headers=named).get_environ())


def refused(status: int, cause: BaseException | None, lines: Lines) -> dict[str, Any]:
    events.request(asked(), Response(status=status), 0.0123, cause)
    (line,) = lines()
    return line


def private(**changed: Any) -> Send:
    """A send that has everything that may not be logged."""
    attempt = Attempt("atm_1", NOW, "unknown", "outcome_unknown", "Asked ada@example.com", "Look into Ada's mailbox")
    to = (Address("bo@elsewhere.example", "Bo Bell"),)
    return replace(send(to=to, subject="Your Diagnosis", status=Status.UNKNOWN, attempts=(attempt,)), **changed)


# Each event, as it would be logged by a careless caller.
LOGGED: dict[str, Callable[[], None]] = {
    "request": lambda: events.request(
        asked("/api/gmail/suppressions/ada@example.com/?code=4/0AbCdEfGhIjKl"),
        Response(status=500),
        0.01,
        ValueError("ada@example.com: Your Diagnosis, 1//0gAbCdEfGhIjK"),
    ),
    "send": lambda: events.send(private()),
    "reauth_required": lambda: events.reauth_required(account(email="ada@example.com", refresh_token="v1.1.secret")),
    "watch_refused": lambda: events.watch_refused(account(email="ada@example.com"), "gmail_rejected"),
    "swept": lambda: events.swept(3, False),
    "hit_lost": lambda: events.hit_lost(ValueError("bo@elsewhere.example")),
}


def test_every_event_is_looked_at_here() -> None:
    assert set(LOGGED) == set(OURS) - NO_LINES


@pytest.mark.parametrize("event", LOGGED)
def test_an_event_is_one_line_with_its_name_and_nobodys(event: str, capsys: pytest.CaptureFixture[str]) -> None:
    LOGGED[event]()

    text = capsys.readouterr().err
    assert text.count("\n") == 1
    line = json.loads(text)
    assert line["event"] == event
    assert line["severity"] in ("INFO", "WARNING", "ERROR")
    for hidden in ("@", "Diagnosis", "Bo Bell", "Ada", "secret", "4/0A", "1//0", "v1.1."):
        assert hidden not in text


def names_of(node: ast.AST) -> set[str]:
    return {alias.name for alias in node.names} if isinstance(node, ast.Import | ast.ImportFrom) else set()


def test_the_code_logs_by_these_functions_alone() -> None:
    """And by all of them: `events.<name>` as a call or, in the wiring, as what a service tells."""
    used = set()
    for file in (ROOT / "functions").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        assert not any("logging" in names_of(node) for node in nodes), file
        sources = [n for n in nodes if isinstance(n, ast.ImportFrom) and n.module == "functions.runtime"]
        if any("events" in names_of(node) for node in sources):
            attributes = [n for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
            used |= {n.attr for n in attributes if n.value.id == "events"}  # type: ignore[attr-defined]
    assert used == set(OURS)


# Who is to blame, and whether somebody has to look.


@pytest.mark.parametrize(
    ("status", "cause", "severity"),
    [
        (200, None, "INFO"),
        (404, NotFound("No."), "INFO"),
        (400, InvalidRequest("No."), "INFO"),
        (503, Unavailable("The store is away."), "WARNING"),
        (500, KeyError("x"), "ERROR"),
    ],
)
def test_only_what_nobody_foresaw_is_an_error(
    status: int, cause: BaseException | None, severity: str, lines: Lines
) -> None:
    line = refused(status, cause, lines)

    assert (line["severity"], line["status"], line["milliseconds"]) == (severity, status, 12.3)
    assert line.get("error") == ("KeyError" if status == 500 else None)


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/api/gmail/suppressions/ada@example.com/", "/api/gmail/suppressions/…/"),
        ("/api/gmail/suppressions/a/john.smith/x@d.example/", "/api/gmail/suppressions/…/"),
        (f"/api/gmail/suppressions/{'a' * 41}/john.smith/x@d.example/", "/api/gmail/suppressions/…/"),
        (f"/{'a' * 41}/john.smith/x@d.example/", "/…/"),
        ("/api/gmail/suppressions/ada%2540example.com/", "/api/gmail/suppressions/…/"),  # encoded twice
        ("/api/gmail/suppressions/a/john.smith/x%2540d.example/", "/api/gmail/suppressions/…/"),
        ("/api/gmail/suppressions/john.smith/a%0Ab@d.example/", "/api/gmail/suppressions/…/"),
        (f"/api/gmail/track/{'a' * 41}/", "/api/gmail/track/…/"),
        (f"/{'a' * 41}/o.gif", "/…/o.gif"),
        (f"/api/gmail/suppressions/{'a' * 39}/", f"/api/gmail/suppressions/{'a' * 39}/"),
    ],
)
def test_no_part_of_an_address_and_no_token_of_a_path_is_logged(path: str, logged: str, lines: Lines) -> None:
    events.request(asked(path), Response(), 0, None)

    (line,) = lines()
    assert line["path"] == logged


def test_which_secret_is_disabled_is_for_operators_to_read(lines: Lines) -> None:
    line = refused(503, SecretDisabled("Version 1 of link-key is disabled.", remedy="Enable it."), lines)

    assert (line["code"], line["detail"]) == ("unavailable", "Version 1 of link-key is disabled.")
    assert line["remedy"] == "Enable it."


@pytest.mark.parametrize(
    ("status", "severity"),
    [("sent", "INFO"), ("queued", "INFO"), ("cancelled", "INFO"), ("unknown", "WARNING"), ("failed", "WARNING")],
)
def test_a_send_that_needs_looking_at_is_a_warning(status: str, severity: str, lines: Lines) -> None:
    events.send(private(status=Status(status)))

    (line,) = lines()
    assert (line["severity"], line["status"], line["send"], line["code"]) == (
        severity, status, "snd_1", "outcome_unknown",
    )  # fmt: skip


# Traces.


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-{SPAN}-01"},
        {"X_Cloud_Trace_Context": f"{TRACE}/{int(SPAN, 16)};o=1"},
        {"traceparent": f"00-{TRACE}-{SPAN}-01", "X_Cloud_Trace_Context": "0" * 32 + "/1;o=0"},
    ],
)
def test_every_line_of_a_request_is_found_by_its_trace_and_its_id(headers: dict[str, str], lines: Lines) -> None:
    events.begin(asked(**headers), "req_1", settings.load(CLOUD).project)
    events.send(private())
    events.request(asked(), Response(), 0, None)

    written = lines()
    assert len(written) == 2
    for line in written:
        assert line["request_id"] == "req_1"
        assert line["logging.googleapis.com/trace"] == f"projects/my-project/traces/{TRACE}"
        assert line["logging.googleapis.com/spanId"] == SPAN
        assert line["logging.googleapis.com/trace_sampled"] is True


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        f"00-{TRACE}-{SPAN}",
        f"{TRACE}/12;o=2",
        "ada@example.com",
        f"{TRACE}/{'9' * 30}",
        f"00-{TRACE}-{SPAN}-0x",
    ],
)
def test_what_is_no_trace_is_not_written_down(given: str, lines: Lines) -> None:
    events.begin(asked(traceparent=given, X_Cloud_Trace_Context=given), "req_2", "my-project")
    events.swept(0, True)

    (line,) = lines()
    assert not [name for name in line if "trace" in name or "span" in name]


def test_a_request_leaves_nothing_of_itself_to_the_next(lines: Lines) -> None:
    events.begin(asked(traceparent=f"00-{TRACE}-{SPAN}-01"), "req_1", "my-project")
    events.begin(asked(), "req_2", "my-project")
    events.swept(0, True)

    (line,) = lines()
    assert line["request_id"] == "req_2"
    assert "logging.googleapis.com/trace" not in line


# What the services tell of.


def test_each_state_that_a_send_comes_to_is_told_once_and_no_claim(world: World) -> None:
    told: list[tuple[str, str]] = []
    world.outbox._changed = lambda send: told.append((send.id, send.status.value))

    first = world.queue()
    world.mailbox.script = [says(429, "rateLimitExceeded")]
    world.deliver()
    world.run(hours=1)

    assert told == [(first, "queued"), (first, "sent")]


def test_a_dead_grant_is_told_of_once(world: World) -> None:
    told: list[str] = []
    world.tokens._died = lambda account: told.append(account.id)

    for _ in range(2):
        world.tokens.mark_dead(world.account())

    assert told == [world.account().id]


def test_the_wiring_logs_what_the_services_tell(tmp_path: Path, lines: Lines) -> None:
    app = App(settings.load({"STORE_URL": f"sqlite:///{tmp_path}/gmail.db", "SECRETS_URL": f"file:{tmp_path}/s"}))
    app.outbox._changed(private())
    app.tokens._died(account())
    app.watching._refused(account(), "gmail_rejected")

    assert [line["event"] for line in lines()] == ["send", "reauth_required", "watch_refused"]


def test_a_function_logs_its_request_with_its_trace(tmp_path: Path, lines: Lines) -> None:
    app = App(settings.load({"STORE_URL": f"sqlite:///{tmp_path}/gmail.db"}))
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01"}

    answer = console(Request(EnvironBuilder("/healthz?x=ada@example.com", headers=headers).get_environ()), app)

    (line,) = lines()
    assert (line["event"], line["path"], line["trace"]) == ("request", "/healthz", TRACE)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert "X-Revision" not in answer.headers


def test_a_deployed_function_says_which_revision_answers() -> None:
    app = App(settings.load({**CLOUD, "K_REVISION": "gmail-console-00007-abc"}))

    answer = console(Request(EnvironBuilder("/healthz").get_environ()), app)
    assert answer.headers["X-Revision"] == "gmail-console-00007-abc"
