"""Templates over time: drafts, versions, layouts, and what a send gets of them. Liquid itself is tested elsewhere."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain.errors import Conflict, FieldError, InvalidMessage, InvalidRequest, MissingVariable, NotFound
from functions.domain.ports import Documents
from functions.domain.send_requests import TemplateUse
from functions.domain.template_ports import Rendered
from functions.domain.templates import (
    HTML_LIMIT,
    Template,
    TemplateBody,
    TemplateFields,
    TemplateVersion,
    Variable,
)
from functions.services import template_versions
from functions.services.template_checks import TemplateChecks
from functions.services.template_previews import PreviewRequest, TemplatePreviews
from functions.services.template_versions import TemplateVersions, version_path
from functions.services.templates import DELETES, Templates
from tests.services.builders import NOW, Clock

OWNER = "own_1"
HELLO = TemplateBody("Hello {name}", "<p>Hello {name}</p>", variables=(Variable("name", sample="Ada"),))
FRAME = TemplateBody(html="<main>{content}</main>")


class Braces:
    """A template language: `{name}` is a value, and whatever holds `{%` is wrong."""

    def check(self, body: TemplateBody, *, layout: bool = False) -> None:
        del layout
        if "{%" in body.html:
            raise InvalidRequest("/html: wrong", errors=[FieldError("/html", "line 1, column 1: wrong")])

    def render(
        self, version: TemplateVersion, variables: Mapping[str, Any], at: str = "", unsubscribe: str = ""
    ) -> Rendered:
        del unsubscribe
        missing = [v.key for v in version.body.variables if v.key not in variables]
        if missing:
            raise MissingVariable(errors=[FieldError(f"{at}/{missing[0]}", "missing")])
        html = version.body.html.format(**variables)
        if version.layout:
            html = version.layout.html.format(content=html)
        return Rendered(version.body.subject.format(**variables), html, html)

    def text(self, html: str) -> str:
        return html


@dataclass
class House:
    """One instance of the program."""

    documents: Documents
    clock: Clock

    def __post_init__(self) -> None:
        self.versions = TemplateVersions(self.documents)
        checks = TemplateChecks(self.documents, self.versions, Braces)
        self.templates = Templates(self.documents, self.versions, checks, self.clock, os.urandom)
        self.previews = TemplatePreviews(self.templates, checks, Braces, self.clock)

    def made(self, draft: TemplateBody = HELLO, name: str = "Welcome", **more: Any) -> Template:
        return self.templates.create(OWNER, TemplateFields(name, draft, **more))

    def published(self, draft: TemplateBody = HELLO, **more: Any) -> Template:
        return self.templates.publish(OWNER, self.made(draft, **more).id)

    def put(self, template: Template, **changed: Any) -> Template:
        given = {"name": template.name, "draft": template.draft, "layout": template.layout, **changed}
        return self.templates.replace(OWNER, template.id, TemplateFields(**given))

    def load(self, template: Template, version: int | None = None) -> TemplateVersion:
        return self.templates.load(OWNER, TemplateUse(template.id, version))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> House:
    return House(SqliteDocuments(tmp_path / "gmail.db", declared()), clock)


def html(text: str) -> TemplateBody:
    return replace(HELLO, html=text)


def test_a_new_template_is_a_draft_without_a_version(house: House) -> None:
    made = house.made()

    assert house.templates.get(OWNER, made.id) == made
    assert (made.version, made.edited, made.draft, made.kind) == (0, True, HELLO, "message")


def test_publishing_makes_versions_that_count_from_one_and_never_change(house: House, clock: Clock) -> None:
    made = house.published()
    first = house.load(made)
    clock.now += timedelta(hours=1)
    house.put(made, draft=html("<p>New</p>"))

    again = house.templates.publish(OWNER, made.id)

    assert (again.version, again.edited, again.published_at) == (2, False, clock.now)
    assert house.load(made).body.html == "<p>New</p>"
    assert house.load(made, 1) == first
    assert House(house.documents, clock).load(made, 1) == first == TemplateVersion(made.id, 1, HELLO, NOW)


def test_editing_the_draft_changes_nothing_that_is_sent(house: House) -> None:
    made = house.published()

    edited = house.put(made, draft=html("{%"))

    assert edited.edited
    assert house.load(made).body == HELLO


def test_a_draft_that_says_what_is_published_is_not_edited(house: House) -> None:
    """Also after it said something else for a while; and a new name is no edit of it."""
    made = house.published()

    assert house.put(made, draft=html("<p>Other</p>")).edited
    assert not house.put(made, name="Other").edited
    assert house.templates.get(OWNER, made.id).name == "Other"


def test_a_published_number_is_read_fresh_by_every_instance(house: House, clock: Clock) -> None:
    made = house.published()
    other = House(house.documents, clock)
    assert other.load(made).version == 1

    house.put(made, draft=html("<p>New</p>"))
    house.templates.publish(OWNER, made.id)

    assert (other.load(made).version, other.load(made).body.html) == (2, "<p>New</p>")


def test_a_version_is_read_from_the_store_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = house.published()
    house.load(made)
    read: list[str] = []
    get = house.documents.get
    monkeypatch.setattr(house.documents, "get", lambda path: read.append(path) or get(path))

    house.load(made)

    assert read == [f"owners/{OWNER}/templates/{made.id}"]


def test_only_so_many_versions_are_remembered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_versions, "KEPT", 3)
    made = [house.published() for _ in range(5)]

    for one in [*made, *made]:
        assert house.load(one).template == one.id
    assert len(house.versions._kept) == 3


def test_a_draft_that_can_not_be_rendered_is_kept_and_not_published(house: House) -> None:
    """An editor saves what is not finished. All that stands in the way is said at once."""
    made = house.made(TemplateBody(html="{% if"))

    with pytest.raises(InvalidRequest) as caught:
        house.templates.publish(OWNER, made.id)

    assert [e.pointer for e in caught.value.errors] == ["/subject", "/html"]
    assert house.templates.problems(made) == caught.value.errors
    assert house.templates.get(OWNER, made.id) == made
    with pytest.raises(NotFound):
        house.templates.version(OWNER, made.id, "1")


def test_an_empty_draft_is_not_published(house: House) -> None:
    made = house.made(TemplateBody(" ", "\n"))

    assert [p.pointer for p in house.templates.problems(made)] == ["/subject", "/html"]


def test_a_layout_needs_no_subject(house: House) -> None:
    assert house.templates.problems(house.made(FRAME, kind="layout")) == ()


# Several calls at once.


def test_publishing_at_once_loses_no_version(open_store: Callable[[], Documents], clock: Clock) -> None:
    """Each call gets a number of its own, or a conflict; and every number that was given is there."""
    house = House(open_store(), clock)
    made = house.made()
    numbers: list[int] = []
    conflicts: list[Conflict] = []
    gate = threading.Barrier(6)

    def publish(instance: House) -> None:
        gate.wait()
        for _ in range(4):
            try:
                numbers.append(instance.templates.publish(OWNER, made.id).version)
            except Conflict as error:
                conflicts.append(error)

    threads = [threading.Thread(target=publish, args=(House(open_store(), clock),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(numbers) + len(conflicts) == 24
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert house.templates.get(OWNER, made.id).version == len(numbers)
    assert all(house.load(made, number).version == number for number in numbers)


def interrupted(house: House, monkeypatch: pytest.MonkeyPatch, between: Callable[[], object]) -> None:
    """Something happens right before the next commit."""
    commit = house.documents.commit

    def late(writes: Any) -> list[str]:
        monkeypatch.setattr(house.documents, "commit", commit)
        between()
        return commit(writes)

    monkeypatch.setattr(house.documents, "commit", late)


def test_what_was_checked_is_what_is_published(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = house.made()
    interrupted(house, monkeypatch, lambda: house.put(made, draft=html("{%")))

    with pytest.raises(Conflict):
        house.templates.publish(OWNER, made.id)

    assert house.templates.get(OWNER, made.id).version == 0


def test_of_two_who_save_at_once_one_hears_of_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = house.made()
    interrupted(house, monkeypatch, lambda: house.put(made, name="First"))

    with pytest.raises(Conflict):
        house.put(made, name="Second")

    assert house.templates.get(OWNER, made.id).name == "First"


def test_a_template_that_is_published_at_this_moment_is_not_deleted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = house.made()
    interrupted(house, monkeypatch, lambda: house.templates.publish(OWNER, made.id))

    with pytest.raises(Conflict):
        house.templates.delete(OWNER, made.id)

    assert house.load(made).version == 1


# Layouts.


def test_a_layout_is_part_of_a_version_as_it_was(house: House) -> None:
    frame = house.published(FRAME, kind="layout")
    made = house.published(layout=frame.id)

    house.put(frame, draft=TemplateBody(html="<div>{content}</div>"))
    house.templates.publish(OWNER, frame.id)

    before = house.load(made)
    assert (before.layout, before.layout_id, before.layout_version) == (FRAME, frame.id, 1)
    after = house.load(house.templates.publish(OWNER, made.id))
    assert (after.version, after.layout_version) == (2, 2)
    assert after.layout == TemplateBody(html="<div>{content}</div>")


def test_a_layout_must_be_published_before_what_uses_it(house: House) -> None:
    frame = house.made(FRAME, kind="layout")
    made = house.made(layout=frame.id)

    for archived in (False, True):
        (problem,) = house.templates.problems(made)
        assert problem.pointer == "/layout"
        with pytest.raises(InvalidRequest):
            house.templates.publish(OWNER, made.id)
        if not archived:
            house.templates.publish(OWNER, frame.id)
            assert house.templates.problems(made) == ()
            house.templates.archive(OWNER, frame.id, archived=True)


@pytest.mark.parametrize("layout", ["tpl_0", "message", "itself"])
def test_a_layout_must_be_one(house: House, layout: str) -> None:
    named = house.made().id if layout == "message" else layout
    kind = "layout" if layout == "itself" else "message"
    named = house.made(FRAME, kind="layout").id if layout == "itself" else named

    with pytest.raises(InvalidRequest) as caught:
        house.made(kind=kind, layout=named)

    assert [e.pointer for e in caught.value.errors] == ["/layout"]


def test_a_message_does_not_become_a_layout(house: House) -> None:
    with pytest.raises(InvalidRequest) as caught:
        house.put(house.made(), kind="layout")

    assert [e.pointer for e in caught.value.errors] == ["/kind"]


def test_a_layout_in_use_is_not_deleted_and_its_users_are_named(house: House) -> None:
    frame = house.published(FRAME, kind="layout")
    users = [house.made(name=f"User {n}", layout=frame.id) for n in range(6)]

    with pytest.raises(Conflict) as caught:
        house.templates.delete(OWNER, frame.id)

    assert caught.value.detail.count("User ") == 5
    assert "and others" in caught.value.detail
    for user in users:
        house.put(user, layout="")
    house.templates.delete(OWNER, frame.id)


def test_a_version_outlives_its_layout(house: House) -> None:
    frame = house.published(FRAME, kind="layout")
    made = house.published(layout=frame.id)
    house.put(made, layout="")
    house.templates.delete(OWNER, frame.id)

    assert house.load(made).layout == FRAME


# Archive, duplicate, delete.


def test_an_archived_template_can_be_read_and_neither_changed_nor_used(house: House) -> None:
    made = house.templates.archive(OWNER, house.published().id, archived=True)

    assert house.templates.get(OWNER, made.id).archived
    assert house.templates.version(OWNER, made.id, "1").body == HELLO
    for change in (lambda: house.put(made), lambda: house.templates.publish(OWNER, made.id)):
        with pytest.raises(Conflict) as caught:
            change()
        assert f"{made.id}/unarchive/" in caught.value.remedy
    for version in (None, 1):
        with pytest.raises(InvalidMessage):
            house.load(made, version)
    house.templates.archive(OWNER, made.id, archived=False)
    assert house.load(made).version == 1


def test_archiving_twice_changes_nothing(house: House, clock: Clock) -> None:
    made = house.templates.archive(OWNER, house.made().id, archived=True)
    clock.now += timedelta(hours=1)

    assert house.templates.archive(OWNER, made.id, archived=True) == made


def test_a_duplicate_is_a_draft_of_its_own(house: House) -> None:
    frame = house.published(FRAME, kind="layout")
    made = house.published(name="N" * 100, layout=frame.id)

    copy = house.templates.duplicate(OWNER, made.id)

    assert (copy.draft, copy.layout, copy.version, copy.edited) == (HELLO, frame.id, 0, True)
    assert copy.name == ("Copy of " + "N" * 100)[:100]
    house.put(copy, draft=html("<p>Other</p>"))
    assert house.templates.get(OWNER, made.id).draft == HELLO


def test_deleting_takes_the_versions_along(house: House) -> None:
    made = house.published()
    for _ in range(DELETES + 5):
        made = house.templates.publish(OWNER, made.id)

    house.templates.delete(OWNER, made.id)

    for number in (1, 5, DELETES, made.version):
        assert house.documents.get(version_path(OWNER, made.id, number)) is None
    for gone in (lambda: house.templates.get(OWNER, made.id), lambda: house.templates.delete(OWNER, made.id)):
        with pytest.raises(NotFound):
            gone()


def test_a_deleted_template_is_not_sent_by_an_instance_that_remembers_it(house: House, clock: Clock) -> None:
    made = house.published()
    other = House(house.documents, clock)
    other.load(made)

    house.templates.delete(OWNER, made.id)

    for version in (None, 1):
        with pytest.raises(InvalidMessage) as caught:
            other.load(made, version)
        assert [e.pointer for e in caught.value.errors] == ["/template/id"]


# What a send is told.


@pytest.mark.parametrize("template_id", ["tpl_0", "acc_0", "", "tpl_../../x", "tpl_" + "a" * 100])
def test_a_send_can_not_use_what_is_not_there(house: House, template_id: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        house.templates.load(OWNER, TemplateUse(template_id))

    assert caught.value.errors[0].pointer == "/template/id"


def test_a_send_is_told_to_publish_a_draft_first(house: House) -> None:
    made = house.made()

    with pytest.raises(InvalidMessage) as caught:
        house.load(made)

    assert caught.value.errors[0].pointer == "/template/id"
    assert f"/api/gmail/templates/{made.id}/publish/" in caught.value.remedy


def test_a_layout_is_not_sent(house: House) -> None:
    with pytest.raises(InvalidMessage) as caught:
        house.load(house.published(FRAME, kind="layout"))

    assert caught.value.errors[0].pointer == "/template/id"


@pytest.mark.parametrize("version", [2, 0, -1, 10**20])
def test_a_version_that_is_not_there_is_not_sent(house: House, version: int) -> None:
    with pytest.raises(InvalidMessage) as caught:
        house.load(house.published(), version)

    assert caught.value.errors[0].pointer == "/template/version"
    assert "newest is 1" in caught.value.detail


def test_another_owners_template_is_as_unknown_as_none(house: House) -> None:
    """Also where this instance remembers its versions."""
    made = house.published()
    house.load(made)

    for version in (None, 1):
        with pytest.raises(InvalidMessage) as theirs:
            house.templates.load("own_2", TemplateUse(made.id, version))
        with pytest.raises(InvalidMessage) as nobodys:
            house.templates.load("own_2", TemplateUse("tpl_0", version))
        assert theirs.value.errors == nobodys.value.errors
    with pytest.raises(NotFound):
        house.templates.version("own_2", made.id, "1")
    with pytest.raises(InvalidRequest):
        house.templates.create("own_2", TemplateFields("n", HELLO, layout=house.published(FRAME, kind="layout").id))


@pytest.mark.parametrize("number", ["0", "3", "-1", "x", "²", "1.0", " 1", "9" * 30, ""])
def test_a_number_that_is_none_is_not_found(house: House, number: str) -> None:
    made = house.published()

    with pytest.raises(NotFound):
        house.templates.version(OWNER, made.id, number)


# Lists.


def test_the_list_shows_the_newest_first_by_kind_and_without_the_archived(house: House, clock: Clock) -> None:
    for name, kind in (("a", "message"), ("b", "layout"), ("c", "message"), ("d", "message")):
        clock.now += timedelta(seconds=1)
        made = house.made(FRAME if kind == "layout" else HELLO, name, kind=kind)
    house.templates.archive(OWNER, made.id, archived=True)

    def names(**filters: Any) -> list[str]:
        return [t.name for t in house.templates.page(OWNER, **filters).templates]

    assert names() == ["c", "b", "a"]
    assert names(kind="message") == ["c", "a"]
    assert names(kind="layout") == ["b"]
    assert names(archived=True) == ["d"]
    assert names(kind="layout", archived=True) == []
    assert house.templates.page("own_2").templates == ()


def test_large_templates_come_in_short_pages_and_none_is_left_out(house: House, clock: Clock) -> None:
    """A page of 500 large ones would not fit into the function's memory."""
    for number in range(25):
        clock.now += timedelta(seconds=1)
        house.made(html("x" * 390_000), str(number))

    seen: list[str] = []
    after = None
    sizes = []
    while True:
        page = house.templates.page(OWNER, limit=500, after=after)
        seen += [t.name for t in page.templates]
        sizes.append(len(page.templates))
        after = page.next
        if after is None:
            break

    assert seen == [str(n) for n in reversed(range(25))]
    assert max(sizes) <= 20


def test_small_templates_come_in_pages_as_asked(house: House, clock: Clock) -> None:
    for number in range(25):
        clock.now += timedelta(seconds=1)
        house.made(name=str(number))

    first = house.templates.page(OWNER, limit=23)
    second = house.templates.page(OWNER, limit=23, after=first.next)

    assert [len(first.templates), len(second.templates)] == [23, 2]
    assert second.next is None


def test_versions_are_listed_newest_first(house: House) -> None:
    made = house.published()
    for _ in range(11):
        house.templates.publish(OWNER, made.id)

    first = house.templates.versions(OWNER, made.id, 5, None)
    second = house.templates.versions(OWNER, made.id, 50, first.next)

    assert [v.version for v in (*first.versions, *second.versions)] == list(range(12, 0, -1))


def test_the_largest_message_in_the_largest_layout_fits_into_a_document(open_store: Callable[[], Documents]) -> None:
    """Numbers take four times what they take as JSON: the store's own limit is kept all the same."""
    house = House(open_store(), Clock())
    numbers = (Variable("n", "list", sample=[1] * 24_000),)
    frame = TemplateBody(html="ä" * 45_000, variables=numbers)
    message = TemplateBody("s", "ä" * (HTML_LIMIT // 2), "t" * 40_000, variables=numbers)

    made = house.published(message, layout=house.published(frame, kind="layout").id)

    assert house.load(made).body == message


# Previews.


def test_a_preview_shows_the_draft_with_samples_or_values(house: House) -> None:
    made = house.made()

    for given, wanted in (({}, "Hello Ada"), ({"name": "Grace"}, "Hello Grace")):
        found = house.previews.preview(OWNER, PreviewRequest(given, id=made.id))
        assert (found.rendered.subject, found.rendered.html) == (wanted, f"<p>{wanted}</p>")


def test_a_preview_shows_a_version(house: House) -> None:
    made = house.published()
    house.put(made, draft=html("<p>New</p>"))

    found = house.previews.preview(OWNER, PreviewRequest(id=made.id, version=1))

    assert found.rendered.html == "<p>Hello Ada</p>"
    with pytest.raises(NotFound):
        house.previews.preview(OWNER, PreviewRequest(id=made.id, version=2))


def test_a_preview_has_the_layout_as_publishing_would_take_it(house: House) -> None:
    """Its draft where it was never published: then there is nothing else to show."""
    frame = house.made(FRAME, kind="layout")
    made = house.made(layout=frame.id)

    def shown() -> str:
        return house.previews.preview(OWNER, PreviewRequest(id=made.id)).rendered.html

    assert shown() == "<main><p>Hello Ada</p></main>"
    house.templates.publish(OWNER, frame.id)
    house.put(frame, draft=TemplateBody(html="<div>{content}</div>"))
    assert shown() == "<main><p>Hello Ada</p></main>"


def test_a_layout_is_previewed_around_some_content(house: House) -> None:
    for asked in (PreviewRequest(id=house.made(FRAME, kind="layout").id), PreviewRequest(body=FRAME, kind="layout")):
        found = house.previews.preview(OWNER, asked).rendered.html
        assert found.startswith("<main><p>")
        assert found.endswith("</p></main>")


def test_a_preview_of_what_can_not_be_rendered_points_at_it(house: House) -> None:
    wrong = html("{%")
    frame = house.made(TemplateBody(html="{%"), kind="layout")
    for asked, pointer in (
        (PreviewRequest(id=house.made(wrong).id), "/html"),
        (PreviewRequest(body=wrong), "/html"),
        (PreviewRequest(body=wrong, at="/template"), "/template/html"),
        (PreviewRequest(body=HELLO, layout=frame.id), "/layout"),
        (PreviewRequest(body=HELLO, layout="tpl_0", at="/template"), "/template/layout"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            house.previews.preview(OWNER, asked)
        assert [e.pointer for e in caught.value.errors] == [pointer]


def test_a_preview_names_the_variable_that_has_neither_value_nor_sample(house: House) -> None:
    made = house.made(replace(HELLO, variables=(Variable("name"),)))

    with pytest.raises(MissingVariable) as caught:
        house.previews.preview(OWNER, PreviewRequest(id=made.id))

    assert [e.pointer for e in caught.value.errors] == ["/variables/name"]
