"""An html as text: what somebody reads who sees no html. Links as `text (url)`, images as their alt text.

Only for html that our sanitiser wrote: in that, tags are balanced, attributes quoted, and every `<` in text is escaped.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape

from functions.domain.html_documents import VOID

_TOKEN = re.compile(
    r'<(?P<end>/?)(?P<tag>[a-z][a-z0-9]*)(?P<attributes>(?:\s[^\s=>]+(?:="[^"]*")?)*)\s*/?>|(?P<text>[^<]+)'
)
_ATTRIBUTE = re.compile(r'([^\s=]+)="([^"]*)"')
_SPACE = re.compile(r"[ \t\r\n\f]+")
_INVISIBLE = str.maketrans({"\u00a0": " ", **dict.fromkeys("\u00ad\u034f\u200b\u2060\ufeff", "")})
# Between two letters these spell a word (Persian, Indic scripts), between emoji they make one of them. By a space, by
# each other or alone they are padding.
_JOINERS = "\u200c\u200d"
_BLANK = rf"[\s\u00ad\u034f\u200b\u2060\ufeff{_JOINERS}]"
_PADDING = re.compile(rf"[{_JOINERS}](?={_BLANK})|(?<={_BLANK})[{_JOINERS}]|\A[{_JOINERS}]\Z")
_HIDDEN = re.compile(r"(?:^|[;\s])display\s*:\s*none", re.IGNORECASE)
_WITH_ATTRIBUTES = frozenset(("a", "img", "ol"))
_LISTS = ("ul", "ol")
# Between paragraphs stands an empty line; other blocks start a line.
_PARAGRAPHS = frozenset((
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "pre", "figure",
))  # fmt: skip
_BLOCKS = _PARAGRAPHS | frozenset((
    "address", "article", "aside", "caption", "center", "dd", "div", "dt", "figcaption", "footer", "header", "hr", "li",
    "main", "nav", "section", "tbody", "tfoot", "thead", "tr", "body",
))  # fmt: skip


def tokens(html: str) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """("start", tag, attributes), ("end", tag, {}), ("text", text, {}): entities resolved. Void elements only start."""
    for token in _TOKEN.finditer(html):
        if token["text"] is not None:
            yield "text", unescape(token["text"]), {}
        elif token["end"]:
            yield "end", token["tag"], {}
        else:
            yield "start", token["tag"], _attributes(token["attributes"])


def _attributes(written: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(written)} if written else {}


def as_text(html: str) -> str:
    """Ends with a line feed, or is empty."""
    writer = _Writer()
    skipping = 0  # how deep we are in an element that is hidden
    for token in _TOKEN.finditer(html):
        end, tag, attributes, text = token.groups()
        if skipping:
            if tag and tag not in VOID:
                skipping += -1 if end else 1
        elif text is not None:
            writer.text(unescape(text))
        elif end:
            writer.end(tag)
        elif "display:" in attributes and tag not in VOID and _HIDDEN.search(_attributes(attributes).get("style", "")):
            skipping = 1
        else:
            writer.start(tag, _attributes(attributes) if tag in _WITH_ATTRIBUTES else {})
    return writer.result()


def _visible(text: str) -> str:
    if text.isascii():
        return text
    if any(joiner in text for joiner in _JOINERS):
        text = _PADDING.sub("", text)
    return text.translate(_INVISIBLE)


class _Writer:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._space = False  # a space is due before the next word
        self._gap = True  # an empty line stands here already, or nothing at all
        self._lists: list[int] = []  # the number of the last item; -1 for one without numbers
        self._bullet = ""
        self._quotes = self._pre = 0
        self._links: list[tuple[str, int, int]] = []  # address; where the link's text starts: line, column
        self._image = False  # one stands in the link
        self._cell = False  # a cell has ended on this line

    def text(self, value: str) -> None:
        if self._pre:
            first, *others = _visible(value).replace("\r\n", "\n").split("\n")
            self._line += first
            for line in others:
                self._break()
                self._line = line
            return
        value = _visible(_SPACE.sub(" ", value))
        words = value.strip(" ")
        if not words:
            self._space = self._space or (bool(value) and bool(self._line))
            return
        if self._line:
            self._line += " | " if self._cell else " " if self._space or value[0] == " " else ""
        self._cell = False
        self._line += words
        self._space = value[-1] == " "

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _BLOCKS:
            self._block(tag in _PARAGRAPHS and not (tag in _LISTS and self._lists))
        match tag:
            case "br":
                self._break()
            case "hr":
                self._line = "-" * 40
                self._block(False)
            case "img":
                self._image = True
                self.text(attributes.get("alt", ""))
            case "td" | "th":
                self._cell = bool(self._line)
            case "a":
                self._links.append((attributes.get("href", ""), len(self._lines), len(self._line)))
                self._image = False
            case "ul":
                self._lists.append(-1)
            case "ol":
                start = attributes.get("start", "1")
                self._lists.append(int(start) - 1 if re.fullmatch(r"\d{1,6}", start) else 0)
            case "li":
                self._item()
            case "blockquote":
                self._quotes += 1
            case "pre":
                self._pre += 1

    def end(self, tag: str) -> None:
        if tag == "a" and self._links:
            self._end_link()
        if tag in _BLOCKS:
            self._block(tag in _PARAGRAPHS and not (tag in _LISTS and len(self._lists) > 1))
        if tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "blockquote":
            self._quotes -= 1
            if self._gap and self._lines:
                self._lines[-1] = self._empty()  # below the quotation, not in it
        elif tag == "pre":
            self._pre -= 1

    def result(self) -> str:
        self._block(False)
        return "\n".join(self._lines).strip("\n") + "\n" if any(self._lines) else ""

    def _end_link(self) -> None:
        href, line, column = self._links.pop()
        shown = " ".join((*self._lines[line:], self._line))[column:] if line < len(self._lines) else self._line[column:]
        shown = shown.strip(" |")
        address = href.removeprefix("mailto:").removeprefix("tel:")
        if not href or href.startswith("#"):
            return
        if not shown:
            self.text(address if self._image else "")
        elif shown.rstrip("/") not in (href.rstrip("/"), address, re.sub(r"^https?://", "", href).rstrip("/")):
            self._space = True
            self.text(f"({address})")

    def _item(self) -> None:
        if not self._lists:
            self._lists.append(-1)
        if self._lists[-1] >= 0:
            self._lists[-1] += 1
        self._bullet = f"{self._lists[-1]}. " if self._lists[-1] >= 0 else "- "

    def _block(self, paragraph: bool) -> None:
        """A block begins or ends here; around a paragraph stand empty lines."""
        if self._line:
            self._break()
        if paragraph and not self._gap and not self._bullet:
            self._lines.append(self._empty())
            self._gap = True
        self._space = self._cell = False

    def _empty(self) -> str:
        return ("> " * self._quotes).rstrip()

    def _break(self) -> None:
        """Ends the line. An empty one counts as the empty line between paragraphs."""
        words = self._line.rstrip() if self._pre else self._line.strip()
        if words or not self._gap:
            indent = "  " * max(len(self._lists) - 1, 0)
            hanging = " " * 2 if self._lists and not self._bullet else ""
            prefix = f"{indent}{self._bullet or hanging}" if words and self._lists else ""
            self._lines.append(f"{'> ' * self._quotes}{prefix}{words}".rstrip())
            self._gap = not words
            if words:
                self._bullet = ""
        self._line = ""
        self._space = self._cell = False
