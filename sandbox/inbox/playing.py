"""The buttons below a message: what its reader, or a mail server, does with it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.inbox.pages import find_message
from sandbox.readers import actions
from sandbox.readers.answers import NotWritten
from sandbox.readers.letters import Letter, NoSuchReader, letter
from sandbox.state import current
from sandbox.web import NotReached

blueprint = Blueprint("playing", __name__, url_prefix="/inbox/<account>/<id_>")


@blueprint.post("/reply")
def reply(account: str, id_: str) -> ResponseReturnValue:
    away = request.form.get("auto") == "1"
    text = (request.form.get("text") or "").strip() or None
    return _done(account, id_, lambda read: actions.reply(current(), read, text, {}, away=away), "answered")


@blueprint.post("/bounce")
def bounce(account: str, id_: str) -> ResponseReturnValue:
    kind = request.form.get("kind", "")
    if kind not in actions.BOUNCES:
        return _back(account, id_, "failed")
    return _done(account, id_, lambda read: actions.bounce(current(), read, kind, read.reader.email), "reported")


@blueprint.post("/unsubscribe")
def unsubscribe(account: str, id_: str) -> ResponseReturnValue:
    def ask(read: Letter) -> None:
        if not 200 <= actions.unsubscribe(current(), read)["status"] < 300:
            raise NotReached("the sender's server refused")

    return _done(account, id_, ask, "unsubscribed")


@blueprint.post("/images")
def images(account: str, id_: str) -> ResponseReturnValue:
    """`always` and `ask` are remembered for this inbox."""
    shown = find_message(account, id_)
    wanted = request.form.get("show", "")
    if wanted in ("always", "ask"):
        current().store.keep_setting(f"images:{shown.account}", wanted)
    return redirect(url_for("pages.message", account=account, id_=id_, images=1 if wanted == "once" else None), 303)


def _done(account: str, id_: str, action: Callable[[Letter], Any], outcome: str) -> ResponseReturnValue:
    shown = find_message(account, id_)
    try:
        action(letter(current(), shown, request.form.get("reader")))
    except (NotReached, NoSuchReader, NotWritten, actions.NotDone):
        outcome = "failed"
    return _back(account, id_, outcome)


def _back(account: str, id_: str, outcome: str) -> ResponseReturnValue:
    images = 1 if request.form.get("images") else None
    return redirect(url_for("pages.message", account=account, id_=id_, done=outcome, images=images), 303)
