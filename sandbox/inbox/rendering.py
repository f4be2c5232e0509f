"""Hostile HTML made harmless to look at."""

import re
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

_CID = re.compile(r"(=\s*[\"']?|url\(\s*[\"']?)cid:([^\"'\s)>]+)", re.IGNORECASE)

# Pictures that a browser cannot be tricked into running; SVG is not among them.
SAFE_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif"})


def with_own_pictures(markup: str, base: str) -> str:
    """`cid:` references (RFC 2392) become `base` + the quoted content id."""
    return _CID.sub(lambda match: f"{match[1]}{base}{quote(match[2], safe='%')}", markup)


def body_policy(picture_base: str) -> str:
    """Content-Security-Policy of a mail's own document: no script, no form, pictures of this mail only."""
    return (
        f"sandbox; default-src 'none'; img-src data: {picture_base}; style-src 'unsafe-inline';"
        " form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )


def links(markup: str) -> list[tuple[str, str]]:
    """Web links as (address, text), each address once."""
    collector = _Links()
    try:
        collector.feed(markup)
        collector.close()
    except AssertionError:
        pass  # html.parser lost its way; what came before counts
    found: dict[str, str] = {}
    for address, text in collector.found:
        if _is_web(address):
            found.setdefault(address, " ".join(text.split()) or address)
    return list(found.items())


def _is_web(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return False


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href")
        if tag == "a" and address:
            self.found.append((address.strip(), ""))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._inside:
            address, text = self.found[-1]
            self.found[-1] = (address, text + data)
