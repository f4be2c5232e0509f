"""What is common to all callable methods: they are counted, and faults are applied to them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from html import escape
from typing import ParamSpec

from flask import Response, g, make_response, request
from flask.typing import ResponseReturnValue

from sandbox.connections import ConnectionCut
from sandbox.control.faults import Action
from sandbox.errors import GoogleError, OAuthError
from sandbox.state import current

Arguments = ParamSpec("Arguments")

BLOCK = 65536


def method(
    name: str, account: Callable[[], str | None]
) -> Callable[[Callable[Arguments, ResponseReturnValue]], Callable[Arguments, Response]]:
    """Makes a view one of the sandbox's methods, known to the ledger and the faults as `name`.

    `account` says whose call it is (it may raise the error to answer); it is asked first for Gmail, where the token
    comes in a header, and for OAuth only when a rule needs it, since it has to read the body.
    """
    oauth = name in ("token", "revoke")

    def decorate(view: Callable[Arguments, ResponseReturnValue]) -> Callable[Arguments, Response]:
        @wraps(view)
        def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
            sandbox = current()
            sandbox.ledger.count(name, _holder())
            whose = account() if not oauth or sandbox.faults.names_accounts(name) else None
            action = g.fault = sandbox.faults.take(name, whose)
            before = _error(action, oauth)
            _before(action)
            if before is not None and not action.after_accept:
                drain()
                return before
            response = make_response(view(*args, **kwargs))
            return _after(action, response, oauth)

        return run

    return decorate


def _holder() -> str | None:
    """Whose access token came with the request, whether it still works or not."""
    text = request.headers.get("Authorization", "").partition(" ")[2].strip()
    token = current().grants.token(text, "access") if text else None
    return None if token is None else token.email


def drain() -> None:
    """Reads the rest of the body: a server that answers and closes without would reset the connection."""
    while request.stream.read(BLOCK):
        pass


def _before(action: Action) -> None:
    if not action.after_accept:
        time.sleep(action.delay)
    if action.ending is None or action.place == "after_accept":
        return
    if action.place == "mid_body":
        request.stream.read((request.content_length or 2 * BLOCK) // 2)
    elif action.place == "after_body":
        drain()
    raise ConnectionCut(action.ending)


def _after(action: Action, response: Response, oauth: bool) -> Response:
    if action.after_accept:
        time.sleep(action.delay)
    if action.ending is not None:
        raise ConnectionCut(action.ending)
    if action.half_answer:
        request.environ["sandbox.ending"] = "half_answer"
        return response
    if action.garbage:
        return Response("<!doctype html><title>200</title>\n\x00 not json {", 200, mimetype="application/json")
    return _error(action, oauth) or response


def _error(action: Action, oauth: bool) -> Response | None:
    if action.status is None:
        return None
    retry_at = datetime.now(UTC) + timedelta(seconds=action.retry_after)
    message = action.message.replace("{retry_at}", retry_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    seconds = str(int(action.retry_after))
    headers = {name: value.replace("{retry_after}", seconds) for name, value in action.headers.items()}
    if action.html:
        page = f"<!DOCTYPE html>\n<html lang=en>\n<title>Error {action.status} (Server Error)!!1</title>\n"
        return Response(page + f"<p>{escape(message)}\n", action.status, headers, mimetype="text/html")
    if oauth:
        error = "internal_failure" if action.status >= 500 else action.reason
        return OAuthError(action.status, error, message, headers).response()
    return GoogleError(action.status, action.reason, message, status=action.google_status, headers=headers).response()
