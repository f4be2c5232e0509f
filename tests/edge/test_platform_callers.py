"""Who gets in at /tasks/: Google's own token for this address and this service account, and nothing else."""

import base64
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request

from functions.cli.server import Gateway, endpoints
from functions.domain.ids import owner_id
from functions.runtime import settings
from functions.runtime.wiring import App
from tests.e2e.issuer import Issuer, forged

PUBLIC = "https://mail.example.com"
TASKS = "gmail-tasks@project.iam.gserviceaccount.com"
PUSH = "gmail-push@project.iam.gserviceaccount.com"
PATHS = ["/tasks/deliver", "/tasks/notify", "/tasks/sweep"]
ACCOUNTS = {"/tasks/deliver": TASKS, "/tasks/notify": PUSH, "/tasks/sweep": TASKS}
LOCAL_KEY = "a-local-api-key-of-the-tests"


@pytest.fixture(scope="module")
def google() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def people() -> Iterator[Issuer]:
    """The frontend's issuer."""
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def app(tmp_path: Path, google: Issuer, people: Issuer) -> App:
    return App(
        settings.load(
            {
                "PUBLIC_URL": PUBLIC,
                "STORE_URL": f"sqlite:///{tmp_path}/gmail.db",
                "BLOBS_URL": f"file:{tmp_path}/blobs",
                "SECRETS_URL": f"file:{tmp_path}/secrets",
                "GOOGLE_ISSUER": google.url,
                "GOOGLE_JWKS_URL": f"{google.url}/keys",
                "TASKS_SERVICE_ACCOUNT": TASKS,
                "PUSH_SERVICE_ACCOUNT": PUSH,
                "AUTH_ISSUERS": f"{people.url}=tests",
                "LOCAL_API_KEY": LOCAL_KEY,
            }
        )
    )


def call(app: App, path: str, authorization: str | None) -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": authorization} if authorization else {})}
    body = b'{"send": "own_a/snd_a", "message": {"data": "e30="}}'
    built = EnvironBuilder(path, PUBLIC, method="POST", headers=list(headers.items()), data=body)
    return Client(Gateway(app, endpoints()), use_cookies=False).open(built)


def token(google: Issuer, path: str, **claims: Any) -> str:
    account = ACCOUNTS[path.rstrip("/")]
    return google.token(**{"aud": f"{PUBLIC}{path}", "email": account, "email_verified": True, **claims})


@pytest.mark.parametrize("kid", ["RS", "ES"])
@pytest.mark.parametrize(("path", "status"), [("/tasks/deliver", 204), ("/tasks/notify", 204), ("/tasks/sweep", 200)])
def test_the_platforms_token_gets_in(app: App, google: Issuer, path: str, status: int, kid: str) -> None:
    assert call(app, path, f"Bearer {token(google, path, kid=kid)}").status_code == status
    assert call(app, f"{path}/", f"Bearer {token(google, f'{path}/', kid=kid)}").status_code == status


@pytest.mark.parametrize("path", PATHS)
def test_behind_the_gateway_the_callers_token_counts_and_not_the_gateways(app: App, google: Issuer, path: str) -> None:
    """API Gateway puts a token of its own account into Authorization, and moves the caller's."""
    gateways = token(google, path, email="gmail-gateway@project.iam.gserviceaccount.com")

    def status(forwarded: str, own: str) -> int:
        headers = [
            ("Content-Type", "application/json"),
            ("Authorization", f"Bearer {own}"),
            ("X-Forwarded-Authorization", f"Bearer {forwarded}"),
        ]
        body = b'{"send": "own_a/snd_a", "message": {"data": "e30="}}'
        built = EnvironBuilder(path, PUBLIC, method="POST", headers=headers, data=body)
        return Client(Gateway(app, endpoints()), use_cookies=False).open(built).status_code

    assert status(forwarded=token(google, path), own=gateways) < 300
    assert status(forwarded="x", own=token(google, path)) == 401
    assert status(forwarded=gateways, own=gateways) == 401
    assert call(app, path, f"Bearer {gateways}").status_code == 401


def test_who_brings_no_token_through_the_gateway_is_told_so(app: App, google: Issuer) -> None:
    """Only the gateway's own is there then, which the platform has checked and cut."""
    gateways = token(google, "/tasks/deliver").rpartition(".")[0] + ".SIGNATURE_REMOVED_BY_GOOGLE"

    built = EnvironBuilder("/api/gmail/accounts/", PUBLIC, headers=[("Authorization", f"Bearer {gateways}")])
    answer = Client(Gateway(app, endpoints()), use_cookies=False).open(built)

    assert answer.status_code == 401
    assert answer.json
    assert answer.json["detail"] == "There is no bearer token in the Authorization header."
    assert call(app, "/tasks/deliver", f"Bearer {gateways}").status_code == 401


WRONG = [
    {"aud": None},
    {"aud": PUBLIC},
    {"aud": f"{PUBLIC}/tasks"},
    {"aud": "https://other.example.com/tasks/deliver"},
    {"aud": "tests"},
    {"email": None},
    {"email": ""},
    {"email": "gmail-tasks@other.iam.gserviceaccount.com"},
    {"email": TASKS.upper()},
    {"email": [TASKS]},
    {"email_verified": None},
    {"email_verified": False},
    {"email_verified": "true"},
    {"email_verified": 1},
    {"iss": "https://accounts.google.com"},
    {"iss": None},
    {"exp": int(time.time()) - 3600},
    {"nbf": int(time.time()) + 3600},
]


@pytest.mark.parametrize("claims", WRONG)
@pytest.mark.parametrize("path", PATHS)
def test_a_token_with_one_wrong_claim_is_refused(app: App, google: Issuer, path: str, claims: dict[str, Any]) -> None:
    answer = call(app, path, f"Bearer {token(google, path, **claims)}")
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("path", PATHS)
def test_pushes_and_the_queue_have_accounts_of_their_own(app: App, google: Issuer, path: str) -> None:
    other = TASKS if ACCOUNTS[path] == PUSH else PUSH
    assert call(app, path, f"Bearer {token(google, path, email=other)}").status_code == 401


def test_a_token_for_one_task_opens_no_other(app: App, google: Issuer) -> None:
    assert call(app, "/tasks/sweep", f"Bearer {token(google, '/tasks/deliver')}").status_code == 401
    assert call(app, "/tasks/deliver", f"Bearer {token(google, '/tasks/sweep')}").status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_callers_of_the_api_are_refused(app: App, google: Issuer, people: Issuer, path: str) -> None:
    owner = owner_id(people.url, "ann")
    _, key = app.keys.create(owner, name="all", scopes=("send", "read", "manage"), accounts=None, expires_at=None)
    claims: dict[str, Any] = {"aud": f"{PUBLIC}{path}", "email": ACCOUNTS[path], "email_verified": True}
    stranger = ec.generate_private_key(ec.SECP256R1())
    for authorization in [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        f"Bearer {key}",
        f"Bearer {LOCAL_KEY}",
        LOCAL_KEY,
        f"Bearer {people.token('ann')}",
        f"Bearer {people.token('ann', **claims)}",
        f"Bearer {people.token('ann', iss=google.url, **claims)}",
        f"Bearer {google.token('ann', key=stranger, kid='ES', **claims)}",
        f"Bearer {forged({'alg': 'none', 'kid': 'ES'}, {'iss': google.url, 'exp': 1e11, **claims})}",
        f"Basic {token(google, path)}",
        f"Bearer {'a' * 9000}",
    ]:
        assert call(app, path, authorization).status_code == 401, authorization


class Slow(io.RawIOBase):
    """A body that would not come: whoever reads it waits."""

    waited = False

    def readable(self) -> bool:
        return True

    def readinto(self, _: Any) -> int:
        self.waited = True
        return 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("method", "status"), [("POST", 401), ("PUT", 405), ("GET", 405), ("OPTIONS", 204)])
@pytest.mark.parametrize("chunked", [False, True])
def test_nobody_waits_for_what_a_stranger_sends(app: App, path: str, method: str, status: int, chunked: bool) -> None:
    """It would take the place of the platform's own calls for as long as the stranger likes."""
    length: dict[str, Any] = {"wsgi.input_terminated": True} if chunked else {"CONTENT_LENGTH": "1000000"}
    body = Slow()
    environ = EnvironBuilder(path, PUBLIC, method=method).get_environ() | {"wsgi.input": body} | length
    (function,) = [endpoint for endpoint in endpoints() if endpoint.prefix == path]

    assert function(Request(environ), app).status_code == status
    assert not body.waited


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("email", [None, TASKS, ""])
def test_where_no_service_account_is_known_nobody_gets_in(
    app: App, google: Issuer, path: str, email: str | None
) -> None:
    object.__setattr__(app.settings, "tasks_account", "")
    object.__setattr__(app.settings, "push_account", "")
    assert call(app, path, f"Bearer {token(google, path, email=email)}").status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"send": "x"}', b'{"send": "own_a/../x"}', b'{"send": 7}'])
def test_a_task_that_names_no_send_is_refused(app: App, google: Issuer, body: bytes) -> None:
    headers = [("Content-Type", "application/json"), ("Authorization", f"Bearer {token(google, '/tasks/deliver')}")]
    built = EnvironBuilder("/tasks/deliver", PUBLIC, method="POST", headers=headers, data=body)
    assert Client(Gateway(app, endpoints()), use_cookies=False).open(built).status_code == 400


# What Pub/Sub brings


def push(app: App, google: Issuer, body: bytes, content_type: str = "application/json") -> Any:
    headers = [("Content-Type", content_type), ("Authorization", f"Bearer {token(google, '/tasks/notify')}")]
    built = EnvironBuilder("/tasks/notify", PUBLIC, method="POST", headers=headers, data=body)
    return Client(Gateway(app, endpoints()), use_cookies=False).open(built)


def of_gmail(said: Any) -> bytes:
    data = base64.b64encode(json.dumps(said).encode()).decode()
    message = {"data": data, "messageId": "2070443601311540", "publishTime": "2026-11-22T12:00:00.000Z"}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/gmail"}).encode()


@pytest.mark.parametrize(
    "body",
    [
        of_gmail({"emailAddress": "nobody@example.com", "historyId": 9876543210}),
        of_gmail({"emailAddress": "nobody@example.com", "historyId": "9876543210"}),
        of_gmail({"emailAddress": "nobody@example.com"}),
        of_gmail({"emailAddress": 7, "historyId": 7}),
        of_gmail({"emailAddress": "x" * 500, "historyId": 7}),
        of_gmail({"emailAddress": "a@b.example", "historyId": -1}),
        of_gmail({"emailAddress": "a@b.example", "historyId": True}),
        of_gmail({"emailAddress": "a@b.example", "historyId": "9" * 500}),
        of_gmail([]),
        of_gmail(None),
        b'{"message": {}}',
        b'{"message": {"data": "%%%"}}',
        b'{"message": {"data": 7}}',
        b'{"message": {"data": "W1tbW1tb"}}',
    ],
)
def test_a_push_that_concerns_nobody_is_taken_so_that_it_does_not_come_again(
    app: App, google: Issuer, body: bytes
) -> None:
    assert push(app, google, body).status_code == 204


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"[]", 400), (b"{}", 400), (b'{"message": "x"}', 400), (b" " * 70_000, 413)]
)
def test_what_is_no_push_is_refused(app: App, google: Issuer, body: bytes, status: int) -> None:
    assert push(app, google, body).status_code == status
    assert push(app, google, b"{}", "text/plain").status_code == 415
