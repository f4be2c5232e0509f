"""Rubbish for the suppression list and for changes of an account: named, refused, and nothing is left behind."""

import json
import random
from typing import Any

import pytest

from functions.edge import suppression_bodies
from tests.api.service import Service
from tests.api.test_rubbish import refused, untouched  # noqa: F401 - the fixture

PATH = "/api/gmail/suppressions/"
CSV, NDJSON, JSON = "text/csv", "application/x-ndjson", "application/json"
GOOD = "bo@elsewhere.example"


def give(service: Service, body: Any, kind: str) -> Any:
    return service.call("POST", PATH, body, {"Content-Type": kind})


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, "/address"),
        ({"address": None}, "/address"),
        ({"address": 7}, "/address"),
        ({"address": [GOOD]}, "/address"),
        ({"address": {"email": GOOD}}, "/address"),
        ({"address": ""}, "/address"),
        ({"address": "nobody"}, "/address"),
        ({"address": "Bo <bo@elsewhere.example>"}, "/address"),
        ({"address": "a@b.example,c@d.example"}, "/address"),
        ({"address": "bo@elsewhere.example\r\nBcc: x@y.example"}, "/address"),
        ({"address": "bo@\ud800.example"}, "/address"),
        ({"address": "b\0@elsewhere.example"}, "/address"),
        ({"address": "jürgen@elsewhere.example"}, "/address"),
        ({"address": "a" * 255 + "@b.example"}, "/address"),
        ({"address": "*@elsewhere.example"}, ""),
        ({"address": "@elsewhere.example"}, "/address"),
        ({"address": GOOD, "reason": "because"}, "/reason"),
        ({"address": GOOD, "reason": ["manual"]}, "/reason"),
        ({"address": GOOD, "reason": "Manual"}, "/reason"),
        ({"address": GOOD, "note": "a" * 501}, "/note"),
        ({"address": GOOD, "note": "two\nlines"}, "/note"),
        ({"address": GOOD, "note": "\u202egnp.exe"}, "/note"),
        ({"address": GOOD, "note": "\udfff"}, "/note"),
        ({"address": GOOD, "created_at": "yesterday"}, "/created_at"),
        ({"address": GOOD, "created_at": "2999-01-01T00:00:00Z"}, "/created_at"),
        ({"address": GOOD, "created_at": 0}, "/created_at"),
        ({"address": GOOD, "id": "sup_1"}, "/id"),
        ({"address": GOOD, "owner": "own_other"}, "/owner"),
        ({"address": GOOD, "reasons": ["manual"]}, "/reasons"),
        ({"adress": GOOD}, "/adress"),
        ({"suppressions": None}, "/suppressions"),
        ({"suppressions": {}}, "/suppressions"),
        ({"suppressions": GOOD}, "/suppressions"),
        ({"suppressions": [GOOD]}, "/suppressions/0"),
        ({"suppressions": [None]}, "/suppressions/0"),
        ({"suppressions": [{"address": GOOD}], "address": GOOD}, "/address"),
        ({"suppressions": [{"address": GOOD, "reasons": "every"}]}, "/suppressions/0/reasons"),
        ({"suppressions": [{"address": GOOD, "reasons": [["manual"]]}]}, "/suppressions/0/reasons"),
        ({"suppressions": [{"address": GOOD, "reasons": 7}]}, "/suppressions/0/reasons"),
        ({"suppressions": [{"address": GOOD}] * (suppression_bodies.ROWS_LIMIT + 1)}, "/suppressions"),
    ],
)
def test_a_wrong_entry_is_named(untouched: Service, fields: dict[str, Any], pointer: str) -> None:  # noqa: F811
    if pointer:
        refused(give(untouched, json.dumps(fields).encode(), JSON), "invalid_request", pointer)
    else:  # strange, and an address all the same (RFC 5322 §3.2.3)
        answer = give(untouched, json.dumps(fields).encode(), JSON)
        assert answer.status == 201
        assert untouched.call("DELETE", f"{PATH}{answer.json()['id']}/").status == 204


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"\xff\xfe", CSV, "invalid_request"),
        ("address\nbo@elsewhere.example\n".encode("utf-16"), CSV, "invalid_request"),
        (b"address\n\0\n", CSV, "invalid_request"),
        (b'address\n"bo@elsewhere.example\n', CSV, "invalid_request"),
        (b'address\n"bo"@elsewhere.example\n', CSV, "invalid_request"),
        (b"address,address\nbo@elsewhere.example,x\n", CSV, "invalid_request"),
        (b"reason\nmanual\n", CSV, "invalid_request"),
        (b"address," * 50_000, CSV, "invalid_request"),
        (b"address\n" + b"a" * 200_000, CSV, "invalid_request"),
        (b"address\n" + b"a\n" * 20_000, CSV, "invalid_request"),
        (b"address\n" + b"bo@elsewhere.example\n" * 10_001, CSV, "invalid_request"),
        (b"<html>" * 10, CSV, "invalid_request"),
        (b"PK\x03\x04" + b"\0" * 100, CSV, "invalid_request"),
        (b"[1]\n", NDJSON, "invalid_json"),
        (b'{"address": "bo@elsewhere.example"}\n{"address": ', NDJSON, "invalid_json"),
        (b'{"address": "bo@elsewhere.example", "address": "x"}\n', NDJSON, "invalid_json"),
        (b'{"address": "\\ud800"}\n', NDJSON, "invalid_request"),
        (b"[" * 100_000, NDJSON, "invalid_json"),
        (b'[{"address": "bo@elsewhere.example"}]', JSON, "invalid_json"),
        (b"", JSON, "invalid_json"),
        (b"{", JSON, "invalid_json"),
        (b"address\nbo@elsewhere.example\n", "text/plain", "unsupported_media_type"),
        (b"address\nbo@elsewhere.example\n", "", "unsupported_media_type"),
        (b"address\nbo@elsewhere.example\n", "application/vnd.ms-excel", "unsupported_media_type"),
        (b"address=bo@elsewhere.example", "application/x-www-form-urlencoded", "unsupported_media_type"),
        (b" " * (suppression_bodies.BODY_LIMIT + 1), CSV, "payload_too_large"),
        (b" " * (suppression_bodies.BODY_LIMIT + 1), JSON, "payload_too_large"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_a_file_that_is_none_is_refused(untouched: Service, body: bytes, kind: str, code: str) -> None:  # noqa: F811
    refused(give(untouched, body, kind), code)


def test_a_wrong_row_after_thousands_of_right_ones_takes_none(untouched: Service) -> None:  # noqa: F811
    lines = [f"p{n}@x.example" for n in range(9_000)] + ["nobody"]

    refused(give(untouched, "\n".join(lines).encode(), CSV), "invalid_request", "/line/9001/address")


def test_an_empty_file_is_no_error_and_nothing(untouched: Service) -> None:  # noqa: F811
    for body, kind in ((b"", CSV), (b"address\n", CSV), (b"\n\n", NDJSON), (b'{"suppressions": []}', JSON)):
        answer = give(untouched, body, kind)
        assert (answer.status, answer.json()["rows"]) == (200, 0)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("reason=because", "/reason"),
        ("reason=manual&reason=manual", "/reason"),
        ("address=nobody", "/address"),
        ("address=%00", "/address"),
        ("adress=bo@elsewhere.example", "/adress"),
        ("format=csv", "/format"),
    ],
)
def test_a_wrong_filter_of_the_list_is_named(untouched: Service, query: str, pointer: str) -> None:  # noqa: F811
    refused(untouched.call("GET", f"{PATH}?{query}"), "invalid_request", pointer)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("format=xlsx", "/format"), ("format=CSV", "/format"), ("reason=x", "/reason"), ("page_size=1", "/page_size")],
)
def test_a_wrong_export_is_named(untouched: Service, query: str, pointer: str) -> None:  # noqa: F811
    refused(untouched.call("GET", f"{PATH}export/?{query}"), "invalid_request", pointer)


@pytest.mark.parametrize(
    "address",
    [
        "x",
        "sup_0",
        "sup_",
        "snd_1",
        "%00",
        "%2e%2e",
        "a%2fb@x.example",
        "%F0%9F%92%A9@x.example",
        "a" * 2000,
        "%ff@x.y",
    ],
)
def test_what_is_not_on_the_list_is_not_found(untouched: Service, address: str) -> None:  # noqa: F811
    refused(untouched.call("DELETE", f"{PATH}{address}/"), "not_found")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"name": "a", "name": "b"}', b'{"daily_limit": 1e999}'])
def test_a_change_that_is_no_json_is_refused(service: Service, body: bytes) -> None:
    account = service.call("GET", "/api/gmail/accounts/").json()["accounts"][0]
    target, kind = f"/api/gmail/accounts/{account['id']}/", {"Content-Type": JSON}
    answer = service.call("PATCH", target, body, kind)

    refused(answer, "invalid_request" if b"1e999" in body else "invalid_json")
    refused(service.call("PATCH", target, b" " * 5000, kind), "payload_too_large")
    refused(service.call("PATCH", target, b"name=x", {"Content-Type": "text/plain"}), "unsupported_media_type")
    assert service.call("GET", "/api/gmail/accounts/").json()["accounts"][0] == account


def test_files_of_chance_get_no_5xx(service: Service) -> None:
    """Half a thousand of them, the same at every run."""
    chance = random.Random(5)
    pieces = [
        *("address", "email", "reason", "reasons", "manual", GOOD, "=1", "@", '"address":', "{", "}", "[", "é"),
        *(",", ";", '"', "'", " ", "\t", "\n", "\r\n", "\r", "\0", "\ufeff", "\u2028", "\x85"),
    ]
    for _ in range(500):
        body = "".join(chance.choices(pieces, k=chance.randrange(30))).encode()
        answer = give(service, body, chance.choice([CSV, NDJSON, JSON]))
        assert answer.status in (200, 201, 400), (answer.status, body)
        assert answer.status < 300 or answer.is_problem
