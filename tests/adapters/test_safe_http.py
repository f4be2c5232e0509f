"""Events go to the public internet and nowhere else, and no receiver holds a worker: each case with its source.

PATT: swisskyrepo/PayloadsAllTheThings, “Server Side Request Forgery”. GHSA and #: reports of projects that had it.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from functions.adapters import safe_http
from functions.adapters.safe_http import SafeHttp
from functions.domain import public_urls
from functions.domain.public_urls import NotPublic
from functions.domain.webhook_ports import NoAnswer
from tests.adapters.peers import Peer, answering, certificate, listening

PUBLIC, PUBLIC6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
URL = "https://hooks.example.com/in?a=1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Some: Thing\r\n\r\nok"

REFUSED_URLS = [
    # (what is wrong with it, URL, source)
    ("plain http", "http://hooks.example.com/", "Standard Webhooks, “Enforcing HTTPS”"),
    ("another scheme", "file:///etc/passwd", "PATT, URL schemes"),
    ("another scheme", "gopher://hooks.example.com/_x", "PATT, URL schemes"),
    ("no scheme", "//hooks.example.com/", "RFC 3986 §4.2"),
    ("no authority", "https:hooks.example.com", "URL Standard: special schemes without slashes"),
    ("no host", "https:///x", "RFC 3986 §3.2.2"),
    ("loopback", "https://127.0.0.1/", "PATT, localhost"),
    ("loopback, another one", "https://127.127.127.127/", "PATT, CIDR"),
    ("this host", "https://0.0.0.0/", "PATT, localhost"),
    ("decimal", "https://2130706433/", "PATT, decimal IP"),
    ("decimal metadata", "https://2852039166/", "PATT, decimal IP"),
    ("octal", "https://0177.0.0.1/", "PATT, octal IP"),
    ("octal with many zeros", "https://0000177.0.0.01/", "PATT, octal IP"),
    ("hexadecimal", "https://0x7f000001/", "PATT, hex IP"),
    ("hexadecimal in parts", "https://0x7f.0x0.0x0.0x1/", "PATT, hex IP"),
    ("mixed forms", "https://0x7f.0.1/", "inet_aton(3)"),
    ("short", "https://127.1/", "PATT, rare address"),
    ("one part", "https://0/", "PATT, rare address"),
    ("five parts", "https://127.0.0.0.1/", "URL Standard, ends in a number"),
    ("a number behind a name", "https://example.0x7f000001/", "URL Standard, ends in a number"),
    ("metadata", "https://169.254.169.254/computeMetadata/v1/", "cloud.google.com/compute/docs/metadata"),
    ("Azure's host", "https://168.63.129.16/", "learn.microsoft.com, 168.63.129.16"),
    ("private", "https://10.0.0.1/", "RFC 1918"),
    ("private", "https://172.16.0.1/", "RFC 1918"),
    ("private", "https://192.168.1.1/", "RFC 1918"),
    ("CGNAT", "https://100.64.0.1/", "RFC 6598"),
    ("IPv6 loopback", "https://[::1]/", "PATT, IPv6 notation"),
    ("IPv6 unspecified", "https://[::]/", "PATT, IPv6 notation"),
    ("IPv4-mapped", "https://[::ffff:127.0.0.1]/", "GHSA-9g3w-r349-3vvw"),
    ("IPv4-mapped, in hex", "https://[::ffff:7f00:1]/", "documenso#2901"),
    ("IPv4-mapped, written out", "https://[0:0:0:0:0:ffff:169.254.169.254]/", "PATT, IPv6 address embedding"),
    ("IPv4-compatible", "https://[::127.0.0.1]/", "metagraphed#1533"),
    ("NAT64", "https://[64:ff9b::a9fe:a9fe]/", "RFC 6052; librefang#2409"),
    ("NAT64, local", "https://[64:ff9b:1::a9fe:a9fe]/", "RFC 8215"),
    ("6to4", "https://[2002:7f00:1::]/", "RFC 3056; GHSA-mvm9-4fhw-xqf3"),
    ("Teredo", "https://[2001:0:7f00:1::]/", "RFC 4380; GHSA-qhf2-x32h-c288"),
    ("unique local", "https://[fd00:ec2::254]/", "AWS's metadata server"),
    ("link-local", "https://[fe80::1]/", "RFC 4291"),
    ("a zone", "https://[fe80::1%25eth0]/", "RFC 6874"),
    ("a zone on a public address", f"https://[{PUBLIC6}%251]/", "RFC 6874"),
    ("a future address", "https://[v1.fe80]/", "RFC 3986 §3.2.2"),
    ("localhost", "https://localhost/", "RFC 6761"),
    ("localhost in capitals", "https://LOCALHOST/", "RFC 6761"),
    ("below localhost", "https://a.localhost/", "RFC 6761"),
    ("a trailing dot", "https://localhost./", "PATT, localhost"),
    ("a trailing dot on metadata", "https://metadata.google.internal./", "RFC 1034 §3.1"),
    ("Google's metadata", "https://metadata.google.internal/", "cloud.google.com/compute/docs/metadata"),
    ("Google's metadata, short", "https://metadata/", "cloud.google.com/compute/docs/metadata"),
    ("Google's metadata, other", "https://metadata.goog/", "cloud.google.com/compute/docs/metadata"),
    ("below it", "https://x.metadata.goog/", "cloud.google.com/compute/docs/metadata"),
    ("Kubernetes", "https://kubernetes.default.svc/", "Kubernetes, DNS for services"),
    ("Kubernetes, whole", "https://kubernetes.default.svc.cluster.local/", "Kubernetes, DNS for services"),
    ("mDNS", "https://printer.local/", "RFC 6762"),
    ("a home's", "https://router.home.arpa/", "RFC 8375"),
    ("a single label", "https://intranet/", "RFC 8020; search domains"),
    ("wide digits", "https://①②⑦.⓪.⓪.①/", "PATT, enclosed alphanumerics"),
    ("wide dots", "https://127。0。0。1/", "PATT, unicode"),
    ("a name in Unicode", "https://l\u043ecalhost.example.com/", "UTS #39: a Cyrillic o"),
    ("percent in the host", "https://%6c%6f%63%61%6c%68%6f%73%74/", "PATT, URL encoding"),
    ("a user", "https://hooks.example.com@127.0.0.1/", "Orange Tsai, A New Era of SSRF"),
    ("a user and a password", "https://a:b@hooks.example.com/", "RFC 3986 §3.2.1"),
    ("a user, parsers differ", "https://127.0.0.1:80@hooks.example.com:80@evil.example/", "Orange Tsai"),
    ("a backslash", "https://hooks.example.com\\@127.0.0.1/", "URL Standard: \\ is a slash"),
    ("a line break", "https://hooks.example.com/\r\nX: y", "Orange Tsai, CR-LF injection"),
    ("a tab", "https://local\thost/", "URL Standard drops tabs"),
    ("a space before", " https://hooks.example.com/", "URL Standard trims"),
    ("a fragment", "https://hooks.example.com/#@127.0.0.1/", "Orange Tsai"),
    ("SSH's port", "https://hooks.example.com:22/", "Fetch Standard, bad ports"),
    ("plain HTTP's port", "https://hooks.example.com:80/", "Fetch Standard, bad ports"),
    ("no port", "https://hooks.example.com:0/", "RFC 6335 §6"),
    ("no such port", "https://hooks.example.com:65536/", "RFC 6335 §6"),
    ("a port that is none", "https://hooks.example.com:x/", "RFC 3986 §3.2.3"),
    ("an empty label", "https://hooks..example.com/", "RFC 1034 §3.5"),
    ("a long URL", "https://hooks.example.com/" + "a" * 2000, "our own limit"),
]

# One of each block, where possible its first and last.
FORBIDDEN_ADDRESSES = [
    *("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1"),
    *("127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255"),
    *("192.0.0.0", "192.0.0.192", "192.0.0.255", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1"),
    *("192.168.0.0", "192.168.255.255", "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::7f00:1", "64:ff9b:1:ffff::", "100::1", "100:0:0:1::1"),
    *("2001::1", "2001:0:ffff:ffff::", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1", "2001:20::1"),
    *("2001:30::1", "2001:1ff:ffff::", "2001:db8::1", "2001:db8:ffff::", "2002::1", "2002:a9fe:a9fe::1"),
    *("2620:4f:8000::1", "3ffe::1", "3fff::1", "3fff:fff:ffff::", "5f00::1", "fc00::1", "fd00:ec2::254"),
    *("fd20:ce::254", "fdff:ffff::", "fe80::1", "febf::1", "fe80::1%eth0", "fec0::1", "feff::1", "ff00::", "ff02::1"),
    *("4000::1", "2a00:1450::5efe:a9fe:a9fe", "2a00:1450::200:5efe:7f00:1", f"{PUBLIC6}%1", "", "localhost"),
]
ALLOWED_ADDRESSES = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255"),
    *("192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", PUBLIC, PUBLIC6),
    *("2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00:1450:4001::1", "3000::1"),
]


@pytest.mark.parametrize(
    ("url", "source"), [c[1:] for c in REFUSED_URLS], ids=[f"{c[0]}: {c[1][:40]}" for c in REFUSED_URLS]
)
def test_a_url_that_does_not_lead_outside_is_refused_when_it_is_given_and_when_it_is_called(
    url: str, source: str
) -> None:
    assert source
    resolved: list[str] = []
    client = SafeHttp(resolve=lambda host, _: resolved.append(host) or [PUBLIC])  # type: ignore[func-returns-value]

    with pytest.raises(NotPublic):
        public_urls.parse(url)
    with pytest.raises(NoAnswer) as caught:
        client.post(url, {}, b"")

    assert caught.value.code == "forbidden"
    assert resolved == []


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com/a/b?c=d&e=%20",
        "https://hooks.example.com:8443/",
        "https://xn--bcher-kva.example/",
        "https://my_hooks.example.com/",
        "https://1and1.example.com/",
        "https://0x.example.com/",
        "HTTPS://Hooks.Example.COM/Path",
        "https://8.8.8.8/",
        f"https://[{PUBLIC6}]:8443/",
        "https://localhost.example.com/",
        "https://internal.example.com/",
    ],
)
def test_a_public_url_is_fine(url: str) -> None:
    assert public_urls.parse(url).path[0] == "/"


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_an_address_that_is_not_public_is_forbidden(address: str) -> None:
    assert public_urls.forbidden(address)


@pytest.mark.parametrize("address", ALLOWED_ADDRESSES)
def test_an_address_beside_the_forbidden_blocks_is_fine(address: str) -> None:
    assert public_urls.forbidden(address) == ""


# What a name resolves to.


class Dialled:
    """Where connections went. Whatever the address, what answers is `peer`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, peer: Peer | None = None) -> None:
        self.addresses: list[str] = []
        self.dead: set[str] = set()
        connected = safe_http._connected

        def dial(address: str, _port: int, timeout: float) -> socket.socket:
            self.addresses.append(address)
            if peer is None or address in self.dead:
                raise ConnectionRefusedError
            return connected("127.0.0.1", peer.port, timeout)

        monkeypatch.setattr(safe_http, "_connected", dial)


class Resolver:
    """Answers in turn; the last answer for good."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def secure(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(the server's context for hooks.example.com, that of a client that trusts it)."""
    server, chain = certificate(tmp_path, "hooks.example.com")
    return server, ssl.create_default_context(cafile=str(chain))


def trusting(client: SafeHttp, context: ssl.SSLContext) -> SafeHttp:
    client.__dict__["_tls"] = context
    return client


@pytest.fixture
def peers() -> Iterator[Callable[..., Peer]]:
    made: list[Peer] = []

    def keep(peer: Peer) -> Peer:
        made.append(peer)
        return peer

    yield keep
    for peer in made:
        peer.close()


def say(answer: bytes) -> Callable[[Peer, socket.socket], object]:
    return lambda peer, connection: (peer.read(connection), connection.sendall(answer))


@pytest.mark.parametrize("address", [a for a in FORBIDDEN_ADDRESSES if a])
def test_a_name_that_resolves_inwards_is_never_connected_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    dialled = Dialled(monkeypatch)

    for answers in ([address], [PUBLIC, address], [address, PUBLIC], [PUBLIC, PUBLIC6, address]):
        with pytest.raises(NoAnswer) as caught:
            SafeHttp(resolve=Resolver(answers)).post(URL, {}, b"")
        assert caught.value.code == "forbidden"

    assert dialled.addresses == []


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked(
    monkeypatch: pytest.MonkeyPatch, secure: Any, peers: Any
) -> None:
    """DNS rebinding: the second answer would be this machine (PATT, DNS rebinding)."""
    peer = peers(listening(say(OK), secure[0]))
    dialled = Dialled(monkeypatch, peer)
    resolver = Resolver([PUBLIC], ["127.0.0.1"])

    answer = trusting(SafeHttp(resolve=resolver), secure[1]).post(URL, {"webhook-id": "evt_1"}, b"{}")

    assert (answer.status, answer.body, answer.headers["x-some"]) == (200, b"ok", "Thing")
    assert resolver.asked == [("hooks.example.com", 443)]
    assert dialled.addresses == [PUBLIC]
    assert peer.names == ["hooks.example.com"]


def test_a_resolver_that_flip_flops_never_gets_a_connection_inwards(
    monkeypatch: pytest.MonkeyPatch, secure: Any, peers: Any
) -> None:
    peer = peers(listening(say(OK), secure[0]))
    dialled = Dialled(monkeypatch, peer)
    inward = ["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe"]
    answers = [[PUBLIC] if n % 2 else [inward[n // 2 % len(inward)]] for n in range(40)]
    client = trusting(SafeHttp(resolve=Resolver(*answers)), secure[1])

    outcomes = []
    for _ in range(40):
        try:
            outcomes.append(client.post(URL, {}, b"").status)
        except NoAnswer as error:
            outcomes.append(error.code)

    assert outcomes == ["forbidden", 200] * 20
    assert dialled.addresses == [PUBLIC] * 20


def test_the_next_address_is_tried_where_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, secure: Any, peers: Any
) -> None:
    peer = peers(listening(say(OK), secure[0]))
    dialled = Dialled(monkeypatch, peer)
    dialled.dead = {PUBLIC6}

    answer = trusting(SafeHttp(resolve=Resolver([PUBLIC6, PUBLIC])), secure[1]).post(URL, {}, b"")

    assert answer.status == 200
    assert dialled.addresses == [PUBLIC6, PUBLIC]


def test_an_address_in_the_url_is_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled, resolver = Dialled(monkeypatch), Resolver(["127.0.0.1"])

    for url in ("https://8.8.8.8/", f"https://[{PUBLIC6}]/"):
        with pytest.raises(NoAnswer) as caught:
            SafeHttp(resolve=resolver).post(url, {}, b"")
        assert caught.value.code == "unreachable"

    assert dialled.addresses == ["8.8.8.8", PUBLIC6]
    assert resolver.asked == []


def test_a_name_without_an_address_is_said_to_have_none() -> None:
    for answer in (socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")):
        with pytest.raises(NoAnswer) as caught:
            SafeHttp(resolve=Resolver(answer)).post(URL, {}, b"")
        assert caught.value.code == "unresolved"
    with pytest.raises(NoAnswer) as caught:
        SafeHttp(resolve=Resolver([])).post(URL, {}, b"")
    assert caught.value.code == "unreachable"


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, secure: Any, peers: Any) -> None:
    proxy = peers(answering(OK)())
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    peer = peers(listening(say(OK), secure[0]))
    Dialled(monkeypatch, peer)

    trusting(SafeHttp(resolve=Resolver([PUBLIC])), secure[1]).post(URL, {}, b"")

    assert (peer.connections, proxy.connections) == (1, 0)


# TLS


def test_the_certificate_has_to_be_the_names_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, peers: Any) -> None:
    server, chain = certificate(tmp_path, "other.example.com")
    peer = peers(listening(say(OK), server))
    Dialled(monkeypatch, peer)
    client = trusting(SafeHttp(resolve=Resolver([PUBLIC])), ssl.create_default_context(cafile=str(chain)))

    with pytest.raises(NoAnswer) as caught:
        client.post(URL, {}, b"")

    assert caught.value.code == "tls"
    assert peer.heads == []


def test_the_certificate_has_to_be_trusted(monkeypatch: pytest.MonkeyPatch, secure: Any, peers: Any) -> None:
    peer = peers(listening(say(OK), secure[0]))
    Dialled(monkeypatch, peer)

    with pytest.raises(NoAnswer) as caught:
        SafeHttp(resolve=Resolver([PUBLIC])).post(URL, {}, b"")

    assert caught.value.code == "tls"
    assert peer.heads == []


def test_plain_text_on_the_port_of_tls_is_refused(monkeypatch: pytest.MonkeyPatch, peers: Any) -> None:
    peer = peers(listening(lambda _peer, connection: connection.sendall(OK)))
    Dialled(monkeypatch, peer)

    with pytest.raises(NoAnswer) as caught:
        SafeHttp(resolve=Resolver([PUBLIC])).post(URL, {}, b"")

    assert caught.value.code == "tls"


# What is asked and answered. From here on the peer is one that the operator allows: plain http on this machine.


def local(peer: Peer, **more: Any) -> tuple[SafeHttp, str]:
    return SafeHttp([f"127.0.0.1:{peer.port}"], **more), f"http://127.0.0.1:{peer.port}/in?a=1"


def test_one_post_goes_out_as_it_was_given(peers: Any) -> None:
    peer = peers(answering(OK)())
    client, url = local(peer)

    assert client.post(url, {"Content-Type": "application/json", "webhook-id": "evt_1"}, b'{"a": 1}').status == 200

    (head,) = peer.heads
    assert head.splitlines() == [
        "POST /in?a=1 HTTP/1.1",
        f"Host: 127.0.0.1:{peer.port}",
        "Content-Type: application/json",
        "webhook-id: evt_1",
        "Content-Length: 8",
        "Connection: close",
    ]
    assert peer.bodies == [b'{"a": 1}']


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(peers: Any, status: int) -> None:
    """PATT, “Bypass using HTTP redirection”."""
    inner = peers(answering(OK)())
    to = f"Location: http://127.0.0.1:{inner.port}/\r\n"
    peer = peers(answering(f"HTTP/1.1 {status} Moved\r\n{to}Content-Length: 0\r\n\r\n".encode())())
    client, url = local(peer)

    assert client.post(url, {}, b"").status == status
    assert (peer.connections, inner.connections) == (1, 0)


def test_a_header_with_a_line_break_goes_nowhere(peers: Any) -> None:
    peer = peers(answering(OK)())
    client, url = local(peer)

    with pytest.raises(NoAnswer):
        client.post(url, {"X-A": "b\r\nX-C: d"}, b"")

    assert peer.heads == []


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,
    ],
    ids=["nothing", "empty lines", "SSH", "no number", "no status", "a long header", "many headers", "only 100"],
)
def test_what_is_no_http_answer_is_said_to_be_malformed(peers: Any, answer: bytes) -> None:
    peer = peers(answering(answer)())
    client, url = local(peer)

    with pytest.raises(NoAnswer) as caught:
        client.post(url, {}, b"")

    assert caught.value.code == "malformed"


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (b"Content-Length: 1000000000\r\n\r\n", b"x" * 65536),
        (b"\r\n", b"x" * 65536),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"e" * 1000 + b"\r\nx\r\n"),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: y\r\n"),
    ],
    ids=["length", "until it ends", "chunks", "chunk extensions", "trailers"],
)
def test_an_endless_answer_is_read_to_its_limit_only(peers: Any, head: bytes, block: bytes) -> None:
    sent = 0

    def pour(peer: Peer, connection: socket.socket) -> None:
        nonlocal sent
        peer.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head)
        while not peer.stopped.is_set():
            sent += connection.send(block)

    client, url = local(peers(listening(pour)))

    answer = client.post(url, {}, b"")

    assert answer.status == 200
    assert len(answer.body) <= safe_http.MAX_BODY
    assert sent < 32 << 20  # what lay in the sockets' buffers, and no more


def test_a_compressed_answer_is_not_unpacked(peers: Any) -> None:
    peer = peers(answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08")())
    client, url = local(peer)

    assert client.post(url, {}, b"").body == b"\x1f\x8b\x08"


def test_an_answer_that_breaks_off_in_its_body_has_its_status(peers: Any) -> None:
    peer = peers(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")())
    client, url = local(peer)

    assert client.post(url, {}, b"").status == 200


# Time


def drip(prefix: bytes, drop: bytes, every: float = 0.05) -> Callable[[Peer, socket.socket], object]:
    def act(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        connection.sendall(prefix)
        while not peer.stopped.wait(every):
            connection.sendall(drop)

    return act


def silent(peer: Peer, _connection: socket.socket) -> None:
    peer.stopped.wait(60)


@pytest.mark.parametrize(
    "act",
    [
        drip(b"", b"H"),
        drip(b"HTTP/1.1 200 OK\r\nX-A: ", b"b"),
        drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"e"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        silent,
    ],
    ids=[
        *("status line", "a header", "headers", "body", "body until it ends", "chunks", "a chunk's head"),
        *("100 Continue", "silence"),
    ],
)
def test_an_answer_that_drips_in_is_cut_off_at_the_deadline_for_the_whole(peers: Any, act: Any) -> None:
    """Slowloris, from the server's side: a timeout for each read would never end."""
    client, url = local(peers(listening(act)), answering=0.6)

    with pytest.raises(NoAnswer) as caught:
        client.post(url, {}, b"{}")

    assert caught.value.code == "timeout"


def test_a_receiver_that_does_not_read_is_given_up_too(peers: Any) -> None:
    client, url = local(peers(listening(silent)), answering=0.6)

    with pytest.raises(NoAnswer) as caught:
        client.post(url, {}, b"x" * (64 << 20))

    assert caught.value.code == "timeout"


def test_a_handshake_that_drips_in_is_cut_off(monkeypatch: pytest.MonkeyPatch, peers: Any) -> None:
    def act(peer: Peer, connection: socket.socket) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")  # a handshake record of 16 KiB begins
        while not peer.stopped.wait(0.05):
            connection.sendall(b"\x00")

    Dialled(monkeypatch, peers(listening(act)))

    with pytest.raises(NoAnswer) as caught:
        SafeHttp(resolve=Resolver([PUBLIC]), connecting=0.6).post(URL, {}, b"")

    assert caught.value.code in ("timeout", "tls")


def test_a_name_server_that_hangs_holds_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_http, "RESOLVING", 3)
    hang = threading.Event()
    client = SafeHttp(resolve=lambda *_: hang.wait(60) and [PUBLIC], connecting=0.2)  # type: ignore[arg-type, return-value]

    codes = []
    for _ in range(4):
        with pytest.raises(NoAnswer) as caught:
            client.post(URL, {}, b"")
        codes.append(caught.value.code)
    hang.set()

    assert codes == ["timeout", "timeout", "timeout", "unresolved"]


def test_addresses_that_swallow_connections_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    def swallow(_address: str, _port: int, timeout: float) -> socket.socket:
        given.append(timeout)
        time.sleep(timeout)
        raise TimeoutError

    monkeypatch.setattr(safe_http, "_connected", swallow)

    with pytest.raises(NoAnswer) as caught:
        SafeHttp(resolve=Resolver(["1.1.1.1", "8.8.8.8", "9.9.9.9"]), connecting=0.6).post(URL, {}, b"")

    assert caught.value.code == "timeout"
    assert len(given) >= 2
    assert sum(given) <= 0.6


# ENDPOINTS_ALLOW


def test_what_the_operator_allows_is_that_host_and_port_only(peers: Any) -> None:
    peer, other = peers(answering(OK)()), peers(answering(OK)())
    client = SafeHttp([f"127.0.0.1:{peer.port}"])

    assert client.post(f"http://127.0.0.1:{peer.port}/", {}, b"").status == 200
    for url in (
        f"http://127.0.0.1:{other.port}/",
        f"http://localhost:{peer.port}/",
        f"http://127.1:{peer.port}/",
        f"http://a@127.0.0.1:{peer.port}/",
    ):
        with pytest.raises(NoAnswer) as caught:
            client.post(url, {}, b"")
        assert caught.value.code == "forbidden"
    assert (peer.connections, other.connections) == (1, 0)


def test_plain_http_is_for_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled = Dialled(monkeypatch)
    allow = ["10.0.0.1:8080", "hooks.example.com:8080", "localhost:8080"]

    for url in ("http://10.0.0.1:8080/", "http://hooks.example.com:8080/", "http://localhost:8080/"):
        with pytest.raises(NoAnswer) as caught:
            SafeHttp(allow, resolve=Resolver([PUBLIC])).post(url, {}, b"")
        assert caught.value.code == "forbidden"
    assert dialled.addresses == []


def test_a_private_host_that_is_allowed_is_reached_over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled = Dialled(monkeypatch)

    with pytest.raises(NoAnswer) as caught:
        SafeHttp(["hooks.corp:8443"], resolve=Resolver(["10.1.2.3"])).post("https://hooks.corp:8443/", {}, b"")

    assert caught.value.code == "unreachable"
    assert dialled.addresses == ["10.1.2.3"]
