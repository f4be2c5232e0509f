"""What a function has loaded once it has connected, listed or disconnected an account: a cold start is mostly imports.

Each runs in a process of its own, as each is deployed alone, against the pretend Google.
"""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

from tests.e2e.client import Browser, Caller
from tests.e2e.google import Person
from tests.e2e.hosts import Inside
from tests.e2e.processes import ROOT
from tests.runtime.test_house import heavy

CALL = """
import json, sys
import main
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request
name, method, target, headers = sys.argv[1:]
built = EnvironBuilder(target, method=method, headers=json.loads(headers))
answer = getattr(main, name)(Request(built.get_environ()))
print(json.dumps([answer.status_code, answer.get_data(as_text=True), sorted(sys.modules)]))
"""


def call(inside: Inside, name: str, method: str, target: str, **headers: str) -> tuple[int, str, set[str]]:
    """Status, body, and the modules that are loaded in the end."""
    done = subprocess.run(
        [sys.executable, "-c", CALL, name, method, target, json.dumps(headers)],
        env={**inside.settings(), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    status, body, loaded = json.loads(done.stdout)
    return status, body, set(loaded)


def test_connecting_and_disconnecting_take_no_client_library(inside: Inside, user: Caller, ada: Person) -> None:
    browser = Browser(inside)
    callback = urlsplit(browser.link(user, ada))
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    status, body, loaded = call(
        inside, "callback", "GET", f"{callback.path}?{callback.query}", Cookie=cookie, Accept="application/json"
    )
    assert status == 200, body
    account = json.loads(body)["account"]
    mailbox = inside.app.documents.get(f"owners/{owner_of(inside, account)}/mailboxes/{account}")
    assert mailbox is not None
    assert mailbox.data["watched_at"] is not None  # all that connecting asks of Gmail was asked
    assert mailbox.data["synced_at"] is not None
    assert heavy(loaded) == []
    # What judges a message is loaded where one has come.
    assert "functions.domain.bounces" not in loaded
    assert "functions.services.incoming" not in loaded
    assert "functions.services.pacing" not in loaded  # nothing waited for its slot

    bearer = f"Bearer {user.token}"
    status, body, loaded = call(inside, "list", "GET", f"/api/gmail/accounts/{account}/", Authorization=bearer)
    assert (status, json.loads(body)["email"]) == (200, ada.email)
    assert heavy(loaded) == []

    status, body, loaded = call(inside, "delete", "DELETE", f"/api/gmail/accounts/{account}/", Authorization=bearer)
    assert status == 204, body
    assert heavy(loaded) == []
    assert "functions.services.mailbox" not in loaded
    assert "functions.services.pacing" not in loaded


def test_with_googles_clients_the_code_is_exchanged_by_theirs(inside: Inside, user: Caller, ada: Person) -> None:
    inside.given = {**inside.given, "GOOGLE_CLIENTS": "official"}
    browser = Browser(inside)
    callback = urlsplit(browser.link(user, ada))
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    status, body, loaded = call(
        inside, "callback", "GET", f"{callback.path}?{callback.query}", Cookie=cookie, Accept="application/json"
    )

    assert status == 200, body
    assert "google_auth_oauthlib.flow" in loaded


def owner_of(inside: Inside, account: str) -> str:
    from functions.domain.ports import Query

    page = inside.app.documents.query(Query("accounts", order=("last_sent_at", "asc"), limit=500, group=True))
    return next(str(document.data["owner"]) for document in page.documents if document.id == account)
