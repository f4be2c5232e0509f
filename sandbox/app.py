"""The sandbox as a WSGI application."""

from contextlib import suppress
from pathlib import Path

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.background import Background
from sandbox.connections import ConnectionCut, CuttableConnections
from sandbox.control import api as control
from sandbox.control import messages, push
from sandbox.control.faults import Faults
from sandbox.errors import GoogleError, OAuthError
from sandbox.gmail import reading, sending, watching
from sandbox.gmail.mailbox import Mailboxes
from sandbox.gmail.push import Pushes
from sandbox.inbox import pages, playing
from sandbox.ledger import Ledger
from sandbox.methods import drain
from sandbox.oauth import consent, tokens
from sandbox.oauth.grants import Grants
from sandbox.people import People
from sandbox.signing import Signer
from sandbox.state import Client, Sandbox
from sandbox.store import Store


def create_app(data: Path, public_url: str, client: Client, push_url: str = "") -> Flask:
    """`data` is the directory of the state; `public_url` the issuer, without a trailing slash; `push_url` where changes
    of watched mailboxes are told."""
    store = Store(data)
    signer, mailboxes, ledger, background = Signer(store, public_url), Mailboxes(store), Ledger(store), Background()
    app = Flask("sandbox", root_path=str(Path(__file__).parent))
    sandbox = Sandbox(
        public_url=public_url,
        client=client,
        store=store,
        people=People(store),
        grants=Grants(store),
        signer=signer,
        mailboxes=mailboxes,
        faults=Faults(),
        ledger=ledger,
        background=background,
        pushes=Pushes(store, mailboxes, signer, ledger, background, push_url),
    )
    app.extensions["sandbox"] = sandbox
    for part in (consent, tokens, sending, reading, watching, control, messages, push, pages, playing):
        app.register_blueprint(part.blueprint)
    app.register_error_handler(GoogleError, _answer_api_error)
    app.register_error_handler(OAuthError, _answer_oauth_error)
    app.register_error_handler(ConnectionCut, _cut)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.after_request(_harden)
    app.wsgi_app = CuttableConnections(app.wsgi_app, sandbox.ledger.count)  # type: ignore[method-assign]
    return app


def _answer_api_error(error: GoogleError) -> ResponseReturnValue:
    with suppress(HTTPException, OSError):  # the client went away
        drain()
    return error.response()


def _answer_oauth_error(error: OAuthError) -> ResponseReturnValue:
    return error.response()


def _cut(error: ConnectionCut) -> ResponseReturnValue:
    request.environ["sandbox.ending"] = error.ending
    return Response()


def _answer_http_error(error: HTTPException) -> ResponseReturnValue:
    if request.path.startswith(("/gmail/", "/upload/")):
        reason = "notFound" if error.code == 404 else "badRequest"
        return GoogleError(error.code or 500, reason, error.name).response()
    if request.path.startswith("/sandbox/"):
        return {"error": error.name}, error.code or 500
    return pages.error_page(error)


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    if response.mimetype == "text/html":
        # Pages need their own style sheet and nothing else. No form-action: browsers apply it to the redirects that
        # follow, and the consent form redirects to wherever the client lives.
        policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'"
        response.headers.setdefault("Content-Security-Policy", f"{policy}; frame-ancestors 'none'")
    response.headers.setdefault("Cache-Control", "no-store")
    return response
