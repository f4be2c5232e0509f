"""CSS reduced to what is safe in mail and understood by mail clients: written anew from what was recognised, so that
nothing passes which was not. No URLs, no functions but colours and sizes, nothing that moves a thing over another."""

import re
from collections.abc import Iterator
from functools import lru_cache

CSS_LIMIT = 100_000  # characters of all style elements of a mail
_RULES_LIMIT, _DECLARATIONS_LIMIT = 1_000, 200
_SELECTOR_LIMIT, _PARTS_LIMIT = 200, 8

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
_FUNCTION = re.compile(r"([\w-]*)\s*\(")
_NEGATIVE = re.compile(r"(?:^|[\s(,])-")
_SELECTOR = re.compile(
    r"""(?:[\w*.\#-]+|\[[\w-]+(?:[~|^$*]?=(?:"[\w\s-]*"|'[\w\s-]*'|[\w-]+))?\]"""
    r"""|:(?:hover|active|focus|visited|link|first-child|last-child|nth-child\([\w+\s-]*\))|\s*[>+~]\s*|\s+)++"""
)
_NOT_INLINE = re.compile(r":(?:hover|active|focus|visited)")
_MEDIA = re.compile(r"@media(?=[\s(])\s*([\w\s:(),./-]{1,200})", re.IGNORECASE)
_BRACE = re.compile(r"[{}]")


@lru_cache(maxsize=4096)
def safe_declarations(style: str) -> str:
    """A style attribute's declarations, or those of a rule, without the unsafe ones. "" if none is left."""
    kept = []
    for declaration in _DECLARATION.findall(_COMMENT.sub(" ", style))[:_DECLARATIONS_LIMIT]:
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon and (name in _PROPERTIES or name.startswith(_FAMILIES)) and _safe_value(name, value):
            kept.append(f"{name}:{value}")
    return ";".join(kept)


def _safe_value(name: str, value: str) -> bool:
    if not re.fullmatch(r"[a-z-]{1,60}", name) or len(value) > 500 or not _VALUE.fullmatch(value):
        return False
    if any(function.lower() not in _FUNCTIONS for function in _FUNCTION.findall(value) if function):
        return False
    return not (name.startswith(_NO_NEGATIVE) and _NEGATIVE.search(value))


@lru_cache(maxsize=64)
def safe_stylesheet(css: str) -> tuple[str, str]:
    """The rules of a stylesheet that can be written into style attributes, and those that have to stay in a style
    element (media queries, :hover), both without what is unsafe. Other at-rules are dropped."""
    inline: list[str] = []
    kept: list[str] = []
    for count, (prelude, inside) in enumerate(_blocks(_COMMENT.sub(" ", css[:CSS_LIMIT]))):
        if count >= _RULES_LIMIT:
            break
        if not prelude.startswith("@"):
            for selector, rule in _rule(prelude, inside):
                (kept if _NOT_INLINE.search(selector) else inline).append(rule)
        elif media := _MEDIA.fullmatch(prelude):
            rules = [rule for inner in _blocks(inside) for _, rule in _rule(*inner)][:_RULES_LIMIT]
            if rules:
                kept.append(f"@media {media[1]}{{{''.join(rules)}}}")
    return "\n".join(inline), "\n".join(kept)


def _rule(prelude: str, inside: str) -> Iterator[tuple[str, str]]:
    declarations = safe_declarations(inside)
    for selector in prelude.split(",") if declarations else ():
        name = " ".join(selector.split())
        if name and len(name) <= _SELECTOR_LIMIT and _SELECTOR.fullmatch(name) and len(name.split()) <= _PARTS_LIMIT:
            yield name, f"{name}{{{declarations}}}"


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
