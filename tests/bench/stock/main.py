"""The functions as one would write them with Google's own libraries and care for speed, for comparison.

Not a straw man: each imports what it uses when it is used, the service is built once, secrets, keys and tokens are
cached, a connection is kept for each thread. It promises less than ours: no claim before the post (with COMMITS=2 a
record before it, but nothing looks at it), no idempotency, no stored content, no header checks, the API key in a
variable, and no look at who may see which account.
"""

import base64
import functools
import hmac
import io
import json
import os
import threading
import time
import uuid
from typing import Any

import functions_framework
from flask import Request

from tests.bench.stock import records

RESUMABLE = os.environ.get("UPLOAD") == "resumable"
COMMITS = int(os.environ.get("COMMITS", "1"))  # of the store, for a send
SCOPES = ["https://www.googleapis.com/auth/gmail.send"]
local, lock = threading.local(), threading.Lock()
credentials: dict[str, Any] = {}


@functools.cache
def store() -> records.Sqlite | records.Firestore:
    return records.connect()


@functools.cache
def key() -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(base64.b64decode(os.environ["TOKEN_KEY"]))


@functools.cache
def service() -> Any:
    from google.auth.credentials import AnonymousCredentials
    from googleapiclient.discovery import build

    where = {"api_endpoint": os.environ["GMAIL_API_URL"]}
    return build("gmail", "v1", credentials=AnonymousCredentials(), cache_discovery=False, client_options=where)


def flow() -> Any:
    from google_auth_oauthlib.flow import Flow

    web = {
        "client_id": "bench-client",
        "client_secret": "secret",
        "auth_uri": os.environ["GOOGLE_AUTHORIZE_URL"],
        "token_uri": os.environ["GOOGLE_TOKEN_URL"],
    }
    return Flow.from_client_config({"web": web}, scopes=SCOPES, redirect_uri="https://app.example.com/callback")


@functions_framework.http
def authorize(_: Request) -> Any:
    url, state = flow().authorization_url(access_type="offline", prompt="consent")
    store().put(f"states/{state}", {"at": time.time()})
    return {"authorization_url": url}


@functions_framework.http
def callback(request: Request) -> Any:
    os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
    asked = flow()
    asked.fetch_token(code=request.args["code"])
    store().put("accounts/new", {"email": "new@example.com", "sealed": seal(asked.credentials.refresh_token)})
    return {"status": "connected"}


def seal(token: str) -> str:
    nonce = os.urandom(12)
    return base64.b64encode(nonce + key().encrypt(nonce, token.encode(), b"")).decode()


@functions_framework.http
def list(_: Request) -> Any:  # noqa: A001 - as the function is called
    return {"accounts": [account["email"] for account in store().some("accounts")]}


@functions_framework.http
def delete(_: Request) -> Any:
    import requests

    store().get("accounts/new")
    requests.post(os.environ["GOOGLE_REVOKE_URL"], data={"token": "1//x"}, timeout=30)
    store().delete("accounts/new")
    return {}, 200


@functools.cache
def accounts() -> None:
    """Puts the account there that `send` reads: once, before what is measured."""
    store().put("accounts/ana", {"email": "ana@example.com", "sealed": seal("1//" + "r" * 100)})


def credentials_of(name: str, account: dict[str, Any]) -> Any:
    with lock:
        found = credentials.get(name)
        if found is None or not found.valid:
            from google.auth.transport.requests import Request as AuthRequest
            from google.oauth2.credentials import Credentials

            sealed = base64.b64decode(account["sealed"])
            found = Credentials(
                None,
                refresh_token=key().decrypt(sealed[:12], sealed[12:], b"").decode(),
                token_uri=os.environ["GOOGLE_TOKEN_URL"],
                client_id="bench-client",
                client_secret="secret",
            )
            found.refresh(AuthRequest())
            credentials[name] = found
        return found


def transport(found: Any) -> Any:
    import google_auth_httplib2
    import httplib2

    if not hasattr(local, "http"):
        local.http = httplib2.Http(timeout=60)
    return google_auth_httplib2.AuthorizedHttp(found, http=local.http)


def compose(asked: dict[str, Any], sender: str, files: Any) -> bytes:
    from email.message import EmailMessage
    from email.policy import SMTP

    message = EmailMessage(SMTP)
    message["From"], message["To"], message["Subject"] = sender, ", ".join(asked["to"]), asked["subject"]
    message.set_content(asked["text"])
    message.add_alternative(asked["html"], subtype="html")
    for file in files:
        kind, _, subtype = (file.mimetype or "application/octet-stream").partition("/")
        message.add_attachment(file.read(), maintype=kind, subtype=subtype, filename=file.filename)
    return message.as_bytes()


@functions_framework.http
def send(request: Request) -> Any:
    if not hmac.compare_digest(request.headers.get("Authorization", ""), "Bearer " + os.environ["API_KEY"]):
        return {"error": "unauthorized"}, 401
    accounts()
    asked = request.get_json() if request.is_json else json.loads(request.form["message"])
    account = store().get("accounts/ana")
    path = f"sends/{uuid.uuid4().hex}"
    record = {"to": asked["to"], "subject": asked["subject"], "status": "sending", "at": time.time()}
    if COMMITS > 1:
        store().put(path, record)
    message = compose(asked, account["email"], request.files.getlist("attachments"))
    messages = service().users().messages()
    if RESUMABLE:
        from googleapiclient.http import MediaIoBaseUpload

        media = MediaIoBaseUpload(io.BytesIO(message), "message/rfc822", resumable=True)
        call = messages.send(userId="me", body={}, media_body=media)
    else:
        call = messages.send(userId="me", body={"raw": base64.urlsafe_b64encode(message).decode()})
    sent = call.execute(http=transport(credentials_of("ana", account)))
    outcome = {"status": "sent", "gmail_message_id": sent["id"]}
    if COMMITS > 1:
        store().update(path, outcome)
    else:
        store().put(path, {**record, **outcome})
    return {"status": "sent", "id": sent["id"]}
