"""A template's source before it is parsed: its tags balanced and allowed, its size and depth bounded, in linear time.

The parser's regular expressions take time that grows with the square of the length where a `{{`, a `{% raw %}` or a
blank expression has no end, so nothing of that kind may reach it; and its messages about tags left open name no place.
"""

import re

TAGS_LIMIT = 2_500  # tags and outputs of one source
CODE_LIMIT = 50_000  # characters of all tags and outputs of one source: parsing takes some microseconds for each
DEPTH_LIMIT = 20
EXPRESSION_LIMIT = 1_000  # characters between the braces
_BRACKETS_LIMIT = 10

# What a block tag may have inside itself, besides what stands anywhere.
_INNER = {
    "if": ("elsif", "else"),
    "unless": ("elsif", "else"),
    "case": ("when", "else"),
    "for": ("else",),
    "capture": (),
}
_ANYWHERE = ("assign", "cycle", "#")
_IN_LOOPS = ("break", "continue")
ALLOWED = (*_INNER, *_ANYWHERE[:-1], *_IN_LOOPS, "comment", "raw")
_OPEN = re.compile(r"\{[{%]")
_NAME = re.compile(r"\{%-?\s{0,99}(#|\w{0,30})")
_VERBATIM_END = {
    name: re.compile(rf"\{{%-?\s{{0,99}}end{name}\s{{0,99}}-?%\}}") for name in ("raw", "comment")
}  # fmt: skip


class SourceProblem(Exception):
    """What is wrong with a source, at a character's index."""

    def __init__(self, index: int, detail: str) -> None:
        super().__init__(detail)
        self.index = index
        self.detail = detail


def place(source: str, index: int) -> str:
    """`line 3, column 14`, both counted from 1, lines by LF as editors count them."""
    index = max(0, min(index, len(source)))
    return f"line {source.count(chr(10), 0, index) + 1}, column {index - source.rfind(chr(10), 0, index)}"


def scan(source: str) -> str:
    """The source without its comments' contents, every index unchanged. Raises SourceProblem."""
    blocks: list[tuple[str, int]] = []
    pieces: list[str] = []
    kept = at = count = code = 0
    while opened := _OPEN.search(source, at):
        start = opened.start()
        count += 1
        if count > TAGS_LIMIT:
            raise SourceProblem(start, f"A template has at most {TAGS_LIMIT} tags and outputs.")
        at = _end(source, start)
        code += at - start
        if code > CODE_LIMIT:
            raise SourceProblem(start, f"All tags and outputs together have {CODE_LIMIT} characters at most.")
        if source[start + 1] == "{":
            continue
        name = _tag_name(source, start)
        if name in _VERBATIM_END:
            end = _VERBATIM_END[name].search(source, at)
            if not end:
                raise SourceProblem(start, f"`{{% {name} %}}` is never closed by `{{% end{name} %}}`.")
            if name == "comment":
                pieces += source[kept:at], re.sub(r"[^\n]", " ", source[at : end.start()])
                kept = end.start()
            at = end.end()
        else:
            _nest(blocks, name, start)
    if blocks:
        name, start = blocks[-1]
        raise SourceProblem(start, f"`{{% {name} %}}` is never closed by `{{% end{name} %}}`.")
    return "".join((*pieces, source[kept:]))


def _end(source: str, start: int) -> int:
    """The index behind the tag or output at `start`."""
    opening, closing = source[start : start + 2], "}}" if source[start + 1] == "{" else "%}"
    found = source.find(closing, start + 2, start + EXPRESSION_LIMIT + 4)
    if found < 0:
        if source.find(closing, start + 2) < 0:
            detail = (
                f"`{opening}` has no `{closing}`. To show it as it is, put it between {{% raw %}} and {{% endraw %}}."
            )
            raise SourceProblem(start, detail)
        raise SourceProblem(
            start, f"At most {EXPRESSION_LIMIT} characters may stand between `{opening}` and `{closing}`."
        )
    inside = source[start + 2 : found]
    if not inside.strip("- \t\r\n"):
        raise SourceProblem(start, f"There is nothing between `{opening}` and `{closing}`.")
    if inside.count("[") > _BRACKETS_LIMIT:
        raise SourceProblem(start, f"At most {_BRACKETS_LIMIT} brackets may stand in one expression.")
    if re.search(r"\s{100}", inside):
        raise SourceProblem(start, "There is too much white space in this expression.")
    return found + 2


def _tag_name(source: str, start: int) -> str:
    found = _NAME.match(source, start)
    name = found.group(1) if found else ""
    if not name:
        raise SourceProblem(start, "A tag starts with its name, such as `{% if name %}`.")
    return name


def _nest(blocks: list[tuple[str, int]], name: str, start: int) -> None:
    inside = blocks[-1][0] if blocks else ""
    if name in _INNER:
        if len(blocks) >= DEPTH_LIMIT:
            raise SourceProblem(start, f"Tags may be nested {DEPTH_LIMIT} deep at most.")
        blocks.append((name, start))
    elif name.startswith("end") and name[3:] in _INNER:
        if inside != name[3:]:
            expected = f"`{{% end{inside} %}}` is expected" if inside else "nothing is open"
            raise SourceProblem(start, f"`{{% {name} %}}` stands where {expected}.")
        blocks.pop()
    elif name in _IN_LOOPS:
        if not any(block == "for" for block, _ in blocks):
            raise SourceProblem(start, f"`{{% {name} %}}` stands outside of a `{{% for %}}`.")
    elif name not in _ANYWHERE and name not in _INNER.get(inside, ()):
        known = any(name in inner for inner in _INNER.values())
        what = "can't stand here" if known else f"is not allowed; these are: {', '.join(ALLOWED)}"
        raise SourceProblem(start, f"The tag `{name}` {what}.")
