"""What has to hold before a template is saved, published or deleted."""

from collections.abc import Callable
from typing import NoReturn

from functions.domain import records
from functions.domain.characters import printable
from functions.domain.errors import Conflict, FieldError, InvalidRequest
from functions.domain.fields import Problems
from functions.domain.ids import looks_like
from functions.domain.ports import Documents, Query
from functions.domain.template_ports import Templating
from functions.domain.templates import Kind, Template, TemplateBody, TemplateVersion
from functions.domain.triggers import Trigger
from functions.services.template_versions import TemplateVersions, template_path, templates_path

SHOWN = 5  # templates that are named where a layout can't be deleted


class TemplateChecks:
    """`templating` is asked only where a text is looked at."""

    def __init__(self, documents: Documents, versions: TemplateVersions, templating: Callable[[], Templating]) -> None:
        self._documents = documents
        self._versions = versions
        self._templating = templating

    def layout(self, owner: str, kind: Kind, layout_id: str, at: str = "") -> None:
        """The layout that a draft names is one. Raises InvalidRequest."""
        if not layout_id:
            return
        if kind == "layout":
            wrong(f"{at}/layout", "A layout has no layout of its own.")
        found = self._find(owner, layout_id)
        if found is None or found.kind != "layout":
            wrong(f"{at}/layout", "There is no layout with this id.")

    def publishable(self, template: Template) -> TemplateVersion | None:
        """The draft can be rendered; returns its layout as that is published now. Raises InvalidRequest with all that
        stands in the way."""
        problems = Problems()
        if template.kind == "message" and not template.draft.subject.strip():
            problems.add("/subject", "A message needs a subject.")
        if not template.draft.html.strip():
            problems.add("/html", "There is nothing to show yet.")
        layout = self._published(template.owner, template.layout, problems) if template.layout else None
        self._note(template.kind, template.draft, problems)
        problems.raise_as(InvalidRequest)
        return layout

    def text(self, kind: Kind, body: TemplateBody, at: str) -> None:
        """The text can be rendered. Raises InvalidRequest with pointers below `at`."""
        problems = Problems()
        self._note(kind, body, problems, at)
        problems.raise_as(InvalidRequest)

    def shown_layout(self, owner: str, kind: Kind, layout_id: str, at: str) -> TemplateBody | None:
        """The layout of a preview: as it is published or, where it never was, its draft. Raises InvalidRequest."""
        self.layout(owner, kind, layout_id, at)
        found = self._find(owner, layout_id) if layout_id else None
        if found is None:
            return None
        published = self._versions.find(owner, layout_id, found.version) if found.version else None
        if published:
            return published.body
        problems = Problems()
        self._note("layout", found.draft, problems)
        for error in problems.errors:
            wrong(f"{at}/layout", f"The layout can't be shown: {error.pointer}: {error.detail}")
        return found.draft

    def problems(self, template: Template) -> tuple[FieldError, ...]:
        """What stands in the way of publishing the draft."""
        try:
            self.publishable(template)
        except InvalidRequest as error:
            return error.errors
        return ()

    def unused(self, found: Template) -> None:
        """No draft names the layout, and no trigger the template. Raises Conflict."""
        if found.kind == "layout":
            self._no_template_has(found)
        self._no_trigger_uses(found)

    def _no_trigger_uses(self, found: Template) -> None:
        of = {"owner": found.owner, "template": found.id}
        page = self._documents.query(Query("triggers", equals=of, order=("created_at", "desc"), limit=SHOWN))
        if page.documents:
            users = (records.from_data(Trigger, d.data) for d in page.documents)
            named = ", ".join(f"{printable(t.fields.name)} ({t.id})" for t in users)
            raise Conflict(
                f"This template is used by the trigger {named}{' and others' if page.next else ''}.",
                remedy="Give these triggers another template, or delete them first.",
            )

    def _no_template_has(self, layout: Template) -> None:
        """Published versions have it in themselves."""
        page = self._documents.query(Query(templates_path(layout.owner), equals={"layout": layout.id}, limit=SHOWN))
        if page.documents:
            users = (records.from_data(Template, d.data) for d in page.documents)
            named = ", ".join(f"{printable(t.name)} ({t.id})" for t in users)
            raise Conflict(
                f"This layout is used by {named}{' and others' if page.next else ''}.",
                remedy="Give these templates another layout or none, and delete it then; or archive it.",
            )

    def _note(self, kind: Kind, body: TemplateBody, problems: Problems, at: str = "") -> None:
        try:
            self._templating().check(body, layout=kind == "layout")
        except InvalidRequest as error:
            for found in error.errors:
                problems.add(f"{at}{found.pointer}", found.detail)

    def _published(self, owner: str, layout_id: str, problems: Problems) -> TemplateVersion | None:
        found = self._find(owner, layout_id)
        if found is None:
            problems.add("/layout", "This layout was deleted.")
        elif found.archived:
            problems.add("/layout", "This layout is archived.")
        elif not found.version:
            publish = f"POST /api/gmail/templates/{layout_id}/publish/"
            problems.add("/layout", f"This layout was never published. Publish it first: {publish}")
        else:
            return self._versions.find(owner, layout_id, found.version)
        return None

    def _find(self, owner: str, template_id: str) -> Template | None:
        document = self._documents.get(template_path(owner, template_id)) if looks_like("tpl", template_id) else None
        return records.from_data(Template, document.data) if document else None


def wrong(pointer: str, detail: str) -> NoReturn:
    raise InvalidRequest(f"{pointer}: {detail}", errors=[FieldError(pointer, detail)])
