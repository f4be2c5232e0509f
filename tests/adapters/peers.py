"""Servers as hostile as they like: a listening socket, and what is done with each connection."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Act = Callable[[socket.socket], None]


class Peer:
    """`heads` are the requests' heads, as they came; `stopped` ends whatever it does."""

    def __init__(self, act: Act, context: ssl.SSLContext | None = None) -> None:
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.names: list[str | None] = []  # SNI
        self.stopped = threading.Event()
        self._act = act
        self._context = context
        if context:
            context.sni_callback = lambda _sock, name, _context: self.names.append(name)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # to close it wakes nobody who waits in `accept`
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            secured = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            with secured:
                self._act(secured)

    def read(self, connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(4096)
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(v) for n, _, v in (h.partition(b":") for h in head.split(b"\r\n")) if n == b"Content-Length")
        while len(body) < length:
            body += connection.recv(65536)
        self.heads.append(head.decode())
        self.bodies.append(body)


def answering(answer: bytes) -> Callable[[], Peer]:
    """A peer that reads a request, and says this."""
    return lambda: listening(lambda peer, connection: (peer.read(connection), connection.sendall(answer)))


def listening(act: Callable[[Peer, socket.socket], object], context: ssl.SSLContext | None = None) -> Peer:
    made: list[Peer] = []
    made.append(Peer(lambda connection: act(made[0], connection) and None, context))
    return made[0]


def certificate(directory: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context, for this name; and the file of the certificate that a client has to trust for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = directory / f"{name}.pem", directory / f"{name}.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    return context, chain
