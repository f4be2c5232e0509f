"""The functions as they are first written: one module, every library at its top, every client made for every call.

Secrets are read from Secret Manager (the stub's, over gRPC with TLS) each time they are needed, tokens refreshed for
each send, the Gmail service built for each send.
"""

import base64
import json
import os
import time
import uuid
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

import functions_framework
import google_auth_oauthlib.flow
import grpc  # type: ignore[import-untyped]
import requests
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Request
from google.auth.transport.requests import Request as AuthRequest
from google.cloud import firestore, secretmanager  # noqa: F401 - a service of one module imports all that it has
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceGrpcTransport
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

from tests.bench.stock import records

SCOPES = ["https://www.googleapis.com/auth/gmail.send"]


def secret(name: str) -> bytes:
    """What `SecretManagerServiceClient()` would do, were it not for the stub's address: a channel for each client."""
    trust = grpc.ssl_channel_credentials(Path(os.environ["REQUESTS_CA_BUNDLE"]).read_bytes())
    own = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.secure_channel(os.environ["SECRETS"], trust, own) as channel:
        transport = SecretManagerServiceGrpcTransport(channel=channel)
        client = secretmanager.SecretManagerServiceClient(transport=transport)
        found = client.access_secret_version(name=f"projects/bench/secrets/{name}/versions/latest")
        return bytes(found.payload.data)


def seal(token: str) -> str:
    nonce = os.urandom(12)
    return base64.b64encode(nonce + AESGCM(secret("token-key")).encrypt(nonce, token.encode(), b"")).decode()


def flow() -> Any:
    web = {
        "client_id": "bench-client",
        "client_secret": secret("client-secret").decode(),
        "auth_uri": os.environ["GOOGLE_AUTHORIZE_URL"],
        "token_uri": os.environ["GOOGLE_TOKEN_URL"],
    }
    return google_auth_oauthlib.flow.Flow.from_client_config(
        {"web": web}, scopes=SCOPES, redirect_uri="https://app.example.com/callback"
    )


@functions_framework.http
def authorize(_: Request) -> Any:
    url, state = flow().authorization_url(access_type="offline", prompt="consent")
    records.connect().put(f"states/{state}", {"at": time.time()})
    return {"authorization_url": url}


@functions_framework.http
def callback(request: Request) -> Any:
    os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
    asked = flow()
    asked.fetch_token(code=request.args["code"])
    account = {"email": "new@example.com", "sealed": seal(asked.credentials.refresh_token)}
    records.connect().put("accounts/new", account)
    return {"status": "connected"}


@functions_framework.http
def list(_: Request) -> Any:  # noqa: A001 - as the function is called
    return {"accounts": [account["email"] for account in records.connect().some("accounts")]}


@functions_framework.http
def delete(_: Request) -> Any:
    store = records.connect()
    store.get("accounts/new")
    requests.post(os.environ["GOOGLE_REVOKE_URL"], data={"token": "1//x"}, timeout=30)
    store.delete("accounts/new")
    return {}, 200


@functions_framework.http
def send(request: Request) -> Any:
    if request.headers.get("Authorization", "") != "Bearer " + os.environ["API_KEY"] or not secret("api-key"):
        return {"error": "unauthorized"}, 401
    asked = request.get_json() if request.is_json else json.loads(request.form["message"])
    store = records.connect()
    account = store.get("accounts/naive")
    if account is None:  # the very first call of a store
        account = {"email": "ana@example.com", "sealed": seal("1//" + "r" * 100)}
        store.put("accounts/naive", account)
    sealed = base64.b64decode(account["sealed"])
    credentials = Credentials(
        None,
        refresh_token=AESGCM(secret("token-key")).decrypt(sealed[:12], sealed[12:], b"").decode(),
        token_uri=os.environ["GOOGLE_TOKEN_URL"],
        client_id="bench-client",
        client_secret=secret("client-secret").decode(),
        scopes=SCOPES,
    )
    credentials.refresh(AuthRequest())
    message = MIMEMultipart()
    message["To"], message["Subject"] = ", ".join(asked["to"]), asked["subject"]
    message.attach(MIMEText(asked["text"]))
    message.attach(MIMEText(asked["html"], "html"))
    for file in request.files.getlist("attachments"):
        part = MIMEApplication(file.read())
        part.add_header("Content-Disposition", "attachment", filename=file.filename or "file")
        message.attach(part)
    where = {"api_endpoint": os.environ["GMAIL_API_URL"]}
    service = build("gmail", "v1", credentials=credentials, cache_discovery=False, client_options=where)
    raw = base64.urlsafe_b64encode(message.as_bytes()).decode()
    sent = service.users().messages().send(userId="me", body={"raw": raw}).execute()
    record = {"to": asked["to"], "subject": asked["subject"], "status": "sent", "at": time.time()}
    store.put(f"sends/{uuid.uuid4().hex}", {**record, "gmail_message_id": sent["id"]})
    return {"status": "sent", "id": sent["id"]}
