"""What a message will be made of that is accepted before it is composed: a template as it was chosen, and values."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.domain import records
from functions.domain.templates import TemplateBody, TemplateVersion, Variable, VariableType

_TYPES: tuple[tuple[Any, VariableType], ...] = ((bool, "boolean"), (int | float, "number"), (list, "list"))


@dataclass(frozen=True, slots=True)
class Recipe:
    """A stored template, of which `version` None is the published one at the time; or one that is written here."""

    variables: dict[str, Any] = field(default_factory=dict)
    template: str = ""  # tpl_…
    version: int | None = None
    subject: str = ""
    html: str = ""
    text: str | None = None


def pack(recipe: Recipe) -> bytes:
    return zlib.compress(json.dumps(records.to_data(recipe), ensure_ascii=False).encode(), 1)


def unpack(packed: bytes) -> Recipe:
    return records.from_data(Recipe, json.loads(zlib.decompress(packed)))


def written(recipe: Recipe, now: datetime) -> TemplateVersion:
    """The template that is written in the recipe itself."""
    body = TemplateBody(recipe.subject, recipe.html, recipe.text, variables=declared(recipe.variables))
    return TemplateVersion("", 0, body, now)


def declared(values: Mapping[str, Any]) -> tuple[Variable, ...]:
    """Variables that declare themselves. All are required: a mail that says `Dear ,` should not go out."""
    return tuple(
        Variable(key, next((kind for known, kind in _TYPES if isinstance(value, known)), "string"))
        for key, value in values.items()
    )
