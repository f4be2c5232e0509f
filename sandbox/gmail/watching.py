"""users.watch and users.stop."""

import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.errors import invalid_argument
from sandbox.gmail.access import MAY_READ, caller, gmail_method
from sandbox.gmail.push import WATCH_SECONDS, Watch
from sandbox.gmail.reading import LABELS
from sandbox.state import current

blueprint = Blueprint("gmail_watching", __name__, url_prefix="/gmail/v1/users/<user>")


@blueprint.post("/watch")
@gmail_method("watch", MAY_READ)
def watch(user: str) -> Response:  # noqa: ARG001 - checked by gmail_method, here and below
    given = request.get_json(force=True, silent=True)
    expires_at = int((time.time() + WATCH_SECONDS) * 1000)
    wanted = _watch(given if isinstance(given, dict) else {}, caller().email, expires_at)
    history_id = current().mailboxes.history_id(wanted.account)
    current().pushes.watch(wanted)
    # 64-bit numbers are strings in the JSON of Google's APIs.
    return jsonify({"historyId": str(history_id), "expiration": str(expires_at)})


@blueprint.post("/stop")
@gmail_method("stop", MAY_READ)
def stop(user: str) -> Response:  # noqa: ARG001
    current().pushes.stop(caller().email)
    return Response(status=204)


def _watch(given: dict[str, Any], account: str, expires_at: int) -> Watch:
    """`labelFilterAction` is the older name of `labelFilterBehavior`. Raises GoogleError."""
    topic = given.get("topicName")
    if not isinstance(topic, str) or not topic.startswith("projects/") or "/topics/" not in topic:
        raise invalid_argument("Invalid topicName does not match projects/*/topics/*")
    labels = given.get("labelIds") or []
    if not isinstance(labels, list) or not set(map(str, labels)) <= set(LABELS):
        raise invalid_argument("Invalid label")
    behavior = str(given.get("labelFilterBehavior") or given.get("labelFilterAction") or "include").lower()
    if behavior not in ("include", "exclude"):
        raise invalid_argument("Invalid value at 'label_filter_behavior'")
    return Watch(account, topic, tuple(labels), behavior == "exclude", expires_at)
