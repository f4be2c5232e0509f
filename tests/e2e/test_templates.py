"""Templates as a program uses them: written, looked at, published, sent."""

import threading
from typing import Any

import pytest

from tests.e2e.client import Answer, Caller
from tests.e2e.google import Google, Person

WELCOME: dict[str, Any] = {
    "name": "Welcome",
    "subject": "Welcome, {{ name }}",
    "html": "<p>Hello {{ name }}, {{ count }} letters</p>",
    "variables": [{"key": "name", "sample": "Ada"}, {"key": "count", "type": "number", "fallback": 3}],
}
SHOWN = {
    "id", "name", "kind", "subject", "html", "text", "preheader", "variables", "layout", "status", "version", "edited",
    "archived", "created_at", "updated_at", "published_at",
}  # fmt: skip


def create(caller: Caller, **changed: Any) -> dict[str, Any]:
    return dict(caller.post("templates/", {**WELCOME, **changed}).ok(201))


def publish(caller: Caller, template: dict[str, Any]) -> dict[str, Any]:
    return dict(caller.post(f"templates/{template['id']}/publish/", {}).ok())


def put(caller: Caller, template: dict[str, Any], **changed: Any) -> Answer:
    return caller.call("PUT", f"templates/{template['id']}/", {**template, **changed})


def preview(caller: Caller, **asked: Any) -> dict[str, Any]:
    return dict(caller.post("templates/preview/", asked).ok())


# Once in every hosting, on every store.


def test_from_the_first_draft_to_the_mail(caller: Caller, google: Google, ada: Person) -> None:
    caller.connect(ada)
    made = create(caller)
    assert made.keys() == SHOWN | {"problems"}
    assert (made["status"], made["version"], made["edited"], made["problems"]) == ("draft", None, True, [])
    assert made["variables"][1] == {
        "key": "count",
        "type": "number",
        "required": True,
        "fallback": 3,
        "sample": None,
    }
    caller.send(template={"id": made["id"]}, subject=None, text=None).pointers(422, "invalid_message")

    published = publish(caller, made)
    assert (published["status"], published["version"], published["edited"]) == ("published", 1, False)
    use = {"id": made["id"], "variables": {"name": "Grace"}}
    sent = caller.send(template=use, subject=None, text=None).ok()

    record = caller.get(f"history/{sent['id']}/", include="mime").ok()
    assert record["subject"] == "Welcome, Grace"
    assert "Hello Grace, 3 letters" in record["mime"]
    assert len(google.deliveries(ada)) == 1


def test_a_draft_that_is_put_back_as_it_came_is_the_same(caller: Caller) -> None:
    made = create(caller)
    publish(caller, made)
    found = caller.get(f"templates/{made['id']}/").ok()

    same = put(caller, found).ok()
    other = put(caller, found, html="<p>Hi {{ name }}</p>").ok()

    assert {**same, "updated_at": ""} == {**found, "updated_at": "", "problems": []}
    assert (other["edited"], other["version"]) == (True, 1)
    assert caller.get(f"templates/{made['id']}/versions/1/").ok()["html"] == WELCOME["html"]


def test_the_list_has_pages_and_filters(caller: Caller) -> None:
    made = [create(caller, name=name)["id"] for name in ("one", "two", "three")]
    create(caller, name="frame", kind="layout", html="{{ content }}", variables=[])
    caller.post(f"templates/{made[1]}/archive/", {}).ok()

    first = caller.get("templates/", kind="message", page_size=1).ok()
    second = caller.get("templates/", kind="message", page_size=1, page_token=first["next_page_token"]).ok()

    assert [t["name"] for t in first["templates"] + second["templates"]] == ["three", "one"]
    assert second["next_page_token"] is None
    assert first["templates"][0].keys() == SHOWN
    assert [t["name"] for t in caller.get("templates/", kind="layout").ok()["templates"]] == ["frame"]
    assert [t["name"] for t in caller.get("templates/", archived="true").ok()["templates"]] == ["two"]


def test_two_who_publish_at_once_get_two_numbers_or_a_conflict(caller: Caller) -> None:
    made = create(caller)
    answers: list[Answer] = []

    def ask() -> None:
        answers.append(caller.post(f"templates/{made['id']}/publish/", {}))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    numbers = sorted(a.ok()["version"] for a in answers if a.status == 200)
    for answer in answers:
        if answer.status != 200:
            answer.problem(409, "conflict")
    versions = caller.get(f"templates/{made['id']}/versions/").ok()["versions"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [v["version"] for v in versions] == numbers[::-1]


def test_what_another_owner_wrote_is_not_there(caller: Caller, stranger: Caller, ada: Person) -> None:
    made = create(caller)
    publish(caller, made)
    stranger.connect(ada)

    place = f"templates/{made['id']}/"
    for method, path in (
        ("GET", place),
        ("PUT", place),
        ("DELETE", place),
        ("POST", f"{place}publish/"),
        ("POST", f"{place}duplicate/"),
        ("POST", f"{place}archive/"),
        ("GET", f"{place}versions/"),
        ("GET", f"{place}versions/1/"),
    ):
        stranger.call(method, path, WELCOME if method in ("PUT", "POST") else None).problem(404, "not_found")
    stranger.post("templates/preview/", {"id": made["id"]}).problem(404, "not_found")
    refused = stranger.send(template={"id": made["id"], "variables": {"name": "x"}}, subject=None, text=None)
    assert refused.pointers(422, "invalid_message") == ["/template/id"]
    assert caller.get(place).ok()["archived"] is False


def test_a_layout_stands_around_a_message_until_it_is_deleted(caller: Caller) -> None:
    frame = create(caller, name="frame", kind="layout", html="<h1>Top</h1>{{ content }}", subject="", variables=[])
    made = create(caller, layout=frame["id"])
    assert [p["pointer"] for p in made["problems"]] == ["/layout"]
    publish(caller, frame)
    publish(caller, made)

    assert "<h1>Top</h1><p>Hello Ada, 3 letters</p>" in preview(caller, id=made["id"], version=1)["html"]
    problem = caller.delete(f"templates/{frame['id']}/").problem(409, "conflict")
    assert made["id"] in problem["detail"]
    caller.delete(f"templates/{made['id']}/").ok(204)
    caller.delete(f"templates/{frame['id']}/").ok(204)
    caller.get(f"templates/{made['id']}/versions/1/").problem(404, "not_found")


# What a body may say, in one hosting.


def test_previews_take_a_template_in_three_ways(user: Caller) -> None:
    made = create(user)
    fields = {name: WELCOME[name] for name in ("subject", "html")}

    for asked in (
        {"id": made["id"], "variables": {"name": "Grace"}},
        {"template": {**WELCOME}, "variables": {"name": "Grace"}},
        {"template": made, "variables": {"name": "Grace"}},
        {**fields, "variables": {"name": "Grace", "count": 3}},
        {**fields, "variables": [{"key": "name", "sample": "Grace"}, {"key": "count", "type": "number", "sample": 3}]},
    ):
        found = preview(user, **asked)
        assert found.keys() == {"subject", "html", "text", "size", "warnings"}
        assert found["subject"] == "Welcome, Grace"
        assert "<p>Hello Grace, 3 letters</p>" in found["html"]
        assert found["text"].strip() == "Hello Grace, 3 letters"
        assert found["size"] == len(found["html"].encode())


def test_values_that_declare_themselves_have_the_type_they_look_like(user: Caller) -> None:
    found = preview(
        user,
        subject="s",
        html="{{ n | plus: 1 }} {% if yes %}y{% endif %} {{ l | join: '-' }} {{ d | date: '%Y' }} {{ o }}",
        variables={"n": 1.5, "yes": True, "l": [1, "a"], "d": "2030-01-31", "o": "x"},
    )

    assert found["text"].strip() == "2.5 y 1-a 2030 x"


def test_a_preview_warns_of_what_mail_clients_do_not_like(user: Caller) -> None:
    quiet = preview(user, subject="Hello", html="<p>Good morning, dear reader of this letter.</p>")
    loud = preview(
        user, subject="Hello", html="<p>Morning</p><img src='https://example.com/a.png'>" + f"<p>{'x' * 110_000}</p>"
    )

    assert quiet["warnings"] == []
    assert all(w.keys() == {"code", "detail"} for w in loud["warnings"])
    assert {w["code"] for w in loud["warnings"]} >= {"missing_alt", "gmail_clips"}


def test_a_problem_of_the_text_has_its_line_and_column(user: Caller) -> None:
    broken = "<p>ok</p>\n<p>{% for x in %}</p>"

    (problem,) = create(user, html=broken)["problems"]

    assert problem["pointer"] == "/html"
    assert "Line 2, column 4" in problem["detail"]
    for asked, pointer in (
        ({"subject": "s", "html": broken}, "/html"),
        ({"template": {"html": broken}}, "/template/html"),
    ):
        assert user.post("templates/preview/", asked).pointers(400, "invalid_request") == [pointer]


def test_a_missing_value_is_named_before_anything_is_made(user: Caller) -> None:
    made = create(user, variables=[{"key": "name"}, {"key": "count", "type": "number"}])

    missing = user.post("templates/preview/", {"id": made["id"], "variables": {"count": 1}})
    wrong = user.post("templates/preview/", {"id": made["id"], "variables": {"name": "A", "count": "many", "x": 1}})

    assert missing.pointers(422, "missing_variable") == ["/variables/name"]
    assert sorted(wrong.pointers(422, "invalid_message")) == ["/variables/count", "/variables/x"]


@pytest.mark.parametrize(
    ("changed", "pointers"),
    [
        ({"name": None}, ["/name"]),
        ({"name": " "}, ["/name"]),
        ({"name": "n" * 101}, ["/name"]),
        ({"name": "a\u202eb"}, ["/name"]),
        ({"kind": "page"}, ["/kind"]),
        ({"subject": "a\nb"}, ["/subject"]),
        ({"subject": "s" * 2001}, ["/subject"]),
        ({"preheader": 1}, ["/preheader"]),
        ({"html": "ä" * 131_073}, ["/html"]),
        ({"html": "\x00"}, ["/html"]),
        ({"text": "t" * 65_537}, ["/text"]),
        ({"html": '"' * 262_144}, ["/html"]),
        ({"kind": "layout", "html": "x" * 150_000}, ["/html"]),
        ({"layout": "tpl_0"}, ["/layout"]),
        ({"layout": "mine"}, ["/layout"]),
        ({"variables": {}}, ["/variables"]),
        ({"variables": [{}]}, ["/variables/0/key"]),
        ({"variables": ["name"]}, ["/variables/0", "/variables/0/key"]),
        ({"variables": [{"key": "a b"}]}, ["/variables/0/key"]),
        ({"variables": [{"key": "a"}, {"key": "a"}]}, ["/variables/1/key"]),
        ({"variables": [{"key": "a", "type": "text"}]}, ["/variables/0/type"]),
        ({"variables": [{"key": "a", "required": "yes"}]}, ["/variables/0/required"]),
        ({"variables": [{"key": "a", "type": "number", "fallback": "1"}]}, ["/variables/0/fallback"]),
        ({"variables": [{"key": "a", "type": "date", "sample": "soon"}]}, ["/variables/0/sample"]),
        ({"variables": [{"key": "a", "default": "x"}]}, ["/variables/0/default"]),
        ({"variables": [{"key": f"a{n}"} for n in range(51)]}, ["/variables"]),
        ({"variables": [{"key": f"a{n}", "sample": "x" * 30_000} for n in range(2)]}, ["/variables"]),
        ({"htlm": ""}, ["/htlm"]),
    ],
)
def test_what_is_wrong_with_a_template_is_pointed_at_and_nothing_is_made(
    user: Caller, changed: dict[str, Any], pointers: list[str]
) -> None:
    assert user.post("templates/", {**WELCOME, **changed}).pointers(400, "invalid_request") == pointers
    assert user.get("templates/").ok()["templates"] == []


def test_a_layout_keeps_its_limit_when_it_is_replaced(user: Caller) -> None:
    """Also where the body does not say that it is one: with its message it has to fit into one record."""
    made = create(user, kind="layout", html="{{ content }}", variables=[])

    for said in ({}, {"kind": "layout"}):
        body = {"name": "frame", "html": "{{ content }}" + "x" * 150_000, **said}
        answer = user.call("PUT", f"templates/{made['id']}/", body)
        assert answer.pointers(400, "invalid_request") == ["/html"]


@pytest.mark.parametrize(
    ("asked", "pointers"),
    [
        ({"id": 1}, ["/id"]),
        ({"id": "tpl_0", "version": 0}, ["/version"]),
        ({"id": "tpl_0", "version": "new"}, ["/version"]),
        ({"id": "tpl_0", "version": True}, ["/version"]),
        ({"id": "tpl_0", "html": ""}, ["/html"]),
        ({"id": "tpl_0", "variables": []}, ["/variables"]),
        ({"template": "tpl_0"}, ["/template"]),
        ({"template": {"variables": {}}}, ["/template/variables"]),
        ({"template": {}, "version": 1}, ["/version"]),
        ({"template": {"variables": [{"key": "1"}]}}, ["/template/variables/0/key"]),
        ({"html": "", "variables": {"a b": 1}}, ["/variables/a b"]),
        ({"html": "", "variables": {f"a{n}": 1 for n in range(51)}}, ["/variables"]),
        ({"html": "", "variables": {"a": 10**19}}, ["/variables/a"]),
    ],
)
def test_what_is_wrong_with_a_preview_is_pointed_at(user: Caller, asked: dict[str, Any], pointers: list[str]) -> None:
    assert user.post("templates/preview/", asked).pointers(400, "invalid_request") == pointers


@pytest.mark.parametrize("query", [{"kind": "mail"}, {"archived": "yes"}, {"sort": "name"}, {"page_token": "x"}])
def test_what_is_wrong_with_a_list_is_pointed_at(user: Caller, query: dict[str, str]) -> None:
    user.get("templates/", **query).problem(400, "invalid_request")


def test_an_archived_template_is_neither_sent_nor_changed(user: Caller, ada: Person) -> None:
    user.connect(ada)
    made = create(user)
    publish(user, made)
    user.post(f"templates/{made['id']}/archive/", {}).ok()

    use = {"id": made["id"], "variables": {"name": "x"}}
    assert user.send(template=use, subject=None, text=None).pointers(422, "invalid_message") == ["/template/id"]
    put(user, made).problem(409, "conflict")
    user.post(f"templates/{made['id']}/publish/", {}).problem(409, "conflict")
    user.post(f"templates/{made['id']}/unarchive/", {}).ok()
    user.send(template=use, subject=None, text=None).ok()


def test_a_send_that_was_accepted_outlives_its_template(user: Caller, ada: Person) -> None:
    """It has its text with it, and keeps the template's id."""
    user.connect(ada)
    made = create(user)
    publish(user, made)
    use = {"id": made["id"], "variables": {"name": "Grace"}}
    sent = user.send(template=use, subject=None, text=None, wait=False).ok(202)

    user.delete(f"templates/{made['id']}/").ok(204)

    record = user.get(f"history/{sent['id']}/").ok()
    assert record["template"] == made["id"] or record["template"]["id"] == made["id"]
    assert record["subject"] == "Welcome, Grace"
    assert len(user.history(template=made["id"])) == 1


def test_a_value_that_reads_like_the_unsubscribe_link_stays_text(user: Caller, ada: Person) -> None:
    user.connect(ada)
    made = publish(user, create(user, html='<p>From {{ name }}</p><a href="https://shop.example/?n={{ name }}">x</a>'))
    for name in ("{{ unsubscribe_url }}", "%7B%7Bunsubscribe_url%7D%7D", "https://unsubscribe.invalid/"):
        use = {"id": made["id"], "variables": {"name": name}}
        several = ["bo@elsewhere.example", "cy@elsewhere.example"]
        mime = user.send(template=use, subject=None, text=None, to=several, dry_run=True).ok()["mime"]
        assert "/t/u/" not in mime
        assert "List-Unsubscribe" not in mime


def test_hostile_templates_end_in_an_error_and_not_in_a_crash(user: Caller) -> None:
    loops = "{% for a in l %}" * 6 + "x" + "{% endfor %}" * 6
    for html in (loops, "{{ l.__class__ }}", "{% include 'x' %}", "{{ l | map: '__class__' }}", "{{" * 5000):
        answer = user.post("templates/preview/", {"subject": "s", "html": html, "variables": {"l": [1] * 1000}})
        assert answer.status in (200, 400, 422), answer.text
        assert "__class__" not in answer.text or answer.status != 200
