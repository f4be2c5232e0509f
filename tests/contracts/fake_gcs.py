"""A Cloud Storage of one bucket in memory, with as much of its JSON API as the official client uses for blobs.

https://cloud.google.com/storage/docs/json_api/v1/objects, …/docs/performing-resumable-uploads; and of its XML API what
a signed URL needs: …/docs/authentication/signatures, …/docs/xml-api/put-object-upload
"""

import base64
import hashlib
import itertools
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import google_crc32c
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256


@dataclass
class Stored:
    data: bytes
    generation: int


@dataclass
class Bucket:
    name: str = "blobs"
    objects: dict[str, Stored] = field(default_factory=dict)
    uploads: dict[str, tuple[str, bytearray]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)  # statuses that answer the next requests
    corrupt: bool = False  # downloads carry a wrong byte
    signer: RSAPublicKey | None = None  # whose URLs are good
    now: Any = field(default_factory=lambda: lambda: datetime.now(UTC))
    generations: Any = field(default_factory=lambda: itertools.count(1))

    def put(self, name: str, data: bytes | bytearray) -> Stored:
        self.objects[name] = Stored(bytes(data), next(self.generations))
        return self.objects[name]

    def describe(self, name: str, stored: Stored) -> dict[str, Any]:
        return {
            "kind": "storage#object",
            "bucket": self.name,
            "name": name,
            "generation": str(stored.generation),
            "size": str(len(stored.data)),
            "crc32c": base64.b64encode(google_crc32c.value(stored.data).to_bytes(4)).decode(),
            "md5Hash": base64.b64encode(hashlib.md5(stored.data).digest()).decode(),
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_json(self, value: Any, status: int = 200, **headers: str) -> None:
        self.answer(status, json.dumps(value).encode(), Content_Type="application/json", **headers)

    def refuse(self, status: int) -> None:
        self.answer_json({"error": {"code": status, "message": f"Answered {status}."}}, status)

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = {name: found[0] for name, found in parse_qs(url.query).items()}
        self.bucket.requests.append((self.command, url.path))
        if self.command == "PUT" and "X-Goog-Signature" in query:
            return self.put_signed(url.path, query, body)
        match = re.fullmatch(r"(/upload|/download)?/storage/v1/b/([^/]+)/o(?:/(.+))?", url.path)
        if not match or match[2] != self.bucket.name:  # the client may ask for the bucket itself, for its telemetry
            return self.refuse(404)
        if self.bucket.failures:
            return self.refuse(self.bucket.failures.pop(0))
        name = unquote(match[3] or query.get("name", ""))
        kind = (match[1] or "", self.command)
        if kind == ("/upload", "POST"):
            return self.start_upload(name or json.loads(body)["name"])
        if kind == ("/upload", "PUT"):
            return self.take_chunk(query["upload_id"], body)
        if kind == ("", "GET") and not name:
            return self.list_names(query)
        stored = self.bucket.objects.get(name)
        if stored is None or query.get("generation", str(stored.generation)) != str(stored.generation):
            return self.refuse(404)
        if self.command == "DELETE":
            del self.bucket.objects[name]
            return self.answer(204)
        if match[1] or query.get("alt") == "media":
            return self.download(stored)
        return self.answer_json(self.bucket.describe(name, stored))

    do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815 -- http.server's names

    def put_signed(self, path: str, query: dict[str, str], body: bytes) -> None:
        """In the order that Cloud Storage looks: the signature, the time, the conditions."""
        signed = query["X-Goog-SignedHeaders"].split(";")
        if not self.is_signed(path, query, signed):
            return self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        begun = datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if self.bucket.now() > begun + timedelta(seconds=int(query["X-Goog-Expires"])):
            return self.answer(400, b"<Error><Code>ExpiredToken</Code></Error>")
        low, high = map(int, self.headers["x-goog-content-length-range"].split(","))
        if not low <= len(body) <= high:
            return self.answer(400, b"<Error><Code>EntityTooLarge</Code></Error>")
        bucket, _, name = unquote(path)[1:].partition("/")
        assert bucket == self.bucket.name
        if self.headers.get("x-goog-if-generation-match") == "0" and name in self.bucket.objects:
            return self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        self.bucket.put(name, body)
        return self.answer(200)

    def is_signed(self, path: str, query: dict[str, str], signed: list[str]) -> bool:
        """V4: …/docs/authentication/canonical-requests. Headers that are signed must come as they were signed."""
        if self.bucket.signer is None or any(name not in self.headers for name in signed):
            return False
        unsigned = sorted((n, v) for n, v in query.items() if n != "X-Goog-Signature")
        canonical = "\n".join(
            (
                self.command,
                path,
                "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in unsigned),
                *(f"{name}:{self.headers[name].strip()}" for name in signed),
                "",
                ";".join(signed),
                "UNSIGNED-PAYLOAD",
            )
        )
        scope = query["X-Goog-Credential"].partition("/")[2]
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join((query["X-Goog-Algorithm"], query["X-Goog-Date"], scope, digest))
        try:
            signature = bytes.fromhex(query["X-Goog-Signature"])
            self.bucket.signer.verify(signature, text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def start_upload(self, name: str) -> None:
        upload = f"upload{len(self.bucket.uploads)}"
        self.bucket.uploads[upload] = (name, bytearray())
        host, path = self.headers["Host"], f"/upload/storage/v1/b/{self.bucket.name}/o?upload_id={upload}"
        self.answer_json({}, Location=f"http://{host}{path}")

    def take_chunk(self, upload: str, body: bytes) -> None:
        name, data = self.bucket.uploads[upload]
        match = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", self.headers["Content-Range"])
        assert match, self.headers["Content-Range"]
        if match[1] is not None:
            assert int(match[1]) == len(data), "chunks follow each other"
            data += body
        if match[3] == "*":
            assert len(body) % (256 * 1024) == 0, "all chunks but the last are multiples of 256 KiB"
            return self.answer(308, Range=f"bytes=0-{len(data) - 1}")
        assert int(match[3]) == len(data)
        return self.answer_json(self.bucket.describe(name, self.bucket.put(name, data)))

    def download(self, stored: Stored) -> None:
        data = bytes(reversed(stored.data)) if self.bucket.corrupt else stored.data
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if match is None:
            return self.answer(200, data)
        start, end = int(match[1]), min(int(match[2]), len(data) - 1)
        if start >= len(data):
            return self.refuse(416)
        return self.answer(206, data[start : end + 1], Content_Range=f"bytes {start}-{end}/{len(data)}")

    def list_names(self, query: dict[str, str]) -> None:
        """Two a page, so that a client has to page."""
        names = sorted(n for n in self.bucket.objects if n.startswith(query.get("prefix", "")))
        names = [name for name in names if name > query.get("pageToken", "")]
        answer: dict[str, Any] = {"items": [{"name": name} for name in names[:2]]}
        if len(names) > 2:
            answer["nextPageToken"] = names[1]
        self.answer_json(answer)


class FakeCloudStorage:
    def __init__(self) -> None:
        self.bucket = Bucket()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"bucket": self.bucket}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
