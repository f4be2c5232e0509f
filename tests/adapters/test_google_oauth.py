"""Google's token endpoint, with a tiny provider in its place: which ID tokens are taken, and which answers.

Twice: the code exchanged by ourselves, and through Google's library, as GOOGLE_CLIENTS says.
"""

import base64
import json
import math
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from functions.adapters.google_oauth import GoogleOAuth
from functions.adapters.http import Http
from functions.adapters.oidc import IdTokens
from functions.domain.errors import (
    GmailRejected,
    InsufficientPermissions,
    IntegrationError,
    InvalidCredentials,
    InvalidState,
    ReauthRequired,
    Unavailable,
)
from functions.domain.google_ports import Grant
from functions.domain.scopes import REQUESTED_SCOPES, SEND
from tests.adapters.peers import answering
from tests.e2e.issuer import Issuer, forged
from tests.faults.stub import http as answer_with
from tests.services.builders import Clock

NOW = datetime.now(UTC)
CLIENT = ("client-id", "client-secret")
HUGE = 10**309  # no float is as large
REDIRECT = "http://localhost:8000/api/gmail/oauth2callback/"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture(params=[False, True], ids=["direct", "official"])
def official(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def oauth(issuer: Issuer, official: bool) -> GoogleOAuth:
    return client(issuer, official, f"{issuer.url}/token")


def client(issuer: Issuer, official: bool, token_url: str) -> GoogleOAuth:
    http = Http()
    return GoogleOAuth(
        http=http,
        client_id=lambda: CLIENT[0],
        client_secret=lambda: CLIENT[1],
        authorize_url=f"{issuer.url}/auth",
        token_url=token_url,
        revoke_url=f"{issuer.url}/revoke",
        redirect_uri=REDIRECT,
        id_tokens=lambda: IdTokens(http, issuer.url, jwks_url=f"{issuer.url}/keys"),
        clock=Clock(NOW),
        official=official,
    )


def id_token(issuer: Issuer, **claims: Any) -> str:
    said = {"aud": CLIENT[0], "nonce": "the-nonce", "email": "ada@example.com", "email_verified": True, "name": "Ada"}
    return issuer.token(**{"sub": "ada-sub", **said, **claims})


def answers(issuer: Issuer, **changed: Any) -> None:
    """What the token endpoint says."""
    said = {
        "access_token": "ya29.a",
        "refresh_token": "1//0r",
        "expires_in": 3599,
        "token_type": "Bearer",
        "scope": " ".join(REQUESTED_SCOPES),
        "id_token": id_token(issuer),
        **changed,
    }
    issuer.documents["/token"] = {name: value for name, value in said.items() if value is not None}


def exchange(oauth: GoogleOAuth) -> Grant:
    return oauth.exchange(code="4/0Acode", verifier="v" * 43, nonce="the-nonce")


def fails(oauth: GoogleOAuth, kind: type[IntegrationError]) -> IntegrationError:
    with pytest.raises(kind) as caught:
        exchange(oauth)
    for secret in ("ya29.a", "1//0r", "4/0Acode", "client-secret", "eyJ"):
        assert secret not in caught.value.detail
    return caught.value


def unwanted(oauth: GoogleOAuth) -> list[tuple[str, str]]:
    """What is to be given back after an exchange that failed."""
    told: list[tuple[str, str]] = []
    with pytest.raises(IntegrationError):
        oauth.exchange(
            code="4/0Acode", verifier="v" * 43, nonce="the-nonce", unwanted=lambda *grant: told.append(grant)
        )
    return told


def test_a_grant_has_what_google_said(oauth: GoogleOAuth, issuer: Issuer) -> None:
    answers(issuer)

    found = exchange(oauth)

    assert (found.sub, found.email, found.email_verified, found.name) == ("ada-sub", "ada@example.com", True, "Ada")
    assert (found.access_token, found.refresh_token) == ("ya29.a", "1//0r")
    assert found.scopes == REQUESTED_SCOPES
    assert found.expires_at == NOW + timedelta(seconds=3599)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": ["the-nonce"]},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": ["another-client"]},
        {"iss": "https://accounts.google.com"},
        {"iss": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
        {"sub": ""},
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    oauth: GoogleOAuth, issuer: Issuer, claims: dict[str, Any]
) -> None:
    if not isinstance(claims.get("iss", ""), str):
        claims = {**claims, "iss": ""}
    answers(issuer, id_token=id_token(issuer, **claims))

    fails(oauth, InvalidState)


@pytest.mark.parametrize("email", [None, "", 7])
def test_a_grant_without_the_address_is_not_enough(oauth: GoogleOAuth, issuer: Issuer, email: Any) -> None:
    """Its box on the consent page was unticked."""
    answers(issuer, id_token=id_token(issuer, email=email))

    fails(oauth, InsufficientPermissions)


def test_an_id_token_that_somebody_else_signed_is_refused(oauth: GoogleOAuth, issuer: Issuer) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    good = id_token(issuer).split(".")
    unsigned = forged({"alg": "none"}, {"sub": "x"})
    for token in (id_token(issuer, key=stranger), unsigned, f"{good[0]}.{good[1]}.", "not a token"):
        answers(issuer, id_token=token)
        fails(oauth, InvalidState)


@pytest.mark.parametrize("refresh_token", ["1//0r", None])
@pytest.mark.parametrize("claims", [{"nonce": "another"}, {"email": None}, {"exp": int(time.time()) - 3600}])
def test_a_grant_that_is_of_no_use_is_named_with_whose_it_is(
    oauth: GoogleOAuth, issuer: Issuer, claims: dict[str, Any], refresh_token: str | None
) -> None:
    answers(issuer, id_token=id_token(issuer, **claims), refresh_token=refresh_token)

    assert unwanted(oauth) == [("ada-sub", refresh_token or "ya29.a")]


def test_a_grant_is_named_although_googles_keys_can_not_be_read(oauth: GoogleOAuth, issuer: Issuer) -> None:
    answers(issuer)
    issuer.documents.pop("/keys")

    assert unwanted(oauth) == [("ada-sub", "1//0r")]


@pytest.mark.parametrize("given", [None, "not a token", "a.b.c", ["x"], 7])
def test_a_grant_of_who_knows_whom_is_left_alone(oauth: GoogleOAuth, issuer: Issuer, given: Any) -> None:
    """Revoking it could end another one of the same person, which is in use."""
    answers(issuer, id_token=given)

    assert unwanted(oauth) == []


@pytest.mark.parametrize("sub", ["", 7])
def test_so_is_one_of_nobody(oauth: GoogleOAuth, issuer: Issuer, sub: Any) -> None:
    answers(issuer, id_token=id_token(issuer, sub=sub))

    assert unwanted(oauth) == []


def test_where_there_is_no_grant_none_is_named(oauth: GoogleOAuth, issuer: Issuer) -> None:
    issuer.status, issuer.documents["/token"] = 400, {"error": "invalid_grant"}

    assert unwanted(oauth) == []


def test_google_names_itself_with_and_without_its_scheme(issuer: Issuer) -> None:
    tokens = IdTokens(Http(), issuer.url, jwks_url=f"{issuer.url}/keys", also_issuer="accounts.example.com")

    for name in (issuer.url, "accounts.example.com"):
        assert tokens.verify(issuer.token(iss=name), {"tests"}, NOW)["iss"] == name


@pytest.mark.parametrize("missing", ["id_token", "access_token"])
def test_an_answer_without_the_tokens_is_unavailable(oauth: GoogleOAuth, issuer: Issuer, missing: str) -> None:
    answers(issuer, **{missing: None})

    fails(oauth, Unavailable)


@pytest.mark.parametrize("given", [None, ""])
def test_no_refresh_token_is_none(oauth: GoogleOAuth, issuer: Issuer, given: str | None) -> None:
    answers(issuer, refresh_token=given)

    assert exchange(oauth).refresh_token is None


def test_fewer_scopes_than_asked_for_are_what_was_granted(oauth: GoogleOAuth, issuer: Issuer) -> None:
    answers(issuer, scope=f"openid {SEND}")

    assert exchange(oauth).scopes == ("openid", SEND)


def test_scopes_that_are_not_named_are_those_asked_for(oauth: GoogleOAuth, issuer: Issuer) -> None:
    """RFC 6749 §5.1."""
    answers(issuer, scope=None)

    assert exchange(oauth).scopes == REQUESTED_SCOPES


ERRORS = [
    (400, "invalid_grant", InvalidState, ReauthRequired),
    (400, "invalid_rapt", ReauthRequired, ReauthRequired),
    (401, "invalid_client", InvalidCredentials, InvalidCredentials),
    (401, "unauthorized_client", InvalidCredentials, InvalidCredentials),
    (401, "deleted_client", InvalidCredentials, InvalidCredentials),
    (400, "redirect_uri_mismatch", InvalidCredentials, InvalidCredentials),
    (400, "invalid_request", Unavailable, Unavailable),
    (400, "something_new", Unavailable, Unavailable),
    (403, "access_denied", Unavailable, Unavailable),
    (500, "internal_failure", Unavailable, Unavailable),
    (503, "temporarily_unavailable", Unavailable, Unavailable),
]


@pytest.mark.parametrize(("status", "error", "on_exchange", "on_refresh"), ERRORS, ids=[e[1] for e in ERRORS])
def test_googles_errors_mean_what_they_mean(
    oauth: GoogleOAuth,
    issuer: Issuer,
    status: int,
    error: str,
    on_exchange: type[IntegrationError],
    on_refresh: type[IntegrationError],
) -> None:
    issuer.status = status
    issuer.documents["/token"] = {"error": error, "error_description": "Because."}

    assert type(fails(oauth, on_exchange)) is on_exchange
    with pytest.raises(IntegrationError) as caught:
        oauth.refresh("1//0r")
    assert type(caught.value) is on_refresh


@pytest.mark.parametrize("document", [[], "x", 7, {}, {"access_token": ""}, {"access_token": 7}])
def test_an_answer_in_no_known_form_is_unavailable(oauth: GoogleOAuth, issuer: Issuer, document: Any) -> None:
    issuer.documents["/token"] = document

    fails(oauth, Unavailable)
    with pytest.raises(Unavailable):
        oauth.refresh("1//0r")


def test_a_code_is_posted_with_its_verifier_and_where_it_was_sent_to(issuer: Issuer, official: bool) -> None:
    """RFC 6749 §4.1.3, RFC 7636 §4.5."""
    answers(issuer)
    peer = answering(answer_with(200, json.dumps(issuer.documents["/token"]).encode()))()

    assert exchange(client(issuer, official, f"http://localhost:{peer.port}/token")).sub == "ada-sub"

    form = {name: value for name, [value] in parse_qs(peer.bodies[0].decode()).items()}
    assert form["grant_type"] == "authorization_code"
    assert (form["code"], form["code_verifier"], form["redirect_uri"]) == ("4/0Acode", "v" * 43, REDIRECT)
    basic = base64.b64encode(":".join(CLIENT).encode()).decode()  # RFC 6749 §2.3.1: either way
    assert f"Basic {basic}" in peer.heads[0] or (form["client_id"], form["client_secret"]) == CLIENT
    peer.close()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Len", answer_with(200, b"{", length=99)])
def test_a_code_is_posted_once_whatever_becomes_of_the_answer(issuer: Issuer, official: bool, answer: bytes) -> None:
    """It works once: the second post would be refused, and may end what the first one gave (RFC 6749 §4.1.2)."""
    peer = answering(answer)()

    fails(client(issuer, official, f"http://localhost:{peer.port}/token"), Unavailable)

    assert len(peer.bodies) == 1
    peer.close()


def test_a_token_endpoint_that_nobody_listens_at_is_unavailable(issuer: Issuer, official: bool) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen

        fails(client(issuer, official, f"http://localhost:{bound.getsockname()[1]}/token"), Unavailable)


@pytest.mark.parametrize("status", [404, 429, 500, 502, 503])
def test_a_page_instead_of_an_answer_is_unavailable(issuer: Issuer, official: bool, status: int) -> None:
    peer = answering(answer_with(status, b"<html>Sorry</html>"))()

    fails(client(issuer, official, f"http://localhost:{peer.port}/token"), Unavailable)
    peer.close()


def test_a_refreshed_token_has_what_google_said(oauth: GoogleOAuth, issuer: Issuer) -> None:
    answers(issuer, refresh_token=None, id_token=None, scope=SEND)

    found = oauth.refresh("1//0r")

    assert (found.token, found.scopes, found.refresh_token) == ("ya29.a", (SEND,), None)
    assert found.expires_at == NOW + timedelta(seconds=3599)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("60", 60),
        (None, 3600),
        ("x", 3600),
        (-5, 0),
        (10**12, 86_400),
        (HUGE, 3600),
        ("1e999", 3600),
        ("NaN", 3600),
        (math.nan, 3600),
        (math.inf, 3600),
        (-math.inf, 3600),
        ([60], 3600),
    ],
)
def test_a_lifetime_that_makes_no_sense_is_bounded(
    oauth: GoogleOAuth, issuer: Issuer, given: Any, seconds: int
) -> None:
    answers(issuer, expires_in=given)

    assert oauth.refresh("1//0r").expires_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("official", "given"),
    [(False, "NaN"), (False, math.nan), (False, math.inf), (False, HUGE), (True, HUGE)],
    ids=["NaN", "nan", "inf", "huge", "huge, official"],
)
def test_a_grant_is_not_lost_for_its_lifetime(issuer: Issuer, official: bool, given: Any) -> None:
    """The code, and the state that it came with, are used up by then."""
    answers(issuer, expires_in=given)

    found = exchange(client(issuer, official, f"{issuer.url}/token"))

    assert found.expires_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("given", ["NaN", math.nan, math.inf])
def test_a_lifetime_that_googles_library_cannot_take_is_unavailable(issuer: Issuer, given: Any) -> None:
    answers(issuer, expires_in=given)

    fails(client(issuer, True, f"{issuer.url}/token"), Unavailable)


@pytest.mark.parametrize(
    ("status", "kind"), [(200, None), (400, GmailRejected), (503, Unavailable), (302, Unavailable)]
)
def test_revoking_says_how_it_went(
    oauth: GoogleOAuth, issuer: Issuer, status: int, kind: type[Exception] | None
) -> None:
    issuer.documents["/revoke"] = {}
    issuer.status = status
    if kind is None:
        oauth.revoke("1//0r")
    else:
        with pytest.raises(kind):
            oauth.revoke("1//0r")


def test_the_authorization_url_may_have_a_query_already_and_needs_no_secret(issuer: Issuer) -> None:
    def secret() -> str:
        raise AssertionError("`authorize` may not read it")

    oauth = GoogleOAuth(
        http=Http(),
        client_id=lambda: CLIENT[0],
        client_secret=secret,
        authorize_url="https://example.com/auth?a=b",
        token_url="",
        revoke_url="",
        redirect_uri="",
        id_tokens=lambda: IdTokens(Http(), issuer.url),
        clock=Clock(NOW),
    )

    url = oauth.authorization_url(state="s", nonce="n", challenge="c", login_hint=None)

    assert url.startswith("https://example.com/auth?a=b&client_id=")
    assert CLIENT[1] not in url
