"""Our own HTTP: does what it is told once, and says whether a byte of the body can have arrived."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from functions.adapters import http
from functions.adapters.http import Http, RequestFailed, get_json
from functions.domain.errors import Unavailable
from tests.adapters.peers import Peer, certificate, listening
from tests.faults.stub import Act, Stub
from tests.faults.stub import http as answer_with

PLACES = ("before_reading", "first_byte", "after_headers", "mid_body", "after_body")
OK = Act(answer=answer_with(200, b'{"a": 1}', "X-Some: Thing"))


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def client() -> Http:
    return Http(connect_timeout=10, timeout=10)


def blocks(size: int = 100_000, count: int = 3) -> Any:
    return lambda: (b"x" * size for _ in range(count))


def test_an_answer_has_status_headers_and_body(client: Http, stub: Stub) -> None:
    stub.script.append(OK)

    answer = client.request("POST", f"{stub.url}/p?q=1", headers={"X-Mine": "1"}, body=b"abc")

    assert (answer.status, answer.json(), answer.headers["x-some"]) == (200, {"a": 1}, "Thing")
    head = stub.heads[0].decode()
    assert head.startswith("POST /p?q=1 HTTP/1.1\r\n")
    assert "X-Mine: 1" in head
    assert "Content-Length: 3" in head
    assert stub.bodies == [b"abc"]


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("place", PLACES)
def test_a_post_is_never_made_twice(client: Http, stub: Stub, place: Any, how: Any, streamed: bool) -> None:
    stub.script.append(Act(place, how=how))

    with pytest.raises(RequestFailed) as caught:
        client.request("POST", stub.url, body=blocks() if streamed else b"abc", size=300_000)

    # A server that ends a connection as soon as it is made may be faster than the first byte.
    assert caught.value.body_begun or place == "before_reading"
    assert stub.connections == 1
    assert len(stub.heads) <= 1


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("place", PLACES[1:])
def test_a_post_on_a_kept_connection_is_never_made_twice(
    client: Http, stub: Stub, place: Any, how: Any, streamed: bool
) -> None:
    client.request("GET", stub.url)
    stub.script.append(Act(place, how=how))

    with pytest.raises(RequestFailed) as caught:
        client.request("POST", stub.url, body=blocks() if streamed else b"abc", size=300_000)

    assert caught.value.body_begun
    assert stub.connections == 1
    assert len(stub.heads) <= 2


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        answer_with(200, b"half", length=8),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 70_000,
    ],
    ids=["garbage", "half a body", "half a chunk", "too many headers", "a long line"],
)
def test_an_answer_that_is_not_complete_is_none(client: Http, stub: Stub, answer: bytes) -> None:
    stub.script.append(Act(answer=answer, how="close"))

    with pytest.raises(RequestFailed):
        client.request("POST", stub.url, body=b"abc")

    assert stub.connections == 1


def test_an_answer_that_comes_too_late_is_none(client: Http, stub: Stub) -> None:
    stub.script.append(Act(how="silent"))

    with pytest.raises(RequestFailed, match="in time") as caught:
        client.request("POST", stub.url, body=b"abc", timeout=0.2)

    assert caught.value.body_begun


def test_a_server_that_is_not_there_has_seen_nothing(client: Http, stub: Stub) -> None:
    stub.close()

    with pytest.raises(RequestFailed) as caught:
        client.request("POST", stub.url, body=b"abc")

    assert not caught.value.body_begun


def test_a_host_that_does_not_exist_has_seen_nothing(client: Http) -> None:
    with pytest.raises(RequestFailed) as caught:
        client.request("POST", "http://nowhere.invalid/", body=b"abc")

    assert not caught.value.body_begun


def test_an_early_answer_is_read_although_the_body_was_not_taken(client: Http, stub: Stub) -> None:
    """A server that refuses need not read everything first."""
    stub.script.append(Act("after_headers", answer_with(413, b"{}"), "close"))

    answer = client.request("POST", stub.url, body=blocks(1_000_000, 10), size=10_000_000)

    assert answer.status == 413
    assert client.request("POST", stub.url, body=b"abc").status == 200
    assert stub.connections == 2  # the connection with half a body on it is of no use


def test_a_connection_is_used_again(client: Http, stub: Stub) -> None:
    for _ in range(5):
        client.request("POST", stub.url, body=b"abc")

    assert stub.connections == 1


def test_a_connection_that_the_server_wants_closed_is_not_kept(client: Http, stub: Stub) -> None:
    stub.script.append(Act(answer=answer_with(200, b"{}", "Connection: close"), how="close"))
    client.request("GET", stub.url)
    client.request("GET", stub.url)

    assert stub.connections == 2


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_was_closed_while_idle_is_replaced_unseen(client: Http, stub: Stub, how: Any) -> None:
    stub.script.append(Act(answer=OK.answer, how=how))
    client.request("GET", stub.url)
    assert stub.ended.acquire(timeout=10)

    assert client.request("POST", stub.url, body=b"abc").status == 200

    assert stub.connections == 2


def test_a_connection_that_was_idle_for_long_is_replaced(
    client: Http, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.request("GET", stub.url)
    monkeypatch.setattr(http, "MAX_IDLE", 0.0)
    client.request("GET", stub.url)

    assert stub.connections == 2


def test_an_answer_too_many_is_not_taken_for_that_of_the_next_request(client: Http, stub: Stub) -> None:
    stub.script.append(Act(answer=OK.answer + answer_with(200, b'{"whose": "?"}')))
    client.request("GET", stub.url)

    assert client.request("GET", stub.url).json() != {"whose": "?"}


def test_threads_have_connections_of_their_own_and_leave_them_for_others(client: Http, stub: Stub) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: client.request("POST", stub.url, body=b"%d" % n).status, range(40)))

    assert found == [200] * 40
    assert sorted(stub.bodies) == sorted(b"%d" % n for n in range(40))
    assert stub.connections <= 8


def test_a_body_that_fails_on_our_side_is_our_error_and_is_not_completed(client: Http, stub: Stub) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 100
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="disk"):
        client.request("POST", stub.url, body=broken, size=1000)

    assert client.request("POST", stub.url, body=b"abc").status == 200
    assert stub.bodies == [b"abc"]


def test_an_answer_without_end_is_cut_off(client: Http, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER", 1000)
    stub.script.append(Act(answer=answer_with(200, b"x" * 1001)))

    with pytest.raises(RequestFailed):
        client.request("GET", stub.url)


def test_what_a_server_says_in_between_is_no_answer(client: Http, stub: Stub) -> None:
    between = b"HTTP/1.1 103 Early Hints\r\nX-Some: Hint\r\nX-Hint: 1\r\n\r\n"
    stub.script.append(Act(answer=between + answer_with(200, b"yes", "X-Some: Thing")))

    answer = client.request("POST", stub.url, body=b"abc")

    assert (answer.status, answer.body, answer.headers["x-some"]) == (200, b"yes", "Thing")
    assert "x-hint" not in answer.headers
    client.request("POST", stub.url, body=b"abc")
    assert stub.connections == 1


def test_an_answer_without_a_length_ends_with_its_connection(client: Http, stub: Stub) -> None:
    stub.script.append(Act(answer=b"HTTP/1.1 200 OK\r\nX-Some: Thing\r\n\r\nall of it", how="close"))

    assert client.request("GET", stub.url).body == b"all of it"


def test_an_answer_that_ends_within_its_headers_is_none(client: Http, stub: Stub) -> None:
    stub.script.append(Act(answer=b"HTTP/1.1 200 OK\r\nX-Some: Thing\r\nX-Oth", how="close"))

    with pytest.raises(RequestFailed):
        client.request("GET", stub.url)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"X-Mine": "1\r\nX-Other: 2"}),
        ("/", {"X-Mine\r\nX-Other": "1"}),
        ("/", {"X-Mine": "\x00"}),
        ("/a b", {}),
        ("/\u00e9", {}),
    ],
)
def test_nothing_gets_a_line_of_its_own_into_a_request(
    client: Http, stub: Stub, path: str, headers: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="Not a"):
        client.request("GET", stub.url + path, headers=headers)

    assert stub.connections == 0


def test_a_short_message_leaves_in_one_piece_with_its_head() -> None:
    pieces: list[bytes] = []

    class Socket:
        def sendall(self, data: bytes) -> None:
            pieces.append(bytes(data))

    sending = http._Sending(Socket())  # type: ignore[arg-type]
    assert sending.all(b"head", lambda: iter([b"a" * 1000, b"b" * 1000]))
    assert pieces == [b"head" + b"a" * 1000 + b"b" * 1000]
    pieces.clear()
    assert sending.all(b"head", lambda: iter([b"a", b"b" * 100_000, b"c", b"d"]))
    assert pieces == [b"heada", b"b" * 100_000, b"cd"]


Secure = Callable[[str], tuple[Peer, list[bool]]]


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secure]:
    """Starts a server with a certificate for a name, trusted as the platform's roots are; and whether sessions of TLS
    were resumed with it."""
    started: list[Peer] = []

    def start(name: str) -> tuple[Peer, list[bool]]:
        resumed: list[bool] = []

        def answer(peer: Peer, connection: socket.socket) -> None:
            assert isinstance(connection, ssl.SSLSocket)
            resumed.append(bool(connection.session_reused))
            while True:
                peer.read(connection)
                connection.sendall(answer_with(200, b"yes"))

        context, chain = certificate(tmp_path, name)
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
        started.append(listening(answer, context))
        return started[-1], resumed

    yield start
    for peer in started:
        peer.close()


def test_over_tls_a_later_connection_resumes_the_session(client: Http, secure: Secure) -> None:
    peer, resumed = secure("localhost")
    url = f"https://localhost:{peer.port}/"
    for _ in range(2):
        assert client.request("POST", url, body=b"abc").body == b"yes"
    assert resumed == [False]  # one connection
    client._idle.clear()
    assert client.request("POST", url, body=b"abc").body == b"yes"
    assert resumed == [False, True]


def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_sent(
    client: Http, secure: Secure, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, _ = secure("localhost")
    monkeypatch.delenv("SSL_CERT_FILE")

    with pytest.raises(RequestFailed, match="TLS failed") as caught:
        client.request("POST", f"https://localhost:{peer.port}/", body=b"abc")

    assert not caught.value.body_begun
    assert peer.heads == []


def test_a_certificate_of_another_host_is_refused(client: Http, secure: Secure) -> None:
    peer, _ = secure("elsewhere.example")

    with pytest.raises(RequestFailed, match="TLS failed"):
        client.request("POST", f"https://localhost:{peer.port}/", body=b"abc")

    assert peer.heads == []


def test_redirects_are_not_followed(client: Http, stub: Stub) -> None:
    stub.script.append(Act(answer=answer_with(302, b"", f"Location: {stub.url}/elsewhere")))

    assert client.request("POST", stub.url, body=b"abc").status == 302
    assert len(stub.heads) == 1


def test_what_failed_is_said_without_what_was_sent(client: Http, stub: Stub) -> None:
    stub.script.append(Act(how="reset"))

    with pytest.raises(RequestFailed) as caught:
        client.request("POST", f"{stub.url}/?key=hush", headers={"Authorization": "Bearer hush"}, body=b"hush")

    assert "hush" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_a_document_is_asked_for_twice_where_a_connection_broke(client: Http, stub: Stub) -> None:
    stub.script.extend([Act(how="reset"), OK])

    assert get_json(client, stub.url) == {"a": 1}


@pytest.mark.parametrize(
    "acts",
    [
        [Act(how="reset")] * 2,
        [Act(answer=answer_with(503, b"{}"))] * 2,
        [Act(answer=answer_with(404, b"{}"))],
        [Act(answer=answer_with(200, b"<html>"))],
    ],
    ids=["broken twice", "503 twice", "404", "a web page"],
)
def test_a_document_that_cannot_be_had_is_unavailable(client: Http, stub: Stub, acts: list[Act]) -> None:
    stub.script.extend(acts)

    with pytest.raises(Unavailable):
        get_json(client, stub.url)

    assert not stub.script


def test_the_first_document_is_enough(client: Http, stub: Stub) -> None:
    stub.script.append(Act(answer=answer_with(200, json.dumps([1]).encode())))

    assert get_json(client, stub.url) == [1]
    assert len(stub.heads) == 1
