"""What a mail from a template would look like, before anything is published or sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.domain import mail_warnings
from functions.domain.ports import Clock
from functions.domain.template_ports import Rendered, Templating
from functions.domain.templates import Kind, TemplateBody, TemplateVersion
from functions.services.template_checks import TemplateChecks
from functions.services.templates import Templates

# Stands in a layout that is looked at by itself.
_CONTENT = TemplateBody(html="<p>Here stands the message.</p>")


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """A stored template (`id`, of which a `version` or the draft) or one that is given (`body`, `kind`, `layout`)."""

    values: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    version: int | None = None  # None: the draft
    body: TemplateBody | None = None
    kind: Kind = "message"
    layout: str = ""
    at: str = ""  # where the given template stands in the request


@dataclass(frozen=True, slots=True)
class Preview:
    rendered: Rendered
    warnings: tuple[mail_warnings.Warning, ...]


class TemplatePreviews:
    def __init__(
        self, templates: Templates, checks: TemplateChecks, templating: Callable[[], Templating], clock: Clock
    ) -> None:
        self._templates = templates
        self._checks = checks
        self._templating = templating
        self._clock = clock

    def preview(self, owner: str, asked: PreviewRequest) -> Preview:
        """Values that are not given are the samples. Raises NotFound; InvalidRequest with pointers into the template;
        MissingVariable and InvalidMessage with pointers below `/variables`."""
        version = self._version(owner, asked)
        declared = (*(version.layout.variables if version.layout else ()), *version.body.variables)
        samples = {v.key: v.sample for v in declared if v.sample is not None}
        rendered = self._templating().render(version, {**samples, **asked.values}, "/variables")
        return Preview(rendered, tuple(mail_warnings.warnings(rendered)))

    def _version(self, owner: str, asked: PreviewRequest) -> TemplateVersion:
        if asked.version is not None:
            found = self._templates.version(owner, asked.id, str(asked.version))
            return self._of(self._templates.get(owner, asked.id).kind, found.body, found.layout)
        if asked.body is not None:
            return self._draft(owner, asked.kind, asked.body, asked.layout, asked.at)
        stored = self._templates.get(owner, asked.id)
        return self._draft(owner, stored.kind, stored.draft, stored.layout, "")

    def _draft(self, owner: str, kind: Kind, body: TemplateBody, layout: str, at: str) -> TemplateVersion:
        self._checks.text(kind, body, at)
        return self._of(kind, body, self._checks.shown_layout(owner, kind, layout, at))

    def _of(self, kind: Kind, body: TemplateBody, layout: TemplateBody | None) -> TemplateVersion:
        if kind == "layout":
            body, layout = _CONTENT, body
        return TemplateVersion("", 0, body, self._clock(), layout)
