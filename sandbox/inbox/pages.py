"""Pages for people: everybody's inbox, and each message as its reader sees it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import quote

from flask import Blueprint, Response, abort, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox import web
from sandbox.gmail import headers, parts, search
from sandbox.gmail.messages import Message
from sandbox.gmail.parts import Part
from sandbox.inbox import rendering
from sandbox.people import ELSEWHERE
from sandbox.readers import actions, markup
from sandbox.readers.letters import letter
from sandbox.state import current

blueprint = Blueprint("pages", __name__)

PAGE = 50
DOCUMENT_POLICY = "sandbox; default-src 'none'"
BOXES = {"inbox": "INBOX", "sent": "SENT"}
OUTCOMES = {
    "answered": "The answer is in the sender's mailbox.",
    "reported": "The report is in the sender's mailbox.",
    "unsubscribed": "The sender's server was told to unsubscribe this reader.",
    "failed": "That did not work.",
}


@dataclass(frozen=True)
class Owner:
    account: str
    name: str
    detail: str


@blueprint.app_template_filter("moment")
def moment(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


@blueprint.app_template_filter("iso")
def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")


@blueprint.app_template_filter("bytes")
def human_size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


@blueprint.get("/")
def people() -> str:
    sandbox = current()
    owners = [Owner(one.email, one.name, one.email) for one in sandbox.people.all()]
    owners.append(_elsewhere())
    rows = [(owner, sandbox.mailboxes.count(owner.account, "INBOX", "UNREAD")) for owner in owners]
    return render_template("people.html", rows=rows)


@blueprint.get("/inbox/<account>")
def inbox(account: str) -> str:
    owner = _owner(account)
    box = request.args.get("box", "inbox")
    label = BOXES.get(box) or abort(404)
    before = request.args.get("before")
    found = current().mailboxes.search(owner.account, [search.has_label(label)], PAGE + 1, before)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template("inbox.html", owner=owner, box=box, messages=found[:PAGE], older=older)


@blueprint.get("/inbox/<account>/<id_>")
def message(account: str, id_: str) -> str:
    owner, shown = _owner(account), find_message(account, id_)
    current().mailboxes.mark_read(owner.account, id_)
    read = letter(current(), shown)
    lines = [(name, headers.value(read.fields, name)) for name in ("From", "Reply-To", "To", "Cc", "Bcc")]
    delivered = ", ".join(field.value for field in read.fields if field.name.lower() == "delivered-to")
    always = current().store.setting(f"images:{owner.account}") == "always"
    return render_template(
        "message.html",
        owner=owner,
        message=shown,
        letter=read,
        box="inbox" if "INBOX" in shown.labels else "sent",
        lines=[(name, text) for name, text in [*lines, ("Delivered to", delivered)] if text],
        always=always,
        images=always or request.args.get("images") == "1",
        done=OUTCOMES.get(request.args.get("done", "")),
        attachments=[part for part in read.parts if _is_attachment(part, read.html)],
    )


@blueprint.get("/inbox/<account>/<id_>/body")
def body(account: str, id_: str) -> Response:
    """The HTML body, for the frame of the message's page; with `images=1` pictures from the web, too."""
    document = letter(current(), find_message(account, id_)).html
    if document is None:
        abort(404)
    own = url_for("pages.picture", account=account, id_=id_, content_id="", _external=True)
    fetched = url_for("pages.proxied", account=account, id_=id_, number=0, _external=True).removesuffix("0")
    shown = request.args.get("images") == "1"
    document = markup.with_pictures(document, lambda number: f"{fetched}{number}" if shown else rendering.BLANK)
    document = rendering.in_new_tabs(markup.with_own_pictures(document, own))
    response = Response(document, mimetype="text/html")
    response.headers["Content-Security-Policy"] = rendering.body_policy(own, fetched)
    return response


@blueprint.get("/inbox/<account>/<id_>/image/<int:number>")
def proxied(account: str, id_: str, number: int) -> Response:
    """A picture from the web, as Gmail's proxy fetches it: the sender's server sees the proxy, not the reader."""
    found = letter(current(), find_message(account, id_)).pictures
    if number >= len(found):
        abort(404)
    try:
        answer = actions.picture(current(), found[number])
    except web.NotReached:
        abort(404)
    content_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status != 200 or content_type not in rendering.SAFE_PICTURES:
        abort(404)
    response = Response(answer.body, mimetype=content_type)
    response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    return response


@blueprint.get("/inbox/<account>/<id_>/cid/", defaults={"content_id": ""})
@blueprint.get("/inbox/<account>/<id_>/cid/<path:content_id>")
def picture(account: str, id_: str, content_id: str) -> ResponseReturnValue:
    found = [
        part for part in parts.read(find_message(account, id_).raw()) if content_id and part.content_id == content_id
    ]
    if not found or found[0].content_type not in rendering.SAFE_PICTURES:
        abort(404)
    response = Response(found[0].content, mimetype=found[0].content_type)
    response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    return response


@blueprint.get("/inbox/<account>/<id_>/part/<int:number>")
def download(account: str, id_: str, number: int) -> Response:
    found = parts.read(find_message(account, id_).raw())
    if number >= len(found):
        abort(404)
    part = found[number]
    name = part.filename or f"part-{number}"
    response = send_file(BytesIO(part.content), part.content_type, as_attachment=True, download_name=name)
    response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    return response


@blueprint.get("/inbox/<account>/<id_>/original")
def original(account: str, id_: str) -> Response:
    """The message byte by byte, shown as text."""
    shown = find_message(account, id_)
    response = Response(shown.blocks(), content_type="text/plain; charset=utf-8")
    response.headers["Content-Length"] = str(shown.size)
    response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    response.headers["Content-Disposition"] = f"inline; filename={quote(shown.id)}.eml"
    return response


def error_page(error: HTTPException) -> ResponseReturnValue:
    return render_template("error.html", error=error), error.code or 500


def _is_attachment(part: Part, markup: str | None) -> bool:
    """Pictures that the HTML shows are not listed again."""
    shown = bool(part.content_id) and markup is not None and f"cid:{part.content_id}" in markup
    return not shown and (part.attached or part.content_type not in ("text/plain", "text/html"))


def _elsewhere() -> Owner:
    return Owner(ELSEWHERE, "Elsewhere", "mail to addresses of nobody here")


def _owner(account: str) -> Owner:
    if account == ELSEWHERE:
        return _elsewhere()
    found = current().people.get(account)
    if found is None:
        abort(404)
    return Owner(found.email, found.name, found.email)


def find_message(account: str, id_: str) -> Message:
    """Or the page that says there is none."""
    found = current().mailboxes.get(_owner(account).account, id_)
    if found is None:
        abort(404)
    return found
