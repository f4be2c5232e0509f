"""Finding the tags of an HTML text by the rules browsers have, without changing a character of it.

Only positions come out, so what is not touched stays as it was, however broken. One pass, linear in the length.
https://html.spec.whatwg.org/multipage/parsing.html#tokenization
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5

# What stands between these is text, whatever it looks like.
_TEXT_ONLY = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
_OPENING = re.compile(r"<(?:(?P<comment>!--)|(?P<tag>/?[a-zA-Z])|(?P<bogus>[!?/]))")
_COMMENT_END = re.compile(r"--!?>")
_NAME = re.compile(r"[^\t\n\f\r />]++")
_BARE = re.compile(r"</?[a-zA-Z][^\t\n\f\r />]*+>")  # as most tags are
_TAG_END = re.compile(r"[\t\n\f\r /]*+>")
_ATTRIBUTE = re.compile(
    r"[\t\n\f\r /]*+(?P<name>[^\t\n\f\r />][^\t\n\f\r />=]*+)(?P<equals>[\t\n\f\r ]*+=[\t\n\f\r ]*+)?"
)
_UNQUOTED = re.compile(r"[^\t\n\f\r >]*+")
_REFERENCE = re.compile(r"&(?:#[xX]([0-9a-fA-F]+);?|#([0-9]+);?|([a-zA-Z][a-zA-Z0-9]*)(;|(?![a-zA-Z0-9=])))")


@dataclass(frozen=True, slots=True)
class Attribute:
    """`start` and `end` are of the value in the text, its quotes not included."""

    value: str  # decoded
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Tag:
    name: str  # lower case; with a slash in front if it closes
    start: int
    attributes: dict[str, Attribute] = field(default_factory=dict)  # of repeated ones the first, as in browsers


@dataclass(frozen=True, slots=True)
class Hidden:
    """A stretch that is not shown: a comment, or the text of a script or a style sheet."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The text ends inside of something that began here: a browser shows nothing of it."""

    start: int


def scan(html: str) -> Iterator[Tag | Hidden | Cut]:
    """In order. Attributes are read of start tags only."""
    at = 0
    while found := _OPENING.search(html, at):
        start = found.start()
        if found["tag"]:
            tag, at = _tag(html, start)
            if tag is None:
                yield Cut(start)
                return
            yield tag
            if tag.name == "plaintext":  # the rest of the document is text
                yield Cut(start)
                return
            if tag.name in _TEXT_ONLY:
                close = re.compile(rf"</{tag.name}(?=[\t\n\f\r />])", re.IGNORECASE).search(html, at)
                if close is None:
                    yield Cut(start)
                    return
                yield Hidden(at, close.start())
                at = close.start()
            continue
        if found["comment"]:
            # "<!-->" and "<!--->" are whole comments: their dashes count for both ends. Those of "--!>" don't.
            end = _COMMENT_END.search(html, start + 2)
            while end and end[0] == "--!>" and end.start() < start + 4:
                end = _COMMENT_END.search(html, end.start() + 1)
            at = end.end() if end else -1
        else:
            at = html.find(">", start) + 1 or -1
        if at < 0:
            yield Cut(start)
            return
        yield Hidden(start, at)


def _tag(html: str, start: int) -> tuple[Tag | None, int]:
    """The tag that begins at `start`, and where it ends; None where the text ends before."""
    if bare := _BARE.match(html, start):
        return Tag(html[start + 1 : bare.end() - 1].lower(), start), bare.end()
    name = _NAME.match(html, start + (2 if html.startswith("</", start) else 1))
    assert name  # noqa: S101 - a letter stands there
    at = name.end()
    attributes: dict[str, Attribute] = {}
    closes = html[start + 1] == "/"
    while not (end := _TAG_END.match(html, at)):
        found = _ATTRIBUTE.match(html, at)
        if found is None:
            return None, at
        at = found.end()
        if not found["equals"]:
            attributes.setdefault(found["name"].lower(), Attribute("", at, at, quoted=False))
            continue
        quote = html[at : at + 1]
        if quote and quote in "\"'":
            close = html.find(quote, at + 1)
            if close < 0:
                return None, at
            value_start, value_end, at = at + 1, close, close + 1
        else:
            unquoted = _UNQUOTED.match(html, at)
            assert unquoted  # noqa: S101 - nothing matches too
            value_start, value_end = unquoted.span()
            quote, at = "", value_end
        attributes.setdefault(
            found["name"].lower(),
            Attribute(_decoded(html[value_start:value_end]), value_start, value_end, bool(quote)),
        )
    return Tag(("/" if closes else "") + name[0].lower(), start, {} if closes else attributes), end.end()


def _decoded(value: str) -> str:
    """Character references, by the rules for attributes: in `?a=1&copy=2` there is none, in `?a=1&amp;b=2` one."""
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(found: "re.Match[str]") -> str:
    hexadecimal, decimal, name, end = found.groups()
    if name:
        return html5.get(name + end, found[0])
    digits = (hexadecimal or decimal).lstrip("0")[:9]  # more are no character, and take long to read
    number = int(digits or "0", 16 if hexadecimal else 10)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
