"""What is sent in the measurements."""

import hashlib
import json

from tests.bench.load import Ask

PATH = "/api/gmail/send/"
SHORT = "hello\n" * 60
SHORT_HTML = "<p>hello</p>\n" * 60
TEXT = "Dear Ana,\n\nyour invoice 4711 is ready: https://example.com/invoices/4711?from=mail\n\nKind regards\n" * 30
HTML = f"<!doctype html><html><body style='font-family: sans-serif'><p>{TEXT}</p><p>{TEXT}</p></body></html>"
ATTACHMENT = 25 << 20  # bytes, about as much as Gmail takes
BOUNDARY = "----bench-8f14e45fceea167a"


def short(key: str, account: str) -> Ask:
    """Text and HTML, about 1 KB in all."""
    message = {**_message(account), "text": SHORT, "html": SHORT_HTML}
    return Ask("POST", PATH, _headers(key, "application/json"), json.dumps(message).encode())


def long(key: str, account: str) -> Ask:
    """Text and HTML, about 9 KB in all, the HTML in one line: composing it costs more."""
    return Ask("POST", PATH, _headers(key, "application/json"), json.dumps(_message(account)).encode())


def attached(key: str, account: str, size: int) -> Ask:
    """A short message with a file that does not compress, as multipart/form-data."""
    message = json.dumps({**_message(account), "text": "Attached.", "html": "<p>Attached.</p>"}).encode()
    parts = (
        ('name="message"', "application/json", message),
        ('name="attachments"; filename="scan.bin"', "application/octet-stream", _noise(size)),
    )
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\nContent-Type: {kind}\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, kind, data in parts
    )
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return Ask("POST", PATH, _headers(key, kind), body + f"--{BOUNDARY}--\r\n".encode())


def _message(account: str) -> dict[str, object]:
    to = ["grace@example.com", "alan@example.com"]
    return {"account": account, "to": to, "subject": "Your invoice for Zoë", "text": TEXT, "html": HTML}


def _headers(key: str, kind: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Content-Type": kind}


def _noise(size: int) -> bytes:
    return hashlib.shake_128(b"attachment").digest(size)
