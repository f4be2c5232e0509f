"""The bodies of templates and previews into typed values."""

import json
from collections.abc import Mapping
from typing import Any, cast

from functions.domain import records
from functions.domain.characters import line_problem
from functions.domain.errors import InvalidRequest
from functions.domain.fields import Fields, Problems, pointer_to, whole
from functions.domain.ids import looks_like
from functions.domain.template_values import VARIABLES_LIMIT as VARIABLES_COUNT
from functions.domain.template_values import check_declarations, key_problem
from functions.domain.templates import (
    BODY_LIMITS,
    HTML_LIMIT,
    KINDS,
    LINE_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    VARIABLE_TYPES,
    VARIABLES_LIMIT,
    Kind,
    TemplateBody,
    TemplateFields,
    Variable,
    VariableType,
)
from functions.edge.field_rules import name_problem, sized
from functions.services.template_previews import PreviewRequest

BODY_LIMIT = 4 << 20  # bytes: more than any template takes, however its JSON is escaped
_BODY = ("subject", "html", "text", "preheader", "variables")
_FIELDS = ("name", "kind", "layout", *_BODY)
# What an answer has besides: read over, so that it can be changed and sent back as it is.
_SHOWN = (
    "id", "status", "version", "edited", "archived", "created_at", "updated_at", "published_at", "problems",
)  # fmt: skip
_READ = (*_FIELDS, *_SHOWN)
_FORMS = ("id", "version", "template")  # of a preview: by those that are there
_TYPES: tuple[tuple[Any, VariableType], ...] = ((bool, "boolean"), (int | float, "number"), (list, "list"))


def parse_template(body: dict[str, Any], known: Kind = "message") -> TemplateFields:
    """`known` is the kind where the body gives none. Raises InvalidRequest."""
    problems = Problems()
    fields = Fields(body, "", problems, _READ)
    name = fields.text("name", name_problem, limit=NAME_LIMIT, required=True)
    kind = cast(Kind | None, fields.choice("kind", KINDS))
    found = TemplateFields(name or "", _body(fields, kind or known), kind, _layout(fields))
    problems.raise_as(InvalidRequest)
    return found


def parse_preview(body: dict[str, Any]) -> PreviewRequest:
    """`{"id", "version", "variables"}`, `{"template": {fields}, "variables"}`, or the fields themselves. Then
    `variables` are declarations where they are a list, and values that declare themselves where they are an object.

    Raises InvalidRequest.
    """
    problems = Problems()
    body = {name: value for name, value in body.items() if value is not None or name not in _FORMS}
    if "id" in body:
        found = _stored(Fields(body, "", problems, ("id", "version", "variables")))
    elif "template" in body:
        values = Fields(body, "", problems, ("template", "variables")).json_object("variables")
        found = _given(Fields(body["template"], "/template", problems, _READ), values)
    elif isinstance(body.get("variables"), dict):
        values = Fields(body, "", problems, _FIELDS).json_object("variables")
        found = _given(Fields({**body, "variables": _declared(values, problems)}, "", problems, _FIELDS), values)
    else:
        found = _given(Fields(body, "", problems, _FIELDS), {})
    problems.raise_as(InvalidRequest)
    return found


def _stored(fields: Fields) -> PreviewRequest:
    template = fields.text("id", limit=100, required=True)
    asked = fields.data.get("version")
    version = whole(asked)
    if asked not in (None, "draft") and (version is None or version < 1):
        fields.wrong("version", "This must be the number of a version, or `draft`.")
    return PreviewRequest(fields.json_object("variables"), id=template or "", version=version)


def _given(fields: Fields, values: Mapping[str, Any]) -> PreviewRequest:
    fields.text("name", name_problem, limit=NAME_LIMIT)
    kind = cast(Kind, fields.choice("kind", KINDS) or "message")
    return PreviewRequest(values, body=_body(fields, kind), kind=kind, layout=_layout(fields), at=fields.at)


def _body(fields: Fields, kind: Kind) -> TemplateBody:
    text = fields.text("text", sized(TEXT_LIMIT))
    found = TemplateBody(
        subject=fields.text("subject", sized(LINE_LIMIT, line_problem)) or "",
        html=fields.text("html", sized(HTML_LIMIT)) or "",
        text=text if text and text.strip() else None,
        preheader=fields.text("preheader", sized(LINE_LIMIT, line_problem)) or "",
        variables=_variables(fields),
    )
    limit = BODY_LIMITS[kind]
    if (taken := _size(records.to_data(found))) > limit:
        fields.wrong("html", f"A {kind} takes at most {limit} bytes in all, as JSON; this one takes {taken}.")
    return found


def _variables(fields: Fields) -> tuple[Variable, ...]:
    before = len(fields.problems.errors)
    found = tuple(
        _variable(Fields(item, at, fields.problems, ("key", "type", "required", "fallback", "sample")))
        for at, item in fields.items("variables", VARIABLES_COUNT)
    )
    if len(fields.problems.errors) == before:
        at = pointer_to(fields.at, "variables")
        check_declarations(found, fields.problems, at)
        if (taken := _size([records.to_data(v) for v in found])) > VARIABLES_LIMIT:
            fields.problems.add(at, f"All variables take at most {VARIABLES_LIMIT} bytes, as JSON; these take {taken}.")
    return found


def _variable(fields: Fields) -> Variable:
    return Variable(
        key=fields.text("key", required=True) or "",
        type=cast(VariableType, fields.choice("type", VARIABLE_TYPES) or "string"),
        required=fields.boolean("required") is not False,
        fallback=fields.json_value("fallback"),
        sample=fields.json_value("sample"),
    )


def _declared(values: dict[str, Any], problems: Problems) -> list[dict[str, Any]]:
    """Declarations as the values need them. Text may be a date, too: the filter `date` reads it all the same."""
    found = []
    for key, value in values.items():
        if problem := key_problem(key):
            problems.add(pointer_to("/variables", key), problem)
        elif value is not None:
            kind = next((kind for known, kind in _TYPES if isinstance(value, known)), "string")
            found.append({"key": key, "type": kind})
    return found


def _layout(fields: Fields) -> str:
    return fields.text("layout", lambda v: "" if looks_like("tpl", v) else "This is no template's id.") or ""


def _size(value: Any) -> int:
    """Bytes as JSON. What is wrong with it otherwise is said elsewhere."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
