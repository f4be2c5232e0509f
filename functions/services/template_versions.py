"""Published versions of templates: read, listed, and kept in the process, since they never change."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from functions.domain import records
from functions.domain.errors import FieldError, InvalidMessage
from functions.domain.ids import looks_like
from functions.domain.ports import Document, Documents, Page, Query
from functions.domain.send_requests import TemplateUse
from functions.domain.templates import Template, TemplateVersion

KEPT = 20  # versions in the process
# A list reads documents of up to a megabyte, so it asks for few at a time and ends a page early when it has enough.
CHUNK, ENOUGH = 10, 4_000_000  # documents; characters


@dataclass(frozen=True, slots=True)
class VersionPage:
    versions: tuple[TemplateVersion, ...]
    next: str | None


class TemplateVersions:
    """Records at `owners/{owner}/templates/{id}/versions/{number}`: written once, by the publishing of the template."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._kept: OrderedDict[str, TemplateVersion] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, owner: str, use: TemplateUse) -> TemplateVersion:
        """What a send renders: the pinned version or, read at this moment, the published one.

        Raises InvalidMessage with the pointer `/template/id` or `/template/version`.
        """
        template = self._usable(owner, use.id)
        number = template.version if use.version is None else use.version
        found = self.find(owner, template.id, number) if 0 < number <= template.version else None
        if found is None:
            raise _unusable("version", f"There is no version {number}; the newest is {template.version}.")
        return found

    def find(self, owner: str, template_id: str, number: int) -> TemplateVersion | None:
        """Whether the template is there is the caller's question: a version may be remembered for longer."""
        place = version_path(owner, template_id, number)
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
        document = self._documents.get(place)
        if document is None:
            return None
        found = records.from_data(TemplateVersion, document.data)
        with self._lock:
            self._kept[place] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def page(self, owner: str, template_id: str, limit: int, after: str | None) -> VersionPage:
        """Newest first; fewer than `limit` where they are large."""
        collection = f"{template_path(owner, template_id)}/versions"
        page = bounded(self._documents, Query(collection, order=("version", "desc"), limit=limit, after=after))
        return VersionPage(tuple(records.from_data(TemplateVersion, d.data) for d in page.documents), page.next)

    def _usable(self, owner: str, template_id: str) -> Template:
        document = self._documents.get(template_path(owner, template_id)) if looks_like("tpl", template_id) else None
        if document is None:
            raise _unusable("id", "There is no template with this id.")
        found = records.from_data(Template, document.data)
        if found.kind == "layout":
            raise _unusable("id", "This is a layout: it stands around messages, and can't be sent by itself.")
        route = f"POST /api/gmail/templates/{found.id}"
        if found.archived:
            raise _unusable("id", "This template is archived.", f"Use another, or take it back: {route}/unarchive/")
        if not found.version:
            raise _unusable("id", "This template was never published.", f"Publish it: {route}/publish/")
        return found


def templates_path(owner: str) -> str:
    return f"owners/{owner}/templates"


def template_path(owner: str, template_id: str) -> str:
    return f"{templates_path(owner)}/{template_id}"


def version_path(owner: str, template_id: str, number: int) -> str:
    return f"{template_path(owner, template_id)}/versions/{number}"


def bounded(documents: Documents, query: Query) -> Page:
    """The query's page, or a shorter one that has enough already."""
    found: list[Document] = []
    taken, after = 0, query.after
    while True:
        page = documents.query(query._replace(limit=min(CHUNK, query.limit - len(found)), after=after))
        found += page.documents
        taken += sum(_weight(d) for d in page.documents)
        after = page.next
        if after is None or len(found) >= query.limit or taken >= ENOUGH:
            return Page(tuple(found), after)


def _weight(document: Document) -> int:
    """Characters of what may be large."""
    bodies = (document.data.get(name) or {} for name in ("draft", "body", "layout"))
    return sum(len(b.get("html", "")) + len(b.get("text") or "") for b in bodies if isinstance(b, dict))


def _unusable(name: str, detail: str, remedy: str = "") -> InvalidMessage:
    pointer = f"/template/{name}"
    return InvalidMessage(f"{pointer}: {detail}", remedy=remedy, errors=[FieldError(pointer, detail)])
