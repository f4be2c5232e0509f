"""Templates: drafts that are edited, published as versions that never change; and what a send renders of them."""

from dataclasses import dataclass

from functions.domain import records
from functions.domain.errors import Conflict, FieldError, NotFound, PreconditionFailed
from functions.domain.ids import RandomBytes, looks_like, random_id
from functions.domain.ports import Clock, Create, Delete, Document, Documents, Query, Update, Write
from functions.domain.records import replace
from functions.domain.send_requests import TemplateUse
from functions.domain.templates import NAME_LIMIT, Template, TemplateFields, TemplateVersion
from functions.services.template_checks import TemplateChecks, wrong
from functions.services.template_versions import (
    TemplateVersions,
    VersionPage,
    bounded,
    template_path,
    templates_path,
    version_path,
)

DELETES = 400  # versions of one commit


@dataclass(frozen=True, slots=True)
class Found:
    """A template, with the version of the record it was read from."""

    template: Template
    record: str


@dataclass(frozen=True, slots=True)
class TemplatePage:
    templates: tuple[Template, ...]
    next: str | None


class Templates:
    """Records at `owners/{owner}/templates/{id}`. Every write names the record it was decided on: of two at once, one
    is a Conflict, and never half of both."""

    def __init__(
        self,
        documents: Documents,
        versions: TemplateVersions,
        checks: TemplateChecks,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        self._documents = documents
        self._versions = versions
        self._checks = checks
        self._clock = clock
        self._random = random

    def load(self, owner: str, use: TemplateUse) -> TemplateVersion:
        """What a send renders. Raises InvalidMessage with the pointer `/template/id` or `/template/version`."""
        return self._versions.load(owner, use)

    def get(self, owner: str, template_id: str) -> Template:
        """Raises NotFound: for another owner's template just as for none."""
        return self._found(owner, template_id).template

    def page(
        self, owner: str, *, kind: str = "", archived: bool = False, limit: int = 50, after: str | None = None
    ) -> TemplatePage:
        """Newest first; fewer than `limit` where they are large."""
        equals: dict[str, object] = {"archived": archived} | ({"kind": kind} if kind else {})
        query = Query(templates_path(owner), equals=equals, order=("created_at", "desc"), limit=limit, after=after)
        page = bounded(self._documents, query)
        return TemplatePage(tuple(_read(d) for d in page.documents), page.next)

    def create(self, owner: str, fields: TemplateFields) -> Template:
        """Raises InvalidRequest where the layout is none."""
        self._checks.layout(owner, fields.kind or "message", fields.layout)
        return self._create(owner, fields)

    def duplicate(self, owner: str, template_id: str) -> Template:
        """A new draft that says what this one's draft says. Raises NotFound."""
        found = self.get(owner, template_id)
        name = f"Copy of {found.name}"[:NAME_LIMIT]
        return self._create(owner, TemplateFields(name, found.draft, found.kind, found.layout))

    def replace(self, owner: str, template_id: str, fields: TemplateFields) -> Template:
        """Name and draft, as a whole. Raises NotFound, InvalidRequest, Conflict."""
        before = self._changeable(owner, template_id)
        found = before.template
        if fields.kind not in (None, found.kind):
            wrong("/kind", f"This template is a {found.kind}, and stays one.")
        if fields.layout != found.layout:
            self._checks.layout(owner, found.kind, fields.layout)
        published = self._versions.find(owner, template_id, found.version) if found.version else None
        same = published is not None and (published.body, published.layout_id) == (fields.draft, fields.layout)
        return self._save(
            before,
            replace(
                found,
                name=fields.name,
                draft=fields.draft,
                layout=fields.layout,
                edited=not same,
                updated_at=self._clock(),
            ),
        )

    def publish(self, owner: str, template_id: str) -> Template:
        """The draft becomes the next version, with its layout as that is published now.

        Raises NotFound; InvalidRequest with all that stands in the way; Conflict.
        """
        before = self._changeable(owner, template_id)
        found = before.template
        layout = self._checks.publishable(found)
        version = TemplateVersion(
            template=found.id,
            version=found.version + 1,
            body=found.draft,
            published_at=self._clock(),
            layout=layout.body if layout else None,
            layout_id=found.layout,
            layout_version=layout.version if layout else 0,
        )
        after = replace(found, version=version.version, edited=False, published_at=version.published_at)
        return self._save(
            before, after, Create(version_path(owner, found.id, version.version), records.to_data(version))
        )

    def archive(self, owner: str, template_id: str, *, archived: bool) -> Template:
        """Out of the list and of use, or back. Raises NotFound, Conflict."""
        before = self._found(owner, template_id)
        if before.template.archived == archived:
            return before.template
        return self._save(before, replace(before.template, archived=archived, updated_at=self._clock()))

    def delete(self, owner: str, template_id: str) -> None:
        """With all its versions. Sends that used it keep its id and number, and what they rendered.

        Raises NotFound; Conflict where it is the layout of others, or a trigger uses it.
        """
        before = self._found(owner, template_id)
        found = before.template
        self._checks.unused(found)
        versions: list[Write] = [
            Delete(version_path(owner, found.id, number)) for number in range(found.version, 0, -1)
        ]
        try:
            self._documents.commit([Delete(template_path(owner, found.id), version=before.record), *versions[:DELETES]])
        except PreconditionFailed:
            raise Conflict("The template is being changed by another call.") from None
        for start in range(DELETES, len(versions), DELETES):
            self._documents.commit(versions[start : start + DELETES])

    def problems(self, template: Template) -> tuple[FieldError, ...]:
        """What stands in the way of publishing the draft."""
        return self._checks.problems(template)

    def versions(self, owner: str, template_id: str, limit: int, after: str | None) -> VersionPage:
        """Newest first. Raises NotFound."""
        return self._versions.page(owner, self.get(owner, template_id).id, limit, after)

    def version(self, owner: str, template_id: str, number: str) -> TemplateVersion:
        """`number` as it stands in the path. Raises NotFound."""
        latest = self.get(owner, template_id).version
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) <= 9 else 0
        found = self._versions.find(owner, template_id, wanted) if 0 < wanted <= latest else None
        if found is None:
            raise NotFound("The template has no version with this number.")
        return found

    def _create(self, owner: str, fields: TemplateFields) -> Template:
        now = self._clock()
        made = Template(
            id=random_id("tpl", self._random),
            owner=owner,
            name=fields.name,
            created_at=now,
            updated_at=now,
            kind=fields.kind or "message",
            draft=fields.draft,
            layout=fields.layout,
        )
        self._documents.commit([Create(template_path(owner, made.id), records.to_data(made))])
        return made

    def _save(self, before: Found, after: Template, *also: Write) -> Template:
        changes = records.changes(before.template, after)
        try:
            self._documents.commit(
                [Update(template_path(after.owner, after.id), changes, version=before.record), *also]
            )
        except PreconditionFailed:
            raise Conflict("The template is being changed by another call.") from None
        return after

    def _found(self, owner: str, template_id: str) -> Found:
        document = self._documents.get(template_path(owner, template_id)) if looks_like("tpl", template_id) else None
        if document is None:
            raise NotFound("There is no template with this id.")
        return Found(_read(document), document.version)

    def _changeable(self, owner: str, template_id: str) -> Found:
        found = self._found(owner, template_id)
        if found.template.archived:
            raise Conflict(
                "The template is archived.",
                remedy=f"Take it back first: POST /api/gmail/templates/{template_id}/unarchive/",
            )
        return found


def _read(document: Document) -> Template:
    return records.from_data(Template, document.data)
