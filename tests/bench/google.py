"""The Google endpoints that a send touches, on loopback, with TLS: quick, so that it is not what is measured.

`python -m tests.bench.google PORT CERTIFICATE KEY SECRETS_PORT`. It answers sends after the latency it is told
(`/bench/latency?ms=`), counts connections, tokens, secrets and deliveries (`/bench/counts`), and keeps no message:
bodies are counted as they come. Secret Manager listens on a port of its own, since it speaks gRPC.
"""

import asyncio
import json
import ssl
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

CLIENT_ID, CALLERS = "bench-client", "bench-callers"  # the audiences of the two kinds of ID tokens
SENT = {"id": "18c0ffee00000001", "threadId": "18c0ffee00000001", "labelIds": ["SENT"]}
TOKEN = {
    "access_token": "ya29." + "x" * 200,
    "expires_in": 3599,
    "token_type": "Bearer",
    "scope": "openid https://www.googleapis.com/auth/gmail.send https://www.googleapis.com/auth/gmail.readonly",
}
ALIAS = {"sendAsEmail": "ana@example.com", "displayName": "Ana", "isPrimary": True, "isDefault": True}
SECRET = b"0123456789abcdef0123456789abcdef"
KEPT = 64 << 10  # bytes of a body that are kept: forms are short


class Google:
    def __init__(self, url: str) -> None:
        import jwt
        from cryptography.hazmat.primitives.asymmetric import ec

        self.url = url
        self.latency = 0.0
        self.counts: Counter[str] = Counter()
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._keys = {"keys": [{**public, "kid": "bench", "use": "sig", "alg": "ES256"}]}

    def answer(self, method: str, target: str, size: int, body: bytes) -> tuple[float, bytes]:
        """Seconds to wait, and what to say then."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path.endswith("/messages/send"):
            if query.get("uploadType") == ["resumable"] and method == "POST":
                return 0, _answer({}, f"Location: {self.url}{target}&upload_id=1\r\n")
            self.counts["sends"] += 1
            self.counts["bytes"] += size
            return self.latency, _answer(SENT)
        if path == "/token":
            self.counts["tokens"] += 1
            form = dict(parse_qsl(body.decode()))
            if form.get("grant_type") != "authorization_code":
                return 0, _answer(TOKEN)
            # The code is the nonce, which whoever plays the browser has read from the authorization URL.
            id_token = self._id_token(CLIENT_ID, uuid.uuid4().hex, nonce=form["code"])
            return 0, _answer({**TOKEN, "refresh_token": "1//" + "r" * 100, "id_token": id_token})
        self.counts["others"] += not path.startswith("/bench/")
        return 0, _answer(self._other(path, query))

    def _other(self, path: str, query: dict[str, list[str]]) -> Any:
        match path:
            case "/oauth2/v3/certs":
                return self._keys
            case "/.well-known/openid-configuration":
                return {"issuer": self.url, "jwks_uri": f"{self.url}/oauth2/v3/certs"}
            case "/gmail/v1/users/me/settings/sendAs":
                return {"sendAs": [ALIAS]}
            case "/bench/counts":
                return self.counts
            case "/bench/latency":
                self.latency = float(query["ms"][0]) / 1000
                return {}
            case "/bench/id-token":
                return {"id_token": self._id_token(CALLERS, query["sub"][0])}
            case _:
                return {}

    def _id_token(self, audience: str, sub: str, **claims: str) -> str:
        import jwt

        now = int(time.time())
        said = {"iss": self.url, "aud": audience, "sub": sub, "iat": now, "exp": now + 3600, **claims}
        said |= {"email": f"{sub}@example.com", "email_verified": True, "name": "Ana"}
        return jwt.encode(said, self._key, "ES256", headers={"kid": "bench"})


class Connection(asyncio.Protocol):
    """HTTP/1.1 with Content-Length, one request after the other."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self._head = bytearray()
        self._request: list[str] = []
        self._left = self._size = 0
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._google.counts["connections"] += 1

    def data_received(self, data: bytes) -> None:
        while data:
            if not self._request:
                self._head += data
                end = self._head.find(b"\r\n\r\n")
                if end < 0:
                    return
                data = bytes(self._head[end + 4 :])
                self._begin(self._head[:end].decode("latin-1"))
                self._head.clear()
            taken = data[: self._left]
            if len(self._body) < KEPT:
                self._body += taken
            self._left -= len(taken)
            data = data[len(taken) :]
            if self._left == 0:
                self._finish()

    def _begin(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._request = first.split(" ")[:2]
        self._left = self._size = int(headers.get("content-length", 0))
        self._body = b""

    def _finish(self) -> None:
        method, target = self._request
        self._request = []
        wait, answer = self._google.answer(method, target, self._size, self._body)
        if wait:
            asyncio.get_running_loop().call_later(wait, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _answer(found: Any, headers: str = "") -> bytes:
    body = json.dumps(found).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def secrets(google: Google, port: int, certificate: str, key: str) -> Any:
    """AccessSecretVersion: for every name the same 32 bytes."""
    import grpc  # type: ignore[import-untyped]

    payload = b"\x0a\x20" + SECRET  # SecretPayload{data = 1}
    answer = b"\x0a\x01n\x12" + bytes([len(payload)]) + payload  # AccessSecretVersionResponse{name = 1, payload = 2}

    async def access(_: bytes, __: Any) -> bytes:
        google.counts["secrets"] += 1
        return answer

    server = grpc.aio.server()
    handlers = {"AccessSecretVersion": grpc.unary_unary_rpc_method_handler(access)}
    service = "google.cloud.secretmanager.v1.SecretManagerService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    pair = Path(key).read_bytes(), Path(certificate).read_bytes()
    server.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials([pair]))
    await server.start()
    return server


async def serve(port: int, certificate: str, key: str, secrets_port: str) -> None:
    google = Google(f"https://localhost:{port}")
    listening = await secrets(google, int(secrets_port), certificate, key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(google), "127.0.0.1", port, ssl=tls, backlog=1024)
    await asyncio.gather(server.serve_forever(), listening.wait_for_termination())


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), *sys.argv[2:5]))
