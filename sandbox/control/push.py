"""Steering the pushes: /sandbox/push."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from sandbox.control.api import InvalidControl
from sandbox.state import current
from sandbox.web import loopback

blueprint = Blueprint("control_push", __name__, url_prefix="/sandbox/push")


@blueprint.get("")
def show() -> Response:
    pushes = current().pushes
    watches = [{**vars(watch), "labels": list(watch.labels)} for watch in pushes.watches()]
    return jsonify({"url": pushes.url, "drop": pushes.drop, "duplicate": pushes.duplicate, "watches": watches})


@blueprint.post("")
def change() -> Response:
    """`drop`: pushes get lost; `duplicate`: each comes twice; `url`: they go to this program on this machine."""
    given: Any = request.get_json(force=True, silent=True)
    if not isinstance(given, dict) or set(given) - {"drop", "duplicate", "url"}:
        raise InvalidControl('the body is a JSON object with "drop", "duplicate" or "url"')
    if not all(isinstance(given.get(name, False), bool) for name in ("drop", "duplicate")):
        raise InvalidControl('"drop" and "duplicate" are true or false')
    url = given.get("url", "")
    if not isinstance(url, str) or (url and not _is_here(url)):
        raise InvalidControl('"url" is an http(s) address of this machine')
    for name, value in given.items():
        setattr(current().pushes, name, value)
    return show()


def _is_here(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(loopback(parts.hostname or ""))
