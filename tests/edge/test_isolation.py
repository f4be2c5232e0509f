"""Every route of every function, with somebody else's records, and with nobody's token."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.cli.server import endpoints
from functions.domain import records
from functions.domain.accounts import AccountChange
from functions.domain.callers import Caller as Who
from functions.domain.ids import owner_id
from functions.domain.ports import Create
from functions.domain.send_requests import SendRequest
from functions.domain.suppressions import Reason, Suppression
from functions.domain.templates import TemplateBody, TemplateFields
from functions.domain.triggers import Mapping, RecipientRule, TriggerFields
from tests.e2e.client import Answer, Caller
from tests.e2e.hosts import Inside
from tests.e2e.issuer import Issuer
from tests.e2e.journal import Journal
from tests.services.builders import account, send

Route = tuple[str, str, str]  # function, method, pattern

# What the id in the path is of. A route that is in none of these tables fails the tests.
OF_A_RECORD: dict[Route, str] = {
    ("list", "GET", "/{id}/"): "account",
    ("delete", "DELETE", "/{id}/"): "account",
    ("update", "PATCH", "/{id}/"): "account",
    ("history", "GET", "/{send_id}/"): "send",
    ("history", "POST", "/{send_id}/cancel/"): "send",
    ("history", "POST", "/{send_id}/resend/"): "send",
    ("history", "PATCH", "/{send_id}/"): "send",
    ("templates", "GET", "/{id}/"): "template",
    ("templates", "PUT", "/{id}/"): "template",
    ("templates", "DELETE", "/{id}/"): "template",
    ("templates", "POST", "/{id}/publish/"): "template",
    ("templates", "POST", "/{id}/duplicate/"): "template",
    ("templates", "POST", "/{id}/archive/"): "template",
    ("templates", "POST", "/{id}/unarchive/"): "template",
    ("templates", "GET", "/{id}/versions/"): "template",
    ("templates", "GET", "/{id}/versions/{version}/"): "template",
    ("triggers", "GET", "/{id}/"): "trigger",
    ("triggers", "PUT", "/{id}/"): "trigger",
    ("triggers", "DELETE", "/{id}/"): "trigger",
    ("triggers", "POST", "/{id}/secrets/"): "trigger",
    ("triggers", "POST", "/{id}/test/"): "trigger",
    ("triggers", "GET", "/{id}/deliveries/"): "trigger",
    ("triggers", "GET", "/{id}/deliveries/{delivery}/"): "trigger",
    ("triggers", "POST", "/{id}/deliveries/{delivery}/replay/"): "trigger",
    ("endpoints", "GET", "/{id}/"): "endpoint",
    ("endpoints", "PUT", "/{id}/"): "endpoint",
    ("endpoints", "DELETE", "/{id}/"): "endpoint",
    ("endpoints", "POST", "/{id}/secrets/"): "endpoint",
    ("endpoints", "POST", "/{id}/test/"): "endpoint",
    ("endpoints", "GET", "/{id}/deliveries/"): "endpoint",
    ("endpoints", "GET", "/{id}/deliveries/{delivery}/"): "endpoint",
    ("endpoints", "POST", "/{id}/deliveries/{delivery}/redeliver/"): "endpoint",
    ("suppressions", "DELETE", "/{address}/"): "suppression",
    ("attachments", "GET", "/{id}/"): "attachment",
    ("attachments", "DELETE", "/{id}/"): "attachment",
    ("attachments", "GET", "/{id}/content/"): "attachment",
    ("attachments", "POST", "/{id}/complete/"): "attachment",
    ("keys", "DELETE", "/{id}/"): "key",
}
# These take no id: whoever calls sees and changes what is theirs.
OF_THE_CALLER: set[Route] = {
    ("authorize", "GET", "/"),
    ("callback", "POST", "/"),
    ("send", "POST", "/"),
    ("list", "GET", "/"),
    ("history", "GET", "/"),
    ("history", "GET", "/export/"),
    ("history", "GET", "/stats/"),
    ("history", "GET", "/settings/"),
    ("history", "PUT", "/settings/"),
    ("templates", "GET", "/"),
    ("templates", "POST", "/"),
    ("templates", "POST", "/preview/"),
    ("attachments", "GET", "/"),
    ("attachments", "POST", "/"),
    ("triggers", "GET", "/"),
    ("triggers", "POST", "/"),
    ("endpoints", "GET", "/"),
    ("endpoints", "POST", "/"),
    ("suppressions", "GET", "/"),
    ("suppressions", "POST", "/"),
    ("suppressions", "GET", "/export/"),
    ("keys", "GET", "/"),
    ("keys", "POST", "/"),
}
PUBLIC: set[Route] = {
    ("callback", "GET", "/"),
    ("attachments", "PUT", "/upload/"),  # by the token in the URL: tests/contracts/test_upload_urls.py
    ("console", "GET", "/"),
    ("console", "GET", "/assets/{name}"),
    ("console", "GET", "/api/gmail/openapi.json"),
    ("console", "GET", "/healthz"),
    ("console", "GET", "/health"),
    # A sealed link says whose it is: tests/services/test_track_links.py.
    ("track", "GET", "/o/{token}"),
    ("track", "GET", "/c/{token}"),
    ("track", "GET", "/u/{token}"),
    ("track", "POST", "/u/{token}"),
    ("webhook", "POST", "/{trigger_id}/"),  # by its signature: tests/services/test_receiving.py
}
# Google Cloud's own service account, and nobody else: test_platform_callers.py.
PLATFORM: set[Route] = {
    ("deliver", "POST", "/"),
    ("notify", "POST", "/"),
    ("sweep", "POST", "/"),
}
# Keys can't be used here.
USERS_ONLY = {"authorize", "callback", "keys"}

ROUTES = [
    (route.handler.__module__.rpartition(".")[2], route.method, route.pattern, endpoint, route)
    for endpoint in endpoints()
    for route in endpoint.routes
]
IDS = [f"{function} {method} {pattern}" for function, method, pattern, _, _ in ROUTES]


def paths(*tables: Any) -> list[Any]:
    """(method, full path pattern, route) of the routes that are in the tables."""
    return [
        pytest.param(
            method, endpoint.prefix + pattern, (function, method, pattern), id=f"{function} {method} {pattern}"
        )
        for function, method, pattern, endpoint, _ in ROUTES
        if any((function, method, pattern) in table for table in tables)
    ]


@pytest.fixture(scope="module")
def issuer() -> Any:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def inside(tmp_path: Path, issuer: Issuer) -> Inside:
    return Inside(
        "inside", tmp_path, Journal(), {"AUTH_ISSUERS": f"{issuer.url}=tests", "LOCAL_API_KEY": "unused-here"}
    )


@pytest.fixture
def theirs(inside: Inside, issuer: Issuer) -> dict[str, str]:
    """One record of every kind, of another owner; by kind its id."""
    owner = owner_id(issuer.url, "somebody-else")
    documents = inside.app.documents
    connected, sent = account(owner), send(owner)
    documents.commit(
        [
            Create(f"owners/{owner}/accounts/{connected.id}", records.to_data(connected)),
            Create(f"owners/{owner}/sends/{sent.id}", records.to_data(sent)),
        ]
    )
    key, _ = inside.app.keys.create(owner, name="k", scopes=("read",), accounts=None, expires_at=None)
    endpoint, _ = inside.app.endpoints.create(
        Who(owner, "user"), url="https://hooks.example.com/", events=("*",), enabled=True, secret=None
    )
    sent_by = TriggerFields("t", "github", Mapping(to=(RecipientRule("a@b.example"),)), subject="s", html="h")
    trigger, _ = inside.app.triggers.create(Who(owner, "user"), sent_by, ())
    suppression = Suppression("bo@elsewhere.example", (Reason.MANUAL,), inside.app.clock())
    (suppressed,) = inside.app.suppressions.add(owner, [suppression])
    written = TemplateFields("theirs", TemplateBody("s", "<p>secret</p>{{ content }}"), "layout")
    file = inside.app.uploading.store(
        Who(owner, "user"), "a.txt", "text/plain", [b"secret"], lambda: inside.app.clock() + timedelta(days=1)
    )
    template = inside.app.templates.publish(owner, inside.app.templates.create(owner, written).id)
    return {
        "account": connected.id,
        "send": sent.id,
        "key": key.id,
        "endpoint": endpoint.id,
        "trigger": trigger.id,
        "suppression": suppressed.entry.id,
        "template": template.id,
        "attachment": file.id,
    }


@pytest.fixture
def user(inside: Inside, issuer: Issuer) -> Caller:
    return Caller(inside, issuer.token("me"))


def filled(pattern: str, record_id: str) -> str:
    """The path of one record."""
    return re.sub(r"\{(?:id|send_id|address)\}", record_id, pattern)


def ask(caller: Caller, method: str, path: str) -> Answer:
    return caller.call(method, path, {} if method in ("POST", "PUT", "PATCH") else None)


@pytest.mark.parametrize(("function", "method", "pattern"), [r[:3] for r in ROUTES], ids=IDS)
def test_every_route_is_in_one_of_the_tables(function: str, method: str, pattern: str) -> None:
    """A new route: say in a table above whose records it is about."""
    key = (function, method, pattern)
    assert [key in table for table in (OF_A_RECORD, OF_THE_CALLER, PUBLIC, PLATFORM)].count(True) == 1


@pytest.mark.parametrize(("function", "method", "pattern", "route"), [(*r[:3], r[4]) for r in ROUTES], ids=IDS)
def test_a_route_is_public_only_where_the_table_says_so(function: str, method: str, pattern: str, route: Any) -> None:
    assert route.who.anyone == ((function, method, pattern) in PUBLIC)
    assert route.who.platform == ((function, method, pattern) in PLATFORM)
    if not route.who.anyone and not route.who.platform:
        assert (route.who.keys is None) == (function in USERS_ONLY)


@pytest.mark.parametrize(("method", "path", "route"), paths(OF_A_RECORD))
def test_another_owners_record_is_as_unknown_as_none(
    user: Caller, theirs: dict[str, str], method: str, path: str, route: Route
) -> None:
    kind = OF_A_RECORD[route]
    there = filled(path, theirs[kind])
    prefix = theirs[kind].partition("_")[0]
    nowhere = filled(path, f"{prefix}_0")

    found, unknown = ask(user, method, there), ask(user, method, nowhere)

    problem = found.problem(404, "not_found")
    assert {**problem, "request_id": ""} == {**unknown.problem(404, "not_found"), "request_id": ""}


@pytest.mark.parametrize(("method", "path", "route"), paths(OF_A_RECORD, OF_THE_CALLER))
def test_nobody_is_asked_who_they_are_first(
    inside: Inside, theirs: dict[str, str], method: str, path: str, route: Route
) -> None:
    """Also before the body is read or the id is looked at."""
    kind = OF_A_RECORD.get(route, "account")
    there = filled(path, theirs[kind])

    for token in ("", "x", "gmk_x_" + "0" * 52):
        ask(Caller(inside, token), method, there).problem(401, "unauthenticated")


def test_lists_hold_nothing_of_other_owners(user: Caller, theirs: dict[str, str]) -> None:
    assert user.get("accounts/").ok()["accounts"] == []
    assert user.get("history/").ok()["sends"] == []
    assert user.get("keys/").ok()["keys"] == []
    assert user.get("endpoints/").ok()["endpoints"] == []
    assert user.get("triggers/").ok()["triggers"] == []
    assert user.get("suppressions/").ok()["suppressions"] == []
    assert user.get("suppressions/", address="bo@elsewhere.example").ok()["suppressions"] == []
    assert "bo@" not in user.get("suppressions/export/").text
    assert user.get("templates/").ok()["templates"] == []
    assert user.get("attachments/").ok()["attachments"] == []
    assert user.get("history/", account=theirs["account"]).ok()["sends"] == []


def test_a_message_cannot_name_another_owners_account(user: Caller, theirs: dict[str, str]) -> None:
    for named in (theirs["account"], "ada@example.com"):
        user.send(account=named).problem(404, "not_found")


def test_another_owners_template_can_be_neither_used_nor_looked_at(user: Caller, theirs: dict[str, str]) -> None:
    """By a send, by a preview, as a layout; in the words for an unknown one."""
    nowhere = "tpl_0"
    for body in ({"id": "{}"}, {"id": "{}", "version": 1}, {"template": {"html": "<p>mine</p>", "layout": "{}"}}):
        there, unknown = (
            user.post("templates/preview/", json.loads(json.dumps(body).replace("{}", named)))
            for named in (theirs["template"], nowhere)
        )
        assert there.status == unknown.status != 200
        assert {**there.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
    new = {"name": "mine", "html": "<p>mine</p>", "layout": theirs["template"]}
    assert user.post("templates/", new).pointers(400, "invalid_request") == ["/layout"]


def test_a_key_for_another_owners_account_opens_nothing(user: Caller, theirs: dict[str, str]) -> None:
    key = user.key("read", "send", "manage", accounts=[theirs["account"]])

    assert key.get("accounts/").ok()["accounts"] == []
    key.get(f"accounts/{theirs['account']}/").problem(404, "not_found")
    key.delete(f"accounts/{theirs['account']}/").problem(404, "not_found")
    key.send(account=theirs["account"]).problem(404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"), [one.values[:2] for one in paths(OF_A_RECORD) if one.values[2][0] == "triggers"]
)
def test_a_key_for_another_account_finds_no_trigger(
    inside: Inside, user: Caller, issuer: Issuer, method: str, path: str
) -> None:
    """Of the same owner: whatever the route, as if there were none."""
    owner = owner_id(issuer.url, "me")
    connected = account(owner)
    inside.app.documents.commit([Create(f"owners/{owner}/accounts/{connected.id}", records.to_data(connected))])
    sent_by = TriggerFields("t", "github", Mapping(to=(RecipientRule("a@b.example"),)), subject="s", html="h")
    trigger, _ = inside.app.triggers.create(Who(owner, "user"), sent_by, ())
    limited = user.key("read", "manage", accounts=["acc_another"])

    there, nowhere = (ask(limited, method, filled(path, one)) for one in (trigger.id, "trg_none"))

    there.problem(404, "not_found")
    assert (there.status, there.json()["detail"]) == (nowhere.status, nowhere.json()["detail"])
    assert limited.get("triggers/").ok()["triggers"] == []
    assert inside.app.triggers.get(Who(owner, "user"), trigger.id) == trigger


@pytest.mark.parametrize("scope", ["send", "read", "manage"])
@pytest.mark.parametrize(("method", "path", "route"), paths(OF_A_RECORD, OF_THE_CALLER))
def test_a_key_without_the_routes_scope_is_forbidden_whatever_the_id(
    user: Caller, theirs: dict[str, str], method: str, path: str, route: Route, scope: str
) -> None:
    wanted = next(r[4].who.keys for r in ROUTES if r[:3] == route)
    there = path.replace("{id}", theirs["account"]).replace("{send_id}", theirs["send"])

    answer = ask(user.key(scope), method, there)

    if scope == wanted:
        assert answer.status != 403
    else:
        answer.problem(403, "forbidden")


def test_services_are_asked_for_one_owners_records_only(inside: Inside, theirs: dict[str, str]) -> None:
    """Below the edge too: a caller of another owner finds nothing under a known id."""
    from functions.domain.errors import NotFound

    me = Who(owner="own_me", kind="user")
    calls: list[Callable[[], object]] = [
        lambda: inside.app.accounts.get(me, theirs["account"]),
        lambda: inside.app.disconnecting.disconnect(me, theirs["account"]),
        lambda: inside.app.accounts.change(me, theirs["account"], AccountChange(is_default=True)),
        lambda: inside.app.history.get(me, theirs["send"]),
        lambda: inside.app.keys.revoke(me.owner, theirs["key"]),
        lambda: inside.app.endpoints.get(me, theirs["endpoint"]),
        lambda: inside.app.endpoints.delete(me, theirs["endpoint"]),
        lambda: inside.app.endpoints.rotate(me, theirs["endpoint"], None, timedelta()),
        lambda: inside.app.event_deliveries.test(me, theirs["endpoint"]),
        lambda: inside.app.event_deliveries.page(me, theirs["endpoint"], "", 10, None),
        lambda: inside.app.triggers.get(me, theirs["trigger"]),
        lambda: inside.app.triggers.delete(me, theirs["trigger"]),
        lambda: inside.app.triggers.rotate(me, theirs["trigger"], None, timedelta()),
        lambda: inside.app.suppressions.remove(me, theirs["suppression"]),
        lambda: inside.app.templates.get(me.owner, theirs["template"]),
        lambda: inside.app.templates.version(me.owner, theirs["template"], "1"),
        lambda: inside.app.templates.delete(me.owner, theirs["template"]),
        lambda: inside.app.attachments.get(me, theirs["attachment"]),
        lambda: inside.app.attachments.content(me, theirs["attachment"]),
        lambda: inside.app.attachments.delete(me, theirs["attachment"]),
        lambda: inside.app.uploading.complete(me, theirs["attachment"]),
        lambda: inside.app.sending.send(me, SendRequest(account=theirs["account"]), "snd_0"),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            call()
