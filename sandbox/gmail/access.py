"""Who calls, and whether the token allows it."""

from collections.abc import Callable
from typing import TypeVar, cast

from flask import Response, g, request

from sandbox.errors import GoogleError, insufficient_scopes, invalid_credentials
from sandbox.methods import Arguments, method
from sandbox.oauth.scopes import FULL, GMAIL
from sandbox.people import Person
from sandbox.state import current

View = TypeVar("View")

MODIFY, READONLY, METADATA = GMAIL + "modify", GMAIL + "readonly", GMAIL + "metadata"
COMPOSE, SEND = GMAIL + "compose", GMAIL + "send"

# Scopes per method, of which one is enough: https://gmail.googleapis.com/$discovery/rest?version=v1
MAY_SEND = (FULL, MODIFY, COMPOSE, SEND)
MAY_READ = (FULL, MODIFY, READONLY, METADATA)
MAY_READ_CONTENT = (FULL, MODIFY, READONLY)
MAY_READ_PROFILE = (FULL, MODIFY, COMPOSE, READONLY, METADATA)
MAY_READ_LABELS = (FULL, MODIFY, READONLY, METADATA, GMAIL + "labels")
MAY_READ_SETTINGS = (FULL, MODIFY, READONLY, GMAIL + "settings.basic")


def gmail_method(
    name: str, scopes: tuple[str, ...]
) -> Callable[[Callable[Arguments, "Response | dict[str, object]"]], Callable[Arguments, Response]]:
    """A method of the Gmail API that needs one of `scopes`; within it, `caller()` is the account."""

    def account() -> str:
        person, granted = _bearer()
        if not granted.intersection(scopes):
            raise insufficient_scopes()
        user = (request.view_args or {}).get("user", "me")
        if user != "me" and str(user).lower() != person.email:
            raise GoogleError(403, "forbidden", f"Delegation denied for {person.email}")
        g.person, g.scopes = person, granted
        return person.email

    return method(name, account)


def caller() -> Person:
    return cast(Person, g.person)


def only_metadata() -> bool:
    """Whether the token shows headers but no content."""
    return not g.scopes.intersection(MAY_READ_CONTENT)


def _bearer() -> tuple[Person, set[str]]:
    sandbox = current()
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise GoogleError(
            401,
            "required",
            "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or"
            " other valid authentication credential.",
            detail="Login Required.",
        )
    token = sandbox.grants.token(text.strip(), "access")
    person = None if token is None or not token.live else sandbox.people.get(token.email)
    if token is None or person is None:
        raise invalid_credentials()
    return person, set(token.scopes)
