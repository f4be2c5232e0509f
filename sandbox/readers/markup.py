"""What the HTML of a mail leads to: links, and pictures from the web."""

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

_CID = re.compile(r"(=\s*[\"']?|url\(\s*[\"']?)cid:([^\"'\s)>]+)", re.IGNORECASE)
_PICTURE = re.compile(
    r"((?:<img\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*?\ssrc|\sbackground)\s*=\s*[\"']?)(https?://[^\"'\s>]+)"
    r"|(url\(\s*(?:[\"']|&quot;|&#39;)?)(https?://[^\"'\s)>&]+(?:&amp;[^\"'\s)>&]+)*)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def with_own_pictures(markup: str, base: str) -> str:
    """`cid:` references (RFC 2392) become `base` + the quoted content id."""
    return _CID.sub(lambda match: f"{match[1]}{base}{quote(match[2], safe='%')}", markup)


def pictures(markup: str) -> list[str]:
    """Addresses of the pictures that come from the web, each once."""
    found = (unescape(match[2] or match[4]) for match in _PICTURE.finditer(markup))
    return list(dict.fromkeys(found))


def with_pictures(markup: str, address: Callable[[int], str]) -> str:
    """Each picture from the web comes from `address(its number in pictures())` instead."""
    numbers = {url: number for number, url in enumerate(pictures(markup))}
    return _PICTURE.sub(
        lambda match: f"{match[1] or match[3]}{address(numbers[unescape(match[2] or match[4])])}", markup
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
        if is_web(address):
            found.setdefault(address, " ".join(text.split()) or address)
    return list(found.items())


def links_of_text(text: str) -> list[tuple[str, str]]:
    return [(address, address) for address in dict.fromkeys(_ADDRESS.findall(text))]


def is_web(address: str) -> bool:
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
