"""Callers with an ID token of a configured issuer, and everything that looks like one."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from functions.adapters import oidc
from functions.adapters.http import get_json
from functions.domain.errors import Unavailable
from tests.e2e.client import Answer, Caller
from tests.e2e.google import Person
from tests.e2e.hosts import Inside
from tests.e2e.issuer import Issuer, forged


@pytest.fixture
def own() -> Iterator[Issuer]:
    """An issuer that a test may change."""
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def host(make_inside: Callable[..., Inside], own: Issuer) -> Inside:
    return make_inside(AUTH_ISSUERS=f"{own.url}=tests,{own.url}=a second audience")


def ask(host: Inside, token: str) -> Answer:
    return Caller(host, token).get("accounts/")


def refused(answer: Answer, says: str = "") -> None:
    assert says in answer.problem(401, "unauthenticated")["detail"]


@pytest.mark.parametrize("kid", ["RS", "ES"])
def test_a_token_signed_rs256_or_es256_is_good(host: Inside, own: Issuer, kid: str) -> None:
    assert ask(host, own.token(kid=kid)).ok() == {"accounts": [], "next_page_token": None}


@pytest.mark.parametrize("audience", ["tests", "a second audience", ["tests"], ["other", "tests"]])
def test_every_configured_audience_is_good(host: Inside, own: Issuer, audience: Any) -> None:
    ask(host, own.token(aud=audience)).ok()


@pytest.mark.parametrize("audience", [None, "", "test", "TESTS", [], ["other"], 7, {"tests": 1}, [["tests"]]])
def test_another_audience_is_refused(host: Inside, own: Issuer, audience: Any) -> None:
    claims = {"iss": own.url, "sub": "s", "exp": time.time() + 60, "aud": audience}
    refused(ask(host, jwt.encode(claims, own.keys["ES"], "ES256", headers={"kid": "ES"})), "audience")


@pytest.mark.parametrize("said", ["http://localhost:1", "", None, 7, ["x"]])
def test_another_issuer_is_refused(host: Inside, said: Any) -> None:
    claims = {"iss": said, "aud": "tests", "sub": "s", "exp": int(time.time()) + 60}
    token = forged({"alg": "ES256", "kid": "ES"}, claims, b"s" * 64)
    refused(ask(host, token))


def test_an_issuer_with_a_slash_more_is_another_one(host: Inside, own: Issuer) -> None:
    refused(ask(host, own.token(iss=f"{own.url}/")), "issuer")


@pytest.mark.parametrize(
    ("claims", "works"),
    [
        ({"exp": 20}, True),
        ({"exp": -20}, True),  # the leeway for clocks that differ
        ({"exp": -40}, False),
        ({"exp": -86400}, False),
        ({"exp": None}, False),
        ({"exp": "soon"}, False),
        ({"exp": True}, False),
        ({"nbf": -60}, True),
        ({"nbf": 20}, True),
        ({"nbf": 40}, False),
        ({"nbf": "later"}, False),
        ({"exp": 10**400}, False),
        ({"exp": math.inf}, False),
        ({"exp": math.nan}, False),  # which no time is later than
        ({"nbf": math.nan}, False),
        ({"nbf": -math.inf}, False),
    ],
)
def test_a_token_is_good_in_its_time_only(host: Inside, own: Issuer, claims: dict[str, Any], works: bool) -> None:
    now = int(time.time())
    found = {
        name: value + now if isinstance(value, int) and value is not True else value for name, value in claims.items()
    }
    answer = ask(host, own.token(**found))

    if works:
        answer.ok()
    else:
        refused(answer)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256", "RS512", "PS256", "ES384", None, 7])
def test_another_algorithm_is_refused(host: Inside, own: Issuer, algorithm: Any) -> None:
    claims = {"iss": own.url, "aud": "tests", "sub": "s", "exp": int(time.time()) + 60}
    for signature in (b"", b"x" * 64):
        refused(ask(host, forged({"alg": algorithm, "kid": "ES", "typ": "JWT"}, claims, signature)))


@pytest.mark.parametrize("kid", ["RS", "ES"])
def test_a_public_key_is_no_shared_secret(host: Inside, own: Issuer, kid: str) -> None:
    """HS256 with the published key as its secret: the classic confusion."""
    import base64
    import hashlib
    import hmac

    public = own.keys[kid].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    document = json.dumps(next(key for key in own.documents["/keys"]["keys"] if key["kid"] == kid)).encode()
    claims = {"iss": own.url, "aud": "tests", "sub": "s", "exp": int(time.time()) + 60}
    for secret in (pem, document):
        signed, _, _ = forged({"alg": "HS256", "kid": kid}, claims).rpartition(".")
        mac = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), hashlib.sha256)).decode().rstrip("=")
        refused(ask(host, f"{signed}.{mac}"), "algorithm")


def test_a_token_under_one_keys_name_and_anothers_algorithm_is_refused(host: Inside, own: Issuer) -> None:
    refused(ask(host, own.token(kid="RS", key=own.keys["ES"])))
    refused(ask(host, own.token(kid="ES", key=own.keys["RS"])))


def test_a_token_of_another_key_under_a_known_name_is_refused(host: Inside, own: Issuer) -> None:
    refused(ask(host, own.token(kid="ES", key=ec.generate_private_key(ec.SECP256R1()))), "signature")
    refused(ask(host, own.token(kid="RS", key=rsa.generate_private_key(65537, 2048))), "signature")


def test_keys_in_the_tokens_own_header_count_for_nothing(host: Inside, own: Issuer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    evil = Issuer()
    try:
        header = {"kid": "mine", "jku": f"{evil.url}/keys", "x5u": f"{evil.url}/keys"}
        claims = {"iss": own.url, "aud": "tests", "sub": "s", "exp": int(time.time()) + 60}
        refused(ask(host, jwt.encode(claims, key, "ES256", headers=header)), "does not publish")
        assert evil.reads == 0
    finally:
        evil.close()


def test_a_claim_that_was_changed_is_noticed(host: Inside, own: Issuer) -> None:
    head, _, signature = own.token("me").split(".")
    _, body, _ = own.token("you").split(".")

    refused(ask(host, f"{head}.{body}.{signature}"), "signature")


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        "..",
        "eyJhbGciOiJFUzI1NiJ9..",
        "eyJhbGciOiJFUzI1NiJ9.W10.x",
        "eyJhbGciOiJFUzI1NiJ9.bnVsbA.x",
        "a.b.c.d.e",
        "ÿ" * 20,
        "x" * 9000,
    ],
)
def test_what_is_no_token_at_all_is_refused(host: Inside, token: str) -> None:
    refused(ask(host, token))


@pytest.mark.parametrize("kid", [None, 7, "", "../keys", "x" * 5000])
def test_a_token_that_names_no_published_key_is_refused(host: Inside, own: Issuer, kid: Any) -> None:
    claims = {"iss": own.url, "aud": "tests", "sub": "s", "exp": int(time.time()) + 60}
    refused(ask(host, forged({"alg": "ES256", "kid": kid}, claims, b"s" * 64)))


# Rotation


def test_the_keys_are_read_once(host: Inside, own: Issuer) -> None:
    for _ in range(5):
        ask(host, own.token()).ok()

    assert own.reads == 1


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock that the age of the keys is measured with."""
    start, ahead = time.monotonic(), [0.0]

    class Time:
        @staticmethod
        def monotonic() -> float:
            return start + ahead[0]

    monkeypatch.setattr(oidc, "time", Time)

    def jump(seconds: float) -> None:
        ahead[0] += seconds

    return jump


def test_a_new_key_is_found_by_reading_again_after_a_minute(
    host: Inside, own: Issuer, monotonic: Callable[[float], None]
) -> None:
    old = own.token()
    ask(host, old).ok()
    own.publish(NEW=ec.generate_private_key(ec.SECP256R1()))
    refused(ask(host, own.token(kid="NEW")))  # within the first minute nobody asks again

    monotonic(61)

    ask(host, own.token(kid="NEW")).ok()
    refused(ask(host, old))  # its key is no longer published
    assert own.reads == 2


def test_a_flood_of_unknown_keys_costs_one_read_a_minute(
    host: Inside, own: Issuer, monotonic: Callable[[float], None]
) -> None:
    ask(host, own.token()).ok()
    stranger = ec.generate_private_key(ec.SECP256R1())

    for minute in range(3):
        monotonic(61)
        for number in range(10):
            refused(ask(host, own.token(kid=f"unknown-{minute}-{number}", key=stranger)))

    assert own.reads == 1 + 3


def test_known_keys_serve_while_the_issuer_is_away(
    host: Inside, own: Issuer, monotonic: Callable[[float], None]
) -> None:
    ask(host, own.token()).ok()
    own.status = 503
    monotonic(oidc.KEYS_FOR + 1)
    before = own.asked

    for _ in range(5):
        ask(host, own.token()).ok()

    assert own.asked == before + 2  # asked twice, and then left alone for a minute


def test_others_go_on_with_a_known_key_while_one_reads_them_again(
    host: Inside, own: Issuer, monotonic: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An issuer may hang until the time for each of its tries is over."""
    ask(host, own.token()).ok()
    monotonic(oidc.KEYS_FOR + 1)
    inside, leave = threading.Event(), threading.Event()

    def hangs(*asked: Any) -> Any:
        inside.set()
        assert leave.wait(60)
        return get_json(*asked)

    monkeypatch.setattr(oidc, "get_json", hangs)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, host, own.token())
        assert inside.wait(30)
        second = pool.submit(ask, host, own.token())
        try:
            second.result(30).ok()
            assert not first.done()
        finally:
            leave.set()
        first.result(30).ok()


def test_who_waited_for_keys_that_can_not_be_read_does_not_ask_again(
    host: Inside, own: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or each of many callers would wait for the tries of all before them, while an issuer hangs."""
    keys, token = host.app.issuers[own.url]._keys, own.token()
    waiting, leave = threading.Semaphore(0), threading.Event()

    class Lock:
        def __init__(self) -> None:
            self._lock = threading.Lock()

        def acquire(self, *, blocking: bool) -> bool:
            waiting.release()
            return self._lock.acquire(blocking=blocking)

        def release(self) -> None:
            self._lock.release()

    tried = []

    def hangs(*asked: Any) -> Any:
        tried.append(asked)
        leave.wait(60)
        raise Unavailable("The issuer did not answer.")

    monkeypatch.setattr(keys, "_lock", Lock())
    monkeypatch.setattr(oidc, "get_json", hangs)
    with ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(ask, host, token) for _ in range(5)]
        for _ in range(5):
            assert waiting.acquire(timeout=60)
        leave.set()
        for answer in answers:
            answer.result().problem(503, "unavailable")

    assert len(tried) == 1
    monkeypatch.undo()
    ask(host, token).ok()


def test_a_new_key_is_not_called_unknown_while_the_issuer_is_away(
    host: Inside, own: Issuer, monotonic: Callable[[float], None]
) -> None:
    ask(host, own.token()).ok()
    own.publish(NEW=ec.generate_private_key(ec.SECP256R1()))
    own.status = 503
    monotonic(61)
    before = own.asked

    for _ in range(5):
        ask(host, own.token(kid="NEW")).problem(503, "unavailable")
    assert own.asked == before + 2  # asked twice, and then left alone for a minute

    own.status = 200
    monotonic(61)
    ask(host, own.token(kid="NEW")).ok()
    refused(ask(host, own.token(kid="NEWER", key=own.keys["NEW"])), "does not publish")


@pytest.mark.parametrize("keys", [[], [{"kid": "ES", "kty": "unheard-of"}], [None]])
def test_good_keys_are_not_replaced_by_none(
    host: Inside, own: Issuer, monotonic: Callable[[float], None], keys: list[Any]
) -> None:
    good = own.token()
    ask(host, good).ok()
    own.documents["/keys"] = {"keys": keys}
    monotonic(oidc.KEYS_FOR + 1)

    ask(host, good).ok()
    ask(host, own.token(kid="NEW", key=own.keys["ES"])).problem(503, "unavailable")


def test_an_issuer_that_cannot_be_reached_is_not_the_callers_fault(host: Inside, own: Issuer) -> None:
    own.status = 503
    answer = ask(host, own.token())

    answer.problem(503, "unavailable")
    assert answer.headers["Retry-After"]
    own.status = 200
    ask(host, own.token()).ok()  # nothing bad was kept


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://other.example", "jwks_uri": "URL/keys"},
        {"jwks_uri": "URL/keys"},
        {"issuer": "URL"},
        {"issuer": "URL", "jwks_uri": "file:///etc/passwd"},
        [],
        "x",
    ],
)
def test_a_discovery_document_that_is_wrong_opens_nothing(host: Inside, own: Issuer, document: Any) -> None:
    own.documents["/.well-known/openid-configuration"] = json.loads(json.dumps(document).replace("URL", own.url))

    ask(host, own.token()).problem(503, "unavailable")


@pytest.mark.parametrize("document", [{}, [], {"keys": None}, {"keys": 7}, {"keys": "ES"}])
def test_a_key_set_that_is_malformed_opens_nothing(host: Inside, own: Issuer, document: Any) -> None:
    own.documents["/keys"] = document

    assert ask(host, own.token()).status in (401, 503)


def test_keys_that_cannot_be_used_do_not_hide_the_others(host: Inside, own: Issuer) -> None:
    own.documents["/keys"]["keys"][:0] = [
        {"kid": "odd", "kty": "unheard-of"},
        {"kid": "broken", "kty": "RSA", "n": "!", "e": "!"},
        {"kid": ["a", "list"], "kty": "EC"},
        {"kid": "for-encryption", "kty": "RSA", "use": "enc"},
        {},
        "x",
        None,
    ]

    ask(host, own.token()).ok()


# Owners


def test_the_same_subject_of_two_issuers_is_two_owners(
    make_inside: Callable[..., Inside], own: Issuer, issuer: Issuer, ada: Person
) -> None:
    host = make_inside(AUTH_ISSUERS=f"{own.url}=tests,{issuer.url}=tests")
    mine, theirs = Caller(host, own.token("same")), Caller(host, issuer.token("same"))

    account = mine.connect(ada)

    assert len(mine.accounts()) == 1
    assert theirs.accounts() == []
    theirs.get(f"accounts/{account['id']}/").problem(404, "not_found")


def test_one_subject_is_one_owner_whatever_the_token(host: Inside, own: Issuer, ada: Person) -> None:
    Caller(host, own.token("me")).connect(ada)

    assert len(Caller(host, own.token("me", kid="RS", aud="a second audience")).accounts()) == 1


def test_a_token_of_one_issuer_needs_that_issuers_audience(
    make_inside: Callable[..., Inside], own: Issuer, issuer: Issuer
) -> None:
    host = make_inside(AUTH_ISSUERS=f"{own.url}=one,{issuer.url}=two")

    ask(host, own.token(aud="one")).ok()
    refused(ask(host, own.token(aud="two")))


def test_the_owner_can_be_another_claim(make_inside: Callable[..., Inside], own: Issuer, ada: Person) -> None:
    """A whole company as one owner."""
    host = make_inside(AUTH_ISSUERS=f"{own.url}=tests", AUTH_OWNER_CLAIM="org")
    Caller(host, own.token("ann", org="acme")).connect(ada)

    assert len(Caller(host, own.token("ben", org="acme")).accounts()) == 1
    assert Caller(host, own.token("ann", org="other")).accounts() == []
    for org in (None, "", 7, ["acme"]):
        refused(ask(host, own.token("ann", org=org)), "org")


@pytest.mark.parametrize("sub", [None, "", 7, ["me"]])
def test_a_token_without_a_subject_is_nobody(host: Inside, own: Issuer, sub: Any) -> None:
    claims = {"iss": own.url, "aud": "tests", "exp": int(time.time()) + 60} | ({} if sub is None else {"sub": sub})
    token = jwt.api_jws.encode(json.dumps(claims).encode(), own.keys["ES"], "ES256", headers={"kid": "ES"})

    refused(ask(host, token))


def test_without_issuers_only_keys_are_let_in(make_inside: Callable[..., Inside], own: Issuer) -> None:
    host = make_inside(AUTH_ISSUERS="")

    refused(ask(host, own.token()))
    assert own.reads == 0
