"""Playing the reader by HTTP: /sandbox/messages/{id}/…

`id` is the ledger's `gmail_message_id` (the sender's own copy), or that of a message in any mailbox.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, Response, jsonify, request

from sandbox.control.api import InvalidControl
from sandbox.readers import actions
from sandbox.readers.answers import NotWritten
from sandbox.readers.letters import Letter, NoSuchReader, letter
from sandbox.state import current
from sandbox.web import NotHere, NotReached

blueprint = Blueprint("control_messages", __name__, url_prefix="/sandbox/messages/<id_>")

Arguments = ParamSpec("Arguments")
Given = dict[str, Any]


def explained(view: Callable[Arguments, Given]) -> Callable[Arguments, Response]:
    @wraps(view)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
        try:
            return jsonify(view(*args, **kwargs))
        except (NotHere, NoSuchReader, NotWritten, actions.NotDone) as exc:
            raise InvalidControl(str(exc)) from exc
        except NotReached as exc:
            raise InvalidControl(str(exc), 502) from exc

    return run


@blueprint.get("")
@explained
def show(id_: str) -> Given:
    """What a reader finds in it; the numbers of the links are their places."""
    read = _letter(id_, {})
    return {
        "id": read.copy.id,
        "account": read.copy.account,
        "subject": read.copy.subject,
        "message_id": read.copy.message_id,
        "readers": [one.email for one in read.readers],
        "images": read.pictures,
        "links": [address for address, _ in read.links],
        "unsubscribe": {"url": read.unsubscribe_url, "one_click": read.one_click},
    }


@blueprint.post("/open")
@explained
def open_(id_: str) -> Given:
    given = _given("reader", "user_agent", "headers")
    user_agent = _text(given, "user_agent") or actions.PICTURE_PROXY
    return actions.open_(current(), _letter(id_, given), user_agent, _kept(_headers(given)))


@blueprint.post("/click")
@explained
def click(id_: str) -> Given:
    given = _given("reader", "url", "index", "user_agent", "headers")
    links = [address for address, _ in _letter(id_, given).links]
    url, index = _text(given, "url"), given.get("index", 0)
    if url is None:
        if not isinstance(index, int) or not 0 <= index < len(links):
            raise InvalidControl(f"the message has {len(links)} links")
        url = links[index]
    elif url not in links:
        raise InvalidControl("the message has no such link")
    user_agent = _text(given, "user_agent") or actions.BROWSER
    return actions.click(current(), url, user_agent, _kept(_headers(given)))


@blueprint.post("/reply")
@explained
def reply(id_: str) -> Given:
    given = _given("reader", "text", "headers", "auto")
    read, away = _letter(id_, given), given.get("auto") is True
    return actions.reply(current(), read, _text(given, "text"), _headers(given), away=away)


@blueprint.post("/bounce")
@explained
def bounce(id_: str) -> Given:
    given = _given("kind", "recipient", "status")
    kind, read = _text(given, "kind") or "hard", _letter(id_, {})
    if kind not in actions.BOUNCES:
        raise InvalidControl(f'"kind" is one of {", ".join(actions.BOUNCES)}')
    recipient = _text(given, "recipient") or read.reader.email
    return actions.bounce(current(), read, kind, recipient, _text(given, "status"))


@blueprint.post("/unsubscribe")
@explained
def unsubscribe(id_: str) -> Given:
    return actions.unsubscribe(current(), _letter(id_, _given("reader")))


def _letter(id_: str, given: Given) -> Letter:
    found = current().mailboxes.find(id_)
    if found is None:
        raise InvalidControl(f"there is no message {id_} here", 404)
    return letter(current(), found, _text(given, "reader"))


def _given(*known: str) -> Given:
    """The JSON object in the body; no body is an empty one."""
    given = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(given, dict):
        raise InvalidControl("the body is no JSON object")
    if unknown := set(given) - set(known):
        raise InvalidControl(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return given


def _text(given: Given, name: str) -> str | None:
    """Of one line, but for the text of a reply."""
    found = given.get(name)
    if found is not None and (not isinstance(found, str) or (name != "text" and not found.isprintable())):
        raise InvalidControl(f'"{name}" is a text')
    return found


def _headers(given: Given) -> dict[str, str | None]:
    found = given.get("headers") or {}
    if not isinstance(found, dict) or not all(isinstance(value, str | None) for value in found.values()):
        raise InvalidControl('"headers" is an object of texts')
    return found


def _kept(headers: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value is not None}
