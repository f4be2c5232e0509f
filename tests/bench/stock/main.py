"""`send` as one would ordinarily write it with Google's own libraries, for comparison.

Not a straw man: imports only what it uses, builds the service once, caches tokens, keeps one connection per thread. It
promises less than ours: no claim, no idempotency, no stored content, no sealing bound to the record, no header checks.
"""

import base64
import functools
import hmac
import io
import json
import os
import sqlite3
import threading
import time
import uuid
from email.message import EmailMessage
from typing import Any

import functions_framework
import google_auth_httplib2
import httplib2
from flask import Request
from google.auth.transport.requests import Request as AuthRequest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.http import MediaIoBaseUpload

STORE = os.environ["STORE"]  # a SQLite file, or firestore:PROJECT
if STORE.startswith("firestore:"):
    from google.cloud import firestore

RESUMABLE = os.environ.get("UPLOAD") == "resumable"
ACCOUNT = {"email": "ana@example.com", "refresh_token": "1//" + "r" * 100}
local, lock = threading.local(), threading.Lock()
credentials: dict[str, Credentials] = {}


class Sqlite:
    @property
    def db(self) -> sqlite3.Connection:
        if not hasattr(local, "db"):
            local.db = sqlite3.connect(STORE, timeout=30, isolation_level=None)
            local.db.execute("PRAGMA journal_mode = WAL")
            local.db.execute("CREATE TABLE IF NOT EXISTS records (path TEXT PRIMARY KEY, data TEXT)")
        return local.db

    def get(self, path: str) -> Any:
        row = self.db.execute("SELECT data FROM records WHERE path = ?", (path,)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, path: str, data: dict[str, Any]) -> None:
        self.db.execute("INSERT OR REPLACE INTO records VALUES (?, ?)", (path, json.dumps(data)))

    def update(self, path: str, data: dict[str, Any]) -> None:
        self.db.execute("UPDATE records SET data = json_patch(data, ?) WHERE path = ?", (json.dumps(data), path))


class Firestore:
    def __init__(self) -> None:
        self.client = firestore.Client(project=STORE.partition(":")[2])

    def get(self, path: str) -> Any:
        return self.client.document(path).get().to_dict()

    def put(self, path: str, data: dict[str, Any]) -> None:
        self.client.document(path).set(data)

    def update(self, path: str, data: dict[str, Any]) -> None:
        self.client.document(path).update(data)


@functools.cache
def store() -> Sqlite | Firestore:
    found = Firestore() if STORE.startswith("firestore:") else Sqlite()
    found.put("accounts/ana", ACCOUNT)
    return found


@functools.cache
def service() -> Any:
    transport = google_auth_httplib2.AuthorizedHttp(Credentials("unused"), http=httplib2.Http())
    return build("gmail", "v1", http=transport, client_options={"api_endpoint": os.environ["GMAIL_API_URL"]})


def credentials_of(name: str, account: dict[str, Any]) -> Credentials:
    with lock:
        found = credentials.get(name)
        if found is None or not found.valid:
            found = Credentials(
                None,
                refresh_token=account["refresh_token"],
                token_uri=os.environ["GOOGLE_TOKEN_URL"],
                client_id="bench-client",
                client_secret="secret",
            )
            found.refresh(AuthRequest())
            credentials[name] = found
        return found


def transport(found: Credentials) -> google_auth_httplib2.AuthorizedHttp:
    if not hasattr(local, "http"):
        local.http = httplib2.Http(timeout=60)
    return google_auth_httplib2.AuthorizedHttp(found, http=local.http)


def compose(asked: dict[str, Any], sender: str, files: list[Any]) -> bytes:
    message = EmailMessage()
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
    asked = request.get_json() if request.is_json else json.loads(request.form["message"])
    account = store().get("accounts/ana")
    path = f"sends/{uuid.uuid4().hex}"
    record = {"to": asked["to"], "subject": asked["subject"], "status": "sending", "at": time.time()}
    store().put(path, record)
    message = compose(asked, account["email"], request.files.getlist("attachments"))
    messages = service().users().messages()
    if RESUMABLE:
        media = MediaIoBaseUpload(io.BytesIO(message), "message/rfc822", resumable=True)
        call = messages.send(userId="me", body={}, media_body=media)
    else:
        call = messages.send(userId="me", body={"raw": base64.urlsafe_b64encode(message).decode()})
    sent = call.execute(http=transport(credentials_of("ana", account)))
    store().update(path, {"status": "sent", "gmail_message_id": sent["id"]})
    return {"status": "sent", "id": sent["id"]}
