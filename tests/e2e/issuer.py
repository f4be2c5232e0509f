"""A tiny OpenID provider: discovery, keys, and tokens that are right unless a test makes them wrong."""

import base64
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Issuer:
    """`documents` are what it answers, by path; a test may change them.

    `reads` counts the requests for the keys, `asked` those for anything.
    """

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.documents: dict[str, Any] = {}
        self.status = 200
        self.reads = self.asked = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://localhost:{self._server.server_port}"
        self.documents["/.well-known/openid-configuration"] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.publish(RS=rsa.generate_private_key(65537, 2048), ES=ec.generate_private_key(ec.SECP256R1()))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def publish(self, **keys: Key) -> None:
        """Replace the published keys."""
        self.keys = dict(keys)
        self.documents["/keys"] = {"keys": [_jwk(kid, key) for kid, key in keys.items()]}

    def token(self, sub: str | None = None, *, kid: str = "ES", key: Key | None = None, **claims: Any) -> str:
        """A token for audience "tests", valid for an hour. A claim that is None is left out."""
        now = int(time.time())
        said = {
            "iss": self.url,
            "aud": "tests",
            "sub": uuid.uuid4().hex if sub is None else sub,
            "iat": now,
            "exp": now + 3600,
            **claims,
        }
        chosen = key or self.keys[kid]
        algorithm = "RS256" if isinstance(chosen, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode({k: v for k, v in said.items() if v is not None}, chosen, algorithm, headers={"kid": kid})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(issuer) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                issuer.reads += self.path == "/keys"
                self.answer()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer()

            def answer(self) -> None:
                found = issuer.documents.get(self.path)
                body = json.dumps(found).encode()
                self.send_response(404 if found is None else issuer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def forged(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    """A token put together by hand, with whatever header."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _jwk(kid: str, key: Key) -> dict[str, Any]:
    public = key.public_key()
    algorithm, made = (
        ("RS256", RSAAlgorithm.to_jwk(public))
        if isinstance(public, rsa.RSAPublicKey)
        else ("ES256", ECAlgorithm.to_jwk(public))
    )
    return {**json.loads(made), "kid": kid, "alg": algorithm, "use": "sig"}
