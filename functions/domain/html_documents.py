"""An html of any kind, a whole document or a piece of one, taken apart and bounded before a parser sees it.

Parsers build the tree that the markup asks for: 10 KB of unclosed tags can ask for millions of elements, or for a depth
that ends the process. So tags are counted here as the HTML standard's tokenizer reads them (§13.2.5), in linear time.
"""

import re
from dataclasses import dataclass
from itertools import islice

TAGS_LIMIT = 20_000
DEPTH_LIMIT = 256  # elements open at once; what is never closed stays open
_FORMATTING_LIMIT = 200_000  # of open formatting elements over all tags: each is a possible copy in the tree
_COPIED_LIMIT = 10_000_000  # characters of these elements' attributes, which are copied with them
_ATTRIBUTES_LIMIT = 100  # of one tag
_ESCAPES_LIMIT = 20_000  # of & and no-break spaces: the sanitiser takes quadratic time for them

# What mail needs, and mail clients show.
ALLOWED = frozenset((
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center",
    "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "nav",
    "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
))  # fmt: skip
VOID = frozenset(("br", "col", "hr", "img", "wbr"))
_FORMATTING = frozenset(("a", "b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"))
_INLINE = _FORMATTING | frozenset((
    "abbr", "bdi", "bdo", "cite", "del", "dfn", "ins", "kbd", "mark", "q", "samp", "span", "sub", "sup", "time", "var",
))  # fmt: skip
_ITEMS = frozenset(("p", "li", "dd", "dt"))  # closed by the end of any block around them
_TABLE = frozenset(("table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup"))
# What a start tag closes, if it is the innermost element.
_CLOSES = {
    "li": ("li",), "dd": ("dd", "dt"), "dt": ("dd", "dt"), "td": ("td", "th"), "th": ("td", "th"),
    "tr": ("td", "th", "tr"), "tbody": ("td", "th", "tr", "tbody", "thead"),
    "tfoot": ("td", "th", "tr", "tbody", "thead"),
}  # fmt: skip

# Dropped with what they hold, up to their end.
_DROPPED = {
    name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
}
_S = r"[\t\n\f\r ]"
_TAG = re.compile(
    rf"""<(?P<end>/?)(?P<name>[a-zA-Z][^\t\n\f\r />]*+)(?P<attributes>(?:(?:{_S}|/)++"""
    r"""|(?:=[^\t\n\f\r />=]*+|[^\t\n\f\r />=]++)"""
    rf"""(?:{_S}*+={_S}*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\t\n\f\r >"'][^\t\n\f\r >]*+)?+)?+)*+)(?P<closed>>)?"""
)
_ATTRIBUTE = re.compile(rf"[^\t\n\f\r />=]++(?:{_S}*+={_S}*+(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\f\r >]*+))?")
_COMMENT_END = re.compile(r"--!?>|(?<=<!--)-?>")


class MarkupProblem(Exception):
    """A sentence saying which bound an html goes over."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`inner`: the body's content, allowed tags only but with all their attributes; `attributes`: the body's, as they
    stood; `css`: that of all style elements; `elements`: about as many as a parser can make of it."""

    inner: str
    attributes: str = ""
    css: str = ""
    elements: int = 0


def take_apart(html: str) -> Parts:
    """Raises MarkupProblem. Comments go too, conditional ones among them: Outlook would show what they hide from us."""
    if html.count("&") + html.count("\u00a0") > _ESCAPES_LIMIT:
        raise MarkupProblem(f"It has more than {_ESCAPES_LIMIT} special characters (&, <, >, quotes, no-break spaces).")
    pieces: list[str] = []
    css: list[str] = []
    attributes = ""
    tree = _Tree()
    kept = at = 0  # from `kept` to `at`, all stays as it is
    while (start := html.find("<", at)) >= 0:
        tag = _TAG.match(html, start)
        if not tag:
            pieces.append(html[kept:start])
            kept, text = _no_tag(html, start)
            pieces.append(text)
            at = kept
            continue
        end, name, written, closed = tag.groups()
        if not closed:  # the standard drops an unfinished tag, which is all the rest
            return Parts("".join((*pieces, html[kept:start])), attributes, "\n".join(css), tree.elements)
        at, name = tag.end(), name.lower()
        if name in ALLOWED:
            tree.close(name) if end else tree.open(name, written)
            continue
        pieces.append(html[kept:start])
        kept = at
        if end:
            continue
        if name in _DROPPED:
            over = _DROPPED[name].search(html, at)
            kept = over.start() if over else len(html)
            if name == "style":
                css.append(html[at:kept])
            at = kept
        elif name == "body":
            _check_attributes(written)
            attributes = attributes or written.rstrip("/")
    return Parts("".join((*pieces, html[kept:])), attributes, "\n".join(css), tree.elements)


def _no_tag(html: str, start: int) -> tuple[int, str]:
    """Behind a `<` that starts no tag: a comment or declaration, or text."""
    if html.startswith("<!--", start):
        end = _COMMENT_END.search(html, start + 4)
        return (end.end() if end else len(html)), ""
    if html.startswith(("<!", "<?", "</"), start):
        found = html.find(">", start)
        return (found + 1 if found >= 0 else len(html)), ""
    return start + 1, "&lt;"


def _check_attributes(attributes: str) -> None:
    if len(attributes) > 1_000 and any(islice(_ATTRIBUTE.finditer(attributes), _ATTRIBUTES_LIMIT, None)):
        raise MarkupProblem(f"A tag has more than {_ATTRIBUTES_LIMIT} attributes.")


class _Tree:
    """The elements that are open, or more: an end tag counts where it surely closes the innermost one."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._formatting: list[int] = []  # of those open, how long their attributes are
        self._tags = self._copies = 0
        self._written = self._copied = 0  # characters: of the attributes above; of all copies

    @property
    def elements(self) -> int:
        return max(self._tags, self._copies)

    def open(self, name: str, attributes: str) -> None:
        self._count()
        if len(attributes) > 1_000:
            _check_attributes(attributes)
        stack = self._open
        if name in VOID or (name in _TABLE and name != "table" and "table" not in stack):
            return  # a part of a table that is in no table is dropped, and must not be closed either
        while stack and (
            stack[-1] in _CLOSES.get(name, ()) or (stack[-1] == "p" and name not in _INLINE and name not in _TABLE)
        ):
            self._pop()
        stack.append(name)
        if name in _FORMATTING:
            self._formatting.append(len(attributes))
            self._written += len(attributes)
        if len(stack) > DEPTH_LIMIT:
            raise MarkupProblem(f"More than {DEPTH_LIMIT} elements are open at once: close what is opened.")

    def close(self, name: str) -> None:
        self._count()
        stack = self._open
        if stack and stack[-1] == name:
            self._pop()
            return
        closable = _closable(name)
        depth = len(stack)
        while depth and stack[depth - 1] != name and stack[depth - 1] in closable:
            depth -= 1
        if depth and stack[depth - 1] == name:
            while len(stack) >= depth:
                self._pop()

    def _pop(self) -> None:
        if self._open.pop() in _FORMATTING:
            self._written -= self._formatting.pop()

    def _count(self) -> None:
        self._tags += 1
        self._copies += len(self._formatting)
        self._copied += self._written
        if self._tags > TAGS_LIMIT:
            raise MarkupProblem(f"It has more than {TAGS_LIMIT} tags.")
        if self._copies > _FORMATTING_LIMIT or self._copied > _COPIED_LIMIT:
            raise MarkupProblem("Too many formatting elements (b, i, a, font, …) are open at once: close them.")


def _closable(name: str) -> frozenset[str]:
    """What the end tag of `name` closes on its way."""
    if name in _INLINE or name in _ITEMS:
        return frozenset()
    return _ITEMS | (_TABLE - {"table"}) if name in _TABLE else _ITEMS
