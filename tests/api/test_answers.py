"""The examples of openapi.yaml work, and no answer has a field that it does not describe."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.description import operation, resolve
from tests.api.service import KEY, Service, fetch

EXAMPLES = operation("sendMessage")["requestBody"]["content"]["application/json"]["examples"]
MESSAGE = {"to": ["grace@example.com"], "subject": "Hello", "text": "Hello Grace!"}


def undocumented(value: Any, schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """Where `value` has members that `schema` does not mention."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from undocumented(item, _member(schema, "items"), f"{at}/{index}")
    elif isinstance(value, dict):
        properties: dict[str, Any] = {}
        free: dict[str, Any] = {}
        for part in _parts(schema):
            properties |= part.get("properties", {})
            free |= part.get("additionalProperties") or {}
        for name, member in value.items():
            if name in properties:
                yield from undocumented(member, properties[name], f"{at}/{name}")
            elif not free:
                yield f"{at}/{name}"


def _parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    schema = resolve(schema)
    yield schema
    for word in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(word, ()):
            yield from _parts(part)


def _member(schema: dict[str, Any], word: str) -> dict[str, Any]:
    return next((part[word] for part in _parts(schema) if word in part), {})


def described(operation_id: str, status: int) -> dict[str, Any]:
    content = resolve(operation(operation_id)["responses"][str(status)])["content"]
    found: dict[str, Any] = content.get("application/json", content.get("application/problem+json"))["schema"]
    return found


def sent(service: Service, **more: Any) -> dict[str, Any]:
    answer = service.call("POST", "/api/gmail/send/", MESSAGE | more)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_a_send_works(service: Service, name: str) -> None:
    body = dict(EXAMPLES[name]["value"])
    if "in_reply_to_send" in body:
        body["in_reply_to_send"] = sent(service)["id"]
    answer = service.call("POST", "/api/gmail/send/", body)
    status = 202 if "send_at" in body else 200
    assert answer.status == status, answer.body
    assert not list(undocumented(answer.json(), described("sendMessage", status)))


@pytest.mark.parametrize("name", ["sender", "limited"])
def test_every_example_of_a_key_works(service: Service, name: str) -> None:
    body = operation("createKey")["requestBody"]["content"]["application/json"]["examples"][name]["value"]
    answer = service.call("POST", "/api/gmail/keys/", body)
    assert answer.status == 201
    assert not list(undocumented(answer.json(), described("createKey", 201)))


def test_no_answer_has_more_than_is_described(service: Service) -> None:
    account = service.call("GET", "/api/gmail/accounts/").json()["accounts"][0]["id"]
    send = sent(service, tags=["t"], metadata={"k": "v"}, attachments=[{"filename": "a.txt", "content": "YQ=="}])["id"]
    for operation_id, path in (
        ("listAccounts", "/api/gmail/accounts/"),
        ("getAccount", f"/api/gmail/accounts/{account}/"),
        ("listSends", "/api/gmail/history/"),
        ("getSend", f"/api/gmail/history/{send}/?include=mime"),
        ("listKeys", "/api/gmail/keys/"),
        ("getHealth", "/healthz"),
        ("getHealthAtAnotherPath", "/health"),
    ):
        answer = service.call("GET", path)
        assert answer.status == 200, path
        assert not list(undocumented(answer.json(), described(operation_id, 200))), path


def test_a_problem_has_no_more_than_is_described(service: Service) -> None:
    answer = service.call("POST", "/api/gmail/send/", {"to": [1]})
    assert answer.status == 422
    assert not list(undocumented(answer.json(), described("sendMessage", 422)))


def test_the_description_is_served_to_everybody(service: Service) -> None:
    answer = service.call("GET", "/api/gmail/openapi.json", key=None)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json()["info"]["title"] == "Gmail integration"


def test_a_link_comes_as_json_or_as_a_redirect(service: Service) -> None:
    asked = {"Authorization": f"Bearer {KEY}"}
    link = fetch("GET", f"{service.url}/api/gmail/authorize/", asked)
    assert link.status == 302
    assert link.headers["Location"].startswith(f"{service.google}/o/oauth2/v2/auth?")
    assert "gmail_oauth=" in link.headers["Set-Cookie"]
    answer = fetch("GET", f"{service.url}/api/gmail/authorize/", {**asked, "Accept": "application/json"})
    assert answer.status == 200
    assert answer.json()["authorization_url"].startswith(f"{service.google}/o/oauth2/v2/auth?")
