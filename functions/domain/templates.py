"""A template: a draft that is edited, and published versions that never change. `template_ports` renders them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

VariableType = Literal["string", "number", "boolean", "date", "list"]
VARIABLE_TYPES: tuple[VariableType, ...] = ("string", "number", "boolean", "date", "list")
Kind = Literal["message", "layout"]
KINDS: tuple[Kind, ...] = ("message", "layout")

NAME_LIMIT = 100  # characters
# Bytes of UTF-8, as written. A version holds a message and its layout, and the store's documents take 1,000,000 in all.
LINE_LIMIT = 2_000  # of a subject or a preheader
HTML_LIMIT = 256 << 10
TEXT_LIMIT = 64 << 10
VARIABLES_LIMIT = 50_000  # declarations with their fallbacks and samples, as JSON
BODY_LIMITS: dict[Kind, int] = {"message": 500_000, "layout": 150_000}  # all of it, as JSON


@dataclass(frozen=True, slots=True)
class Variable:
    """What a template may name. `fallback` stands in where no value is given; `sample` is for previews. None: none."""

    key: str
    type: VariableType = "string"
    required: bool = True
    fallback: Any = None
    sample: Any = None


@dataclass(frozen=True, slots=True)
class TemplateBody:
    """What is written in Liquid. `text` None: the text part is made from the html.

    Of a layout, html (and text) hold `{{ content }}` once, where the body of the message stands.
    """

    subject: str = ""
    html: str = ""
    text: str | None = None
    preheader: str = ""  # the line that inboxes show behind the subject
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateFields:
    """What its author writes. `kind` None: as it is, or a message where it is new."""

    name: str
    draft: TemplateBody
    kind: Kind | None = None
    layout: str = ""


@dataclass(frozen=True)
class Template:
    """`version` is the number of the published version, 0 while there is none; `edited`: the draft differs from it."""

    id: str
    owner: str
    name: str
    created_at: datetime
    updated_at: datetime
    kind: Kind = "message"
    draft: TemplateBody = field(default_factory=TemplateBody)
    layout: str = ""  # id of the layout around the draft's body; empty: none
    version: int = 0
    edited: bool = True
    archived: bool = False  # can be read, but neither changed nor used
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """What a send renders. A layout is part of the version as it was when that was published."""

    template: str  # id
    version: int
    body: TemplateBody
    published_at: datetime
    layout: TemplateBody | None = None
    layout_id: str = ""
    layout_version: int = 0
