"""URLs that a caller chose and we are to call: which are refused as they stand, and which addresses are connected to.

What a name resolves to is only known when it is called, and can be another thing each time (DNS rebinding): so the
address is what counts, and `forbidden` is asked about every one of them right before connecting to it. Refusing a URL
when it is given is only kinder.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

LIMIT = 2000  # characters
HTTPS, UNPRIVILEGED = 443, 1024

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# Names that lead inwards wherever they lead: RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`, Kubernetes, Google's
# metadata server, and what home routers hand out.
_INWARD = frozenset({"localhost", "localdomain", "local", "internal", "intranet", "corp", "home", "lan", "svc"})
_INWARD_NAMES = ("home.arpa", "metadata.goog")

# https://www.iana.org/assignments/iana-ipv4-special-registry, as of 2025.
_IPV4 = {
    IPv4Network(network): why
    for network, why in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by carriers (CGNAT)",
        "127.0.0.0/8": "loopback",
        "168.63.129.16/32": "a cloud's own",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "reserved for protocols",
        "192.0.2.0/24": "documentation",
        "192.31.196.0/24": "AS112",
        "192.52.193.0/24": "AMT",
        "192.88.99.0/24": "6to4 relay",
        "192.168.0.0/16": "private",
        "192.175.48.0/24": "AS112",
        "198.18.0.0/15": "benchmarking",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
    }.items()
}
# Of IPv6 only 2000::/3 is global unicast. That leaves out ::1, the IPv4-mapped and -compatible, NAT64 (64:ff9b::/96
# and 64:ff9b:1::/48), unique local, link-local, site-local, multicast and discard-only; here is what else is special
# (https://www.iana.org/assignments/iana-ipv6-special-registry).
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_IPV6 = {
    IPv6Network(network): why
    for network, why in {
        "2001::/23": "reserved for protocols (Teredo, benchmarking, ORCHID)",
        "2001:db8::/32": "documentation",
        "2002::/16": "6to4",
        "2620:4f:8000::/48": "AS112",
        "3ffe::/16": "6bone, given back",
        "3fff::/20": "documentation",
    }.items()
}
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214 §6.1: an interface id that holds an IPv4 address


class NotPublic(ValueError):
    """The URL may not be called. Its text is for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads. `allowed`: the operator allows this host and port whatever its address."""

    scheme: str
    host: str  # a name in lower case, or an IP address without brackets
    port: int
    path: str  # with the query
    allowed: bool = False

    @property
    def authority(self) -> str:
        """As the Host header names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTPS if self.scheme == "https" else 80) else f"{host}:{self.port}"


def parse(url: str, allow: Collection[str] = ()) -> Target:
    """`allow`: `host:port` that may be called though private and, on this machine, over http. Raises NotPublic."""
    # Whatever URL parsers disagree about is refused: they drop tabs and line breaks, and some take `\\` for a slash.
    if not _VISIBLE.fullmatch(url) or len(url) > LIMIT or set(url) & set('\\"<>^`{|}'):
        raise NotPublic(f"This must be a URL of at most {LIMIT} visible ASCII characters; write others as %XX or xn--.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").lower()
    except ValueError:
        raise NotPublic("This is not a URL.") from None
    if parts.scheme not in ("https", "http") or not host or not url[: len(parts.scheme) + 3].endswith("://"):
        raise NotPublic("This must be an https:// URL.")
    if "@" in parts.netloc:
        raise NotPublic("A user name or password in the URL is not allowed.")
    if "#" in url:
        raise NotPublic("A fragment (#…) is not allowed: it would not be sent.")
    port = port if port is not None else (HTTPS if parts.scheme == "https" else 80)
    allowed = f"{f'[{host}]' if ':' in host else host}:{port}" in allow
    target = Target(parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), allowed)
    if target.scheme == "http" and not (allowed and _on_this_machine(host)):
        raise NotPublic("This must be an https:// URL.")
    if port != HTTPS and not UNPRIVILEGED <= port <= 65535 and not allowed:
        raise NotPublic(f"The port must be {HTTPS}, or one from {UNPRIVILEGED} to 65535.")
    if problem := "" if allowed else _host_problem(host, literal="[" in parts.netloc):
        raise NotPublic(problem)
    return target


def forbidden(address: str) -> str:
    """Why this IP address may not be connected to; empty where it may."""
    try:
        found = ip_address(address)
    except ValueError:
        return "not an address"
    if isinstance(found, IPv4Address):
        return next((why for network, why in _IPV4.items() if found in network), "")
    if found.scope_id is not None or found not in _GLOBAL_UNICAST:
        return "not global unicast"
    if (int(found) >> 32) & 0xFFFFFFFF in _ISATAP:
        return "ISATAP"
    return next((why for network, why in _IPV6.items() if found in network), "")


def loopback(address: str) -> bool:
    return ip_address(address).is_loopback


def _on_this_machine(host: str) -> bool:
    try:
        return loopback(host)
    except ValueError:
        return host == "localhost"


def _host_problem(host: str, *, literal: bool) -> str:
    if literal:
        return _address_problem(host, IPv6Address)
    labels = host.split(".")
    # The URL Standard's “ends in a number”: such a host is an IPv4 address in one of its old forms (decimal, octal,
    # hexadecimal, short), and only the plain one is taken.
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        return _address_problem(host, IPv4Address)
    if not all(map(_LABEL.fullmatch, labels)) or len(host) > 253:
        return "The host is not a name that DNS has: letters, digits and hyphens between dots, and no dot at its end."
    if len(labels) == 1 or labels[-1] in _INWARD or any(f".{host}".endswith(f".{name}") for name in _INWARD_NAMES):
        return "The host must be a public name: this one leads to a private network."
    return ""


def _address_problem(host: str, kind: type[IPv4Address | IPv6Address]) -> str:
    try:
        kind(host)
    except ValueError:
        return "The host is not an IP address in its plain form."
    why = forbidden(host)
    return f"The address is not a public one: {why}." if why else ""
