"""Requests to programs on this machine: as Gmail's picture proxy, a reader's browser, or Pub/Sub.

What a mail names is asked only at loopback addresses: no name is looked up but `localhost`, so nothing of a mail leaves
this machine, and no name can change its address in between. Certificates of such programs are self-signed: they are
not verified.
"""

import http.client
import ipaddress
import re
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

TIMEOUT = 10.0  # seconds
MAX_BODY = 10_000_000  # bytes of an answer that are read
_PRINTABLE = re.compile(r"[!-~]+")


class NotReached(Exception):
    """The text says why there is no answer."""


class NotHere(NotReached):
    """The address does not belong to a program on this machine."""


@dataclass(frozen=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    url: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    body: bytes | None = None,
    anywhere: bool = False,
) -> Answer:
    """Follows no redirect. Raises NotReached; NotHere unless the address is a loopback one, or may be `anywhere`."""
    parts = _split(url)
    addresses = loopback(parts.hostname or "")
    if not addresses and not anywhere:
        raise NotHere(f"{url} is not on this machine")
    problem: Exception | None = None
    for address in addresses or [parts.hostname or ""]:
        try:
            return _ask_at(address, parts, method, headers, body, verify=not addresses)
        except ConnectionRefusedError as exc:
            problem = exc  # `localhost` has two addresses; few programs listen on both
        except (OSError, http.client.HTTPException, ValueError) as exc:
            raise NotReached(f"{url} did not answer: {exc}") from exc
    raise NotReached(f"{url} did not answer: {problem}")


def loopback(host: str) -> list[str]:
    """The addresses of a host that is this machine by its name (RFC 6761 §6.3) or address; of others, none."""
    if host == "localhost" or host.endswith(".localhost"):
        return ["127.0.0.1", "::1"]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return []  # a name, or a number in the old notations (0177.1, 2130706433)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return [str(mapped or address)] if (mapped or address).is_loopback else []


def port(url: str) -> int:
    """Raises NotHere for what is no address of the web."""
    parts = _split(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as exc:
        raise NotHere(f"{url!r} is no address") from exc
    if parts.scheme not in ("http", "https") or not parts.hostname or not _PRINTABLE.fullmatch(url):
        raise NotHere(f"{url!r} is no address of the web")
    return parts


def _ask_at(
    address: str, parts: SplitResult, method: str, headers: Mapping[str, str], body: bytes | None, *, verify: bool
) -> Answer:
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(address, parts.port, timeout=TIMEOUT, context=context)
    else:
        connection = http.client.HTTPConnection(address, parts.port, timeout=TIMEOUT)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(connection):
        connection.request(method, target, body, {"Host": parts.netloc.rpartition("@")[2], **headers})
        answer = connection.getresponse()
        read = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, read, answer.read(MAX_BODY))
