"""CSS reduced to what is safe in mail and understood by mail clients: written anew from what was recognised, so that
nothing passes which was not. No URLs, no functions but colours and sizes, nothing that moves a thing over another."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import islice

from functions.domain.html_documents import MarkupProblem

CSS_LIMIT = 100_000  # characters of all style elements of a mail
_RULES_LIMIT, _DECLARATIONS_LIMIT = 1_000, 200
_SELECTOR_LIMIT, _PARTS_LIMIT = 200, 8
_WRITTEN_LIMIT = 1_000_000  # characters of all rules, each selector of a list with its own copy of the declarations
_NAMES_LIMIT = 300  # of properties: an inliner looks through all that an element has for each that it adds
_CACHED_LIMIT = 2_000  # characters of what is worth keeping: few mails have longer declarations twice

_PROPERTIES = frozenset((
    "background", "background-color", "border-collapse", "border-spacing", "box-shadow", "box-sizing", "caption-side",
    "clear", "color", "color-scheme", "direction", "display", "empty-cells", "float", "height", "letter-spacing",
    "line-height", "max-height", "max-width", "min-height", "min-width", "object-fit", "opacity", "overflow",
    "overflow-wrap", "overflow-x", "overflow-y", "quotes", "supported-color-schemes", "tab-size", "table-layout",
    "unicode-bidi", "vertical-align", "visibility", "white-space", "width", "word-break", "word-spacing", "word-wrap",
    "-ms-interpolation-mode", "-ms-text-size-adjust", "-webkit-font-smoothing", "-webkit-text-size-adjust",
))  # fmt: skip
_FAMILIES = ("border", "padding", "margin", "font", "text", "list-style", "outline", "mso-")
_NO_NEGATIVE = ("margin", "text-indent", "letter-spacing", "word-spacing")  # they draw one thing over another
_FUNCTIONS = frozenset(("rgb", "rgba", "hsl", "hsla", "calc", "min", "max", "clamp", "linear-gradient"))

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
# Parts between semicolons, which count for nothing between quotes or parentheses.
_DECLARATION = re.compile(r"""(?:[^;"'(]|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|\([^)]*(?:\)|\Z))++""")
_VALUE = re.compile(r"""(?:[\w\s#%.,()+*/!-]|"[\w\s.,&+-]*"|'[\w\s.,&+-]*')++""")
_FUNCTION = re.compile(r"(?<![\w-])([\w-]++)\s*+\(")
_NEGATIVE = re.compile(r"(?:^|[\s(,])-")
_SELECTOR = re.compile(
    r"""(?:[\w*.\#-]+|\[[\w-]+(?:[~|^$*]?=(?:"[\w\s-]*"|'[\w\s-]*'|[\w-]+))?\]"""
    r"""|:(?:hover|active|focus|visited|link|first-child|last-child|nth-child\([\w+\s-]*\))|\s*[>+~]\s*|\s+)++"""
)
_NOT_INLINE = re.compile(r":(?:hover|active|focus|visited)")
_MEDIA = re.compile(r"@media(?=[\s(])\s*+([\w\s:(),./-]{1,200})", re.IGNORECASE)
_BRACE = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Stylesheet:
    """`inline`: the rules that can be written into style attributes, one a line; `kept`: those that have to stay in a
    style element (media queries, :hover); `widest`: the characters of the longest style that `inline` can give."""

    inline: str = ""
    kept: str = ""
    widest: int = 0


def safe_declarations(style: str) -> str:
    """A style attribute's declarations, or those of a rule, without the unsafe ones. "" if none is left."""
    return _cached(style) if len(style) <= _CACHED_LIMIT else _safe(style)


def _safe(style: str) -> str:
    kept = []
    for declaration in islice(_DECLARATION.finditer(_COMMENT.sub(" ", style)), _DECLARATIONS_LIMIT):
        name, colon, value = declaration.group().partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon and (name in _PROPERTIES or name.startswith(_FAMILIES)) and _safe_value(name, value):
            kept.append(f"{name}:{value}")
    return ";".join(kept)


_cached = lru_cache(maxsize=4096)(_safe)


def _safe_value(name: str, value: str) -> bool:
    if not re.fullmatch(r"[a-z-]{1,60}", name) or len(value) > 500 or not _VALUE.fullmatch(value):
        return False
    if any(function.lower() not in _FUNCTIONS for function in _FUNCTION.findall(value)):
        return False
    return not (name.startswith(_NO_NEGATIVE) and _NEGATIVE.search(value))


def safe_stylesheet(css: str) -> Stylesheet:
    """A stylesheet without what is unsafe; at-rules other than media queries are dropped. Raises MarkupProblem."""
    return _stylesheet(css[:CSS_LIMIT])


@lru_cache(maxsize=32)
def _stylesheet(css: str) -> Stylesheet:
    inline: list[str] = []
    kept: list[str] = []
    written = _Written()
    for prelude, inside in islice(_blocks(_COMMENT.sub(" ", css)), _RULES_LIMIT):
        if not prelude.startswith("@"):
            for selector, rule in written.rules(prelude, inside):
                (kept if _NOT_INLINE.search(selector) else inline).append(rule)
        elif media := _MEDIA.fullmatch(prelude):
            rules = [rule for inner in _blocks(inside) for _, rule in written.rules(*inner)][:_RULES_LIMIT]
            if rules:
                kept.append(f"@media {media[1]}{{{''.join(rules)}}}")
    return Stylesheet("\n".join(inline), "\n".join(kept), _widest(rule.partition("{")[2][:-1] for rule in inline))


class _Written:
    """Rules as they are written, counted: a short list of selectors can stand for very many of them."""

    def __init__(self) -> None:
        self._left = _WRITTEN_LIMIT

    def rules(self, prelude: str, inside: str) -> Iterator[tuple[str, str]]:
        declarations = safe_declarations(inside)
        for selector in prelude.split(",") if declarations else ():
            name = " ".join(selector.split())
            if not (name and len(name) <= _SELECTOR_LIMIT and _SELECTOR.fullmatch(name)):
                continue
            if len(name.split()) > _PARTS_LIMIT:
                continue
            rule = f"{name}{{{declarations}}}"
            self._left -= len(rule)
            if self._left < 0:
                raise MarkupProblem(f"Its CSS has too many rules: {_WRITTEN_LIMIT} characters, written one by one.")
            yield name, rule


def _widest(declarations: Iterable[str]) -> int:
    """An element has each property once, so its style is never longer than the longest value of each."""
    widths: dict[str, int] = {}
    for declaration in ";".join(dict.fromkeys(declarations)).split(";"):  # no value has a semicolon in it
        name = declaration.partition(":")[0]
        widths[name] = max(widths.get(name, 0), style_length(declaration))
    if len(widths) > _NAMES_LIMIT:
        raise MarkupProblem(f"Its CSS sets more than {_NAMES_LIMIT} properties.")
    return sum(widths.values())


def style_length(declarations: str) -> int:
    """As an inliner writes them, with spaces, in an attribute."""
    return len(escape(declarations)) + 3 * (declarations.count(";") + 1)


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """What stands before each block of the top level, and what stands inside it."""
    start = depth = opened = 0
    for brace in _BRACE.finditer(css):
        if brace.group() == "{":
            if not depth:
                opened = brace.end()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                # Statements such as @import end at a semicolon and have no block; HTML comment marks count for nothing.
                prelude = css[start : opened - 1].rpartition(";")[2].replace("<!--", " ").replace("-->", " ")
                yield prelude.strip(), css[opened : brace.start()]
                start = brace.end()
        else:
            start = brace.end()
