"""Templates, their versions and previews as the contract shows them."""

from collections.abc import Sequence
from typing import Any

from functions.domain import times
from functions.domain.errors import FieldError
from functions.domain.templates import Template, TemplateBody, TemplateVersion, Variable
from functions.services.template_previews import Preview


def template(found: Template) -> dict[str, Any]:
    """With its draft."""
    return {
        "id": found.id,
        "name": found.name,
        "kind": found.kind,
        **_body(found.draft),
        "layout": found.layout or None,
        "status": "published" if found.version else "draft",
        "version": found.version or None,
        "edited": found.edited,
        "archived": found.archived,
        "created_at": times.text(found.created_at),
        "updated_at": times.text(found.updated_at),
        "published_at": times.text(found.published_at),
    }


def written(found: Template, problems: Sequence[FieldError]) -> dict[str, Any]:
    """`problems` stand in the way of publishing it."""
    return {**template(found), "problems": [{"pointer": p.pointer, "detail": p.detail} for p in problems]}


def version(found: TemplateVersion) -> dict[str, Any]:
    return {
        "template": found.template,
        "version": found.version,
        **_body(found.body),
        "layout": {"id": found.layout_id, "version": found.layout_version} if found.layout_id else None,
        "published_at": times.text(found.published_at),
    }


def preview(found: Preview) -> dict[str, Any]:
    return {
        "subject": found.rendered.subject,
        "html": found.rendered.html,
        "text": found.rendered.text,
        "size": len(found.rendered.html.encode()),
        "warnings": [{"code": w.code, "detail": w.detail} for w in found.warnings],
    }


def _body(found: TemplateBody) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "html": found.html,
        "text": found.text,
        "preheader": found.preheader,
        "variables": [_variable(v) for v in found.variables],
    }


def _variable(found: Variable) -> dict[str, Any]:
    return {
        "key": found.key,
        "type": found.type,
        "required": found.required,
        "fallback": found.fallback,
        "sample": found.sample,
    }
