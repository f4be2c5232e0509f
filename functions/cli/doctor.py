"""`python -m functions doctor`: each thing that has to be right, tried for real, with the remedy where it is not."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from functions.adapters.http import RequestFailed
from functions.domain import records
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.errors import (
    InsufficientPermissions,
    IntegrationError,
    InvalidCredentials,
    InvalidState,
    ReauthRequired,
    SecretMissing,
)
from functions.domain.mailboxes import Mailbox
from functions.domain.ports import Create, Delete, Query
from functions.runtime.wiring import App

MAX_ACCOUNTS = 20
MAX_MAILBOXES = 500


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    state: Literal["good", "bad", "unsure"]
    detail: str
    remedy: str = ""


def examine(app: App) -> Iterator[Check]:
    """Runs every check, in the order in which one depends on another."""
    s = app.settings
    where = "in the cloud" if s.in_cloud else "on this machine"
    google = "the pretend Google" if s.sandbox else s.authorize_url
    yield Check("settings", "good", f"{where}, {google}, store {s.store_url}")
    yield _try("secrets", lambda: _secrets(app))
    yield _try("store", lambda: _store(app))
    if s.sandbox and not _there(app):
        yield Check("pretend Google", "bad", f"nothing answers at {s.token_url}", "Start it with: make run")
        return
    yield _try("OAuth client", lambda: _client(app))
    yield _try("redirect URI", lambda: _redirect(app))
    yield _try("Gmail API", lambda: _gmail(app))
    if s.gmail_topic:
        yield _try("pushes", lambda: _pushes(app))
    yield from _accounts(app)


def _there(app: App) -> bool:
    try:
        app.http.request("GET", app.settings.jwks_url, timeout=5)
    except RequestFailed:
        return False
    return True


def _try(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except IntegrationError as error:
        return Check(name, "bad", f"{error.code}: {error.detail}", error.remedy)
    except SecretMissing as error:
        return Check(name, "bad", f"the secret {error} is missing", "Add a version to the secret.")
    except Exception as error:  # noqa: BLE001 - a doctor survives whatever the patient has
        return Check(name, "bad", f"{type(error).__name__}", "Look at the setting that this check is about.")


def _secrets(app: App) -> Check:
    for ring in (app.token_ring, app.link_ring):
        if ring.open(ring.seal(b"probe", "doctor"), "doctor") != b"probe":
            return Check("secrets", "bad", "a sealed value did not come back", "Check the key's versions.")
    app.secret_value(app.settings.client_secret)
    newest = f"token key version {app.token_ring.newest}, link key version {app.link_ring.newest}"
    return Check("secrets", "good", newest)


def _store(app: App) -> Check:
    path = f"states/doctor-{app.new_id('req')}"
    version = app.documents.commit([Create(path, {"expires_at": app.clock()})])[0]
    found = app.documents.get(path)
    app.documents.commit([Delete(path, version=version)])
    if found is None:
        return Check("store", "bad", "what was written could not be read", "Check STORE_URL.")
    return Check("store", "good", "written, read and deleted")


def _client(app: App) -> Check:
    """A code that can't be right: Google answers invalid_client before it looks at the code, invalid_grant after."""
    try:
        app.oauth.exchange(code="doctor", verifier="d" * 43, nonce="")
    except InvalidCredentials as error:
        return Check(
            "OAuth client",
            "bad",
            f"invalid credentials: {error.detail}",
            "Copy the client id and the secret again from the Google Cloud console (APIs & Services, Credentials).",
        )
    except (InvalidState, ReauthRequired):
        return Check("OAuth client", "good", "Google knows the client id and its secret")
    return Check("OAuth client", "unsure", "Google's answer was not what was expected")


def _redirect(app: App) -> Check:
    """Google's consent page says `redirect_uri_mismatch` before anybody signs in."""
    url = app.oauth.authorization_url(state="doctor", nonce="doctor", challenge="d" * 43, login_hint=None)
    try:
        answer = app.http.request("GET", url, headers={"Accept": "text/html"}, timeout=15)
    except RequestFailed as error:
        return Check("redirect URI", "unsure", f"the consent page can't be reached: {error}", "Check the network.")
    said = answer.body[:200_000] + answer.headers.get("location", "").encode()
    if b"redirect_uri_mismatch" in said or answer.status == 400:
        return Check(
            "redirect URI",
            "bad",
            f"{app.settings.redirect_uri} is not registered",
            "Add exactly this URI to the OAuth client's authorised redirect URIs, its last slash included.",
        )
    return Check("redirect URI", "good", app.settings.redirect_uri)


def _gmail(app: App) -> Check:
    """An unknown token is refused with 401 by a Gmail that is there."""
    url = f"{app.settings.gmail_api_url}/gmail/v1/users/me/profile?{urlencode({'fields': 'historyId'})}"
    try:
        answer = app.http.request("GET", url, headers={"Authorization": "Bearer doctor"}, timeout=15)
    except RequestFailed as error:
        return Check("Gmail API", "bad", f"can't be reached: {error}", "Check GMAIL_API_URL and the network.")
    if answer.status == 401:
        return Check("Gmail API", "good", app.settings.gmail_api_url)
    return Check("Gmail API", "unsure", f"answered {answer.status} where 401 was expected", "Check GMAIL_API_URL.")


def _pushes(app: App) -> Check:
    """What Gmail said when it was asked last to push, for whichever owner's mailboxes."""
    page = app.documents.query(Query("mailboxes", order=("due_at", "asc"), limit=MAX_MAILBOXES, group=True))
    problems = Counter(records.from_data(Mailbox, document.data).watch_problem for document in page.documents)
    del problems[""]
    if not problems:
        return Check("pushes", "good", app.settings.gmail_topic)
    said = ", ".join(f"{code} for {count}" for code, count in problems.most_common())
    return Check(
        "pushes",
        "unsure",
        f"Gmail does not push for {problems.total()} of {len(page.documents)} mailboxes: {said}",
        "Where it is gmail_rejected, the OAuth client has to be in the project that GMAIL_TOPIC names, and "
        "gmail-api-push@system.gserviceaccount.com has to be allowed to publish to it. Till then replies come late.",
    )


def _accounts(app: App) -> Iterator[Check]:
    """The accounts of the laptop's user: is each grant alive, and does it allow what is needed?"""
    try:
        page = app.documents.query(
            Query("owners/own_local/accounts", order=("connected_at", "asc"), limit=MAX_ACCOUNTS)
        )
    except IntegrationError as error:
        yield Check("accounts", "bad", error.detail, error.remedy)
        return
    if not page.documents:
        yield Check("accounts", "good", "none connected yet")
    for document in page.documents:
        account = records.from_data(GmailAccount, document.data)
        yield _account(app, account)


def _account(app: App, account: GmailAccount) -> Check:
    name = f"account {account.email}"
    if account.status is AccountStatus.REAUTH_REQUIRED:
        return Check(name, "bad", "refresh token expired or revoked", ReauthRequired.remedy)
    try:
        token = app.tokens.access_token(account)
        account.require_send()
        if account.can_read:
            app.gmail.profile(token)
    except ReauthRequired:
        return Check(name, "bad", "refresh token expired or revoked", _reauth_remedy())
    except InsufficientPermissions as error:
        return Check(name, "bad", f"insufficient permissions: {error.detail}", error.remedy)
    except IntegrationError as error:
        return Check(name, "bad", f"{error.code}: {error.detail}", error.remedy)
    if not account.can_read:
        return Check(name, "unsure", "can send, but reading was not granted", InsufficientPermissions.remedy)
    return Check(name, "good", "sends and reads")


def _reauth_remedy() -> str:
    return (
        f"{ReauthRequired.remedy} If it happens every seven days, the consent screen is still in “Testing”: publish it."
    )
