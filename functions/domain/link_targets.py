"""Where a link in a mail leads, written so that a redirect can go there: ASCII, http or https, with a host."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

# The URL standard drops these before it reads a URL (https://url.spec.whatwg.org/#concept-basic-url-parser).
_OUTER = "".join(map(chr, range(0x21)))
_INNER = re.compile("[\t\n\r]")
_PRINTABLE = re.compile(r"[!-~]+")
_KEPT = "".join(chr(c) for c in range(0x21, 0x7F))  # what is ASCII stands as its author wrote it, escapes included


def target(href: str) -> str | None:
    """The same place as an ASCII URL; None for what is no complete http(s) URL (mailto:, #there, /relative, …)."""
    cleaned = _INNER.sub("", href.strip(_OUTER))
    if not cleaned[:8].lower().startswith(("http://", "https://")):
        return None
    try:
        parts = urlsplit(cleaned)
        host, _ = parts.hostname, parts.port  # raises ValueError where the port is no number
        if not host:
            return None
        if not cleaned.isascii():
            netloc = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode("ascii")
            cleaned = urlunsplit(parts._replace(netloc=netloc))
    except ValueError:  # UnicodeError, of a host that can't be, is one
        return None
    found = quote(cleaned, safe=_KEPT)
    return found if _PRINTABLE.fullmatch(found) else None


def may_follow(url: str) -> bool:
    """Whether a redirect may go there: asked again when a link is clicked, whatever made the link."""
    return target(url) == url
