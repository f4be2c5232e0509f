"""Where a link in a mail leads, written so that a redirect can go there: ASCII, http or https, with a host."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

# The URL standard drops these before it reads a URL (https://url.spec.whatwg.org/#concept-basic-url-parser).
_OUTER = "".join(map(chr, range(0x21)))
_INNER = re.compile("[\t\n\r]")
_PRINTABLE = re.compile(r"[!-~]+")
_LONGEST = 16 << 10  # characters: no link of ours can carry more
_HOST_LIMIT = 253  # characters of a name (RFC 1035 §2.3.4)
_KEPT = "".join(chr(c) for c in range(0x21, 0x7F))  # what is ASCII stands as its author wrote it, escapes included


def target(href: str) -> str | None:
    """The same place as an ASCII URL; None for what is no complete http(s) URL (mailto:, #there, /relative, …)."""
    if len(href) > _LONGEST:
        return None
    cleaned = _INNER.sub("", href.strip(_OUTER))
    if not cleaned[:8].lower().startswith(("http://", "https://")):
        return None
    try:
        parts = urlsplit(cleaned)
        host, _ = parts.hostname, parts.port  # raises ValueError where the port is no number
        if not host:
            return None
        if not cleaned.isascii():
            cleaned = urlunsplit(parts._replace(netloc=_with_ascii_host(parts.netloc)))
    except (ValueError, IndexError):  # also of a host that can't be; idna lets some of its own through
        return None
    found = quote(cleaned, safe=_KEPT)
    return found if _PRINTABLE.fullmatch(found) else None


def _with_ascii_host(netloc: str) -> str:
    """Browsers take a host in other scripts by UTS #46; Python's own codec goes by IDNA of 2003, to another place."""
    user, at, place = netloc.rpartition("@")
    host, colon, port = place.partition(":")
    if host.isascii():
        return netloc
    if len(host) > _HOST_LIMIT:
        raise ValueError("no name is that long")
    import idna

    return f"{user}{at}{idna.encode(host, uts46=True).decode('ascii')}{colon}{port}"


def may_follow(url: str) -> bool:
    """Whether a redirect may go there: asked again when a link is clicked, whatever made the link."""
    return target(url) == url
