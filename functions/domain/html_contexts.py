"""Where in an HTML document a piece of text ends: in text, in a tag, in an attribute's value, in CSS.

A template's value is escaped the same way wherever it stands, and that is safe in text and inside quotes only. So the
places of all values are found when a template is read, in the states of the HTML standard's tokenizer (§13.2.5).
"""

import re
from dataclasses import dataclass
from enum import Enum


class Where(Enum):
    TEXT = "text"
    TAG = "tag"  # in a tag's or an attribute's name, or before or between them
    EQUALS = "equals"  # behind the equals sign of an attribute
    UNQUOTED = "unquoted"  # in a value without quotes
    DOUBLE = '"'  # in a value in such quotes
    SINGLE = "'"
    COMMENT = "comment"
    DECLARATION = "declaration"  # a doctype, or what the standard calls a bogus comment
    RAW = "raw"  # in style, script, title, …: all is text up to the end tag


@dataclass(frozen=True, slots=True)
class Context:
    """`tag`: the tag or the raw element we are in; `attribute`: the latest one of the tag. Both in lower case."""

    where: Where = Where.TEXT
    tag: str = ""
    attribute: str = ""

    @property
    def css(self) -> bool:
        """What stands here is read as CSS."""
        quoted = self.where in (Where.DOUBLE, Where.SINGLE)
        return (quoted and self.attribute == "style") or (self.where is Where.RAW and self.tag == "style")

    @property
    def problem(self) -> str:
        """Why no value may stand here, or ""."""
        if self.where in (Where.EQUALS, Where.UNQUOTED):
            return 'A value in an attribute needs quotes around it: write name="{{ … }}".'
        if self.where is Where.TAG:
            return "A value can't stand inside a tag, except between the quotes of an attribute."
        if self.where is Where.RAW and self.tag == "script":
            return "A value can't stand in a script; mail clients run none."
        return ""


START = Context()
_SPACE = " \t\r\n\f"  # what HTML takes for white space, which is less than what Python does
_RAW = ("style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
_MARKUP = re.compile(rf"<(?:(?P<comment>!--)|(?P<declaration>[!?])|(?P<end>/?)(?P<tag>[a-zA-Z][^{_SPACE}/>]*))")
# Text and whole tags with nothing unusual about them, many at a time: a template has thousands.
_PLAIN = re.compile(
    rf"""(?:[^<]++|<(?!{"|".join(_RAW)})/?[a-zA-Z][^>"'=]*+(?:=[{_SPACE}]*+(?:"[^"]*+"|'[^']*+')[^>"'=]*+)*+>)++""",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"</?\Z")  # what follows would become a tag's name
_COMMENT_END = re.compile(r"--!?>|(?<=<!--)-?>")
_RAW_ENDS = {tag: re.compile(rf"</{tag}(?=[{_SPACE}/>])", re.IGNORECASE) for tag in _RAW}
# Whole attributes, many at a time. One without a value counts if no equals sign follows it.
_ATTRIBUTES = re.compile(
    rf"""(?:[{_SPACE}/]++[^{_SPACE}/>=]++"""
    rf"""(?:=(?:"[^"]*+"|'[^']*+'|[^{_SPACE}>"'][^{_SPACE}>]*+(?=[{_SPACE}>]))|(?=[{_SPACE}]*+[^{_SPACE}=])))++"""
)
_NAME = re.compile(rf"[^{_SPACE}/>=]+")
_UNQUOTED_END = re.compile(rf"[{_SPACE}>]")


def advance(context: Context, text: str) -> Context:
    """The context behind `text`, where `context` stood before it. Linear in the text's length."""
    at = 0
    while at < len(text):
        at, context = _step(context, text, at)
    return context


def _step(context: Context, text: str, at: int) -> tuple[int, Context]:
    """One state's worth of text: always moves on, or to another state."""
    match context.where:
        case Where.TEXT:
            return _in_text(text, at)
        case Where.TAG:
            return _in_tag(context, text, at)
        case Where.EQUALS:
            return _behind_equals(context, text, at)
        case Where.UNQUOTED:
            end = _UNQUOTED_END.search(text, at)
            return (end.start(), Context(Where.TAG, context.tag)) if end else (len(text), context)
        case Where.COMMENT:
            end = _COMMENT_END.search(text, at)
        case Where.RAW:
            end = _RAW_ENDS[context.tag].search(text, at)
            return (end.end(), Context(Where.TAG, "/")) if end else (len(text), context)
        case _:  # ends at one character: the quote, or the > of a declaration
            quoted = context.where is not Where.DECLARATION
            found = text.find(context.where.value if quoted else ">", at)
            return (
                (found + 1, Context(Where.TAG, context.tag) if quoted else START)
                if found >= 0
                else (len(text), context)
            )
    return (end.end(), START) if end else (len(text), context)


def _in_text(text: str, at: int) -> tuple[int, Context]:
    if plain := _PLAIN.match(text, at):
        return plain.end(), START
    found = _MARKUP.search(text, at)
    if not found:
        return len(text), Context(Where.TAG, "/") if _UNFINISHED.search(text, max(at, len(text) - 2)) else START
    if found["comment"]:
        return found.end(), Context(Where.COMMENT)
    if found["declaration"]:
        return found.end(), Context(Where.DECLARATION)
    return found.end(), Context(Where.TAG, "/" if found["end"] else found["tag"].lower())


def _in_tag(context: Context, text: str, at: int) -> tuple[int, Context]:
    if whole := _ATTRIBUTES.match(text, at):
        return whole.end(), Context(Where.TAG, context.tag)
    if text[at] == ">":
        return at + 1, Context(Where.RAW, context.tag) if context.tag in _RAW else START
    if text[at] == "=" and context.attribute:
        return at + 1, Context(Where.EQUALS, context.tag, context.attribute)
    if name := _NAME.match(text, at):
        return name.end(), Context(Where.TAG, context.tag, name.group().lower())
    return at + 1, context


def _behind_equals(context: Context, text: str, at: int) -> tuple[int, Context]:
    if text[at] in _SPACE:
        return at + 1, context
    if text[at] == ">":
        return at, Context(Where.TAG, context.tag)
    if text[at] in "\"'":
        return at + 1, Context(Where(text[at]), context.tag, context.attribute)
    return at, Context(Where.UNQUOTED, context.tag)
