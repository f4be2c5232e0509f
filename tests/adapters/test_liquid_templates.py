"""Liquid: what a template may say, what it shows, and what it says where something is wrong."""

import pytest

from functions.domain.errors import FieldError, InvalidMessage, InvalidRequest, MissingVariable
from functions.domain.template_values import UNSUBSCRIBE_PLACEHOLDER
from functions.domain.templates import TemplateBody, Variable
from tests.adapters.rendering import AT, TEMPLATES, inner, rendered, shown

LIST = Variable("items", "list")
DATE = Variable("day", "date")
NUMBER = Variable("n", "number")


def refused(**body: object) -> dict[str, str]:
    """The problems of a body by pointer."""
    layout = bool(body.pop("layout", False))
    with pytest.raises(InvalidRequest) as raised:
        TEMPLATES.check(TemplateBody(**body), layout=layout)  # type: ignore[arg-type]
    return {problem.pointer: problem.detail for problem in raised.value.errors}


def test_values_are_escaped_in_html_and_not_in_text_or_subject() -> None:
    mail = rendered("<p>{{ name }}</p>", {"name": "<b>A & B</b>"}, subject="Hi {{ name }}", text="To {{ name }}")
    assert inner(mail.html) == "<p>&lt;b&gt;A &amp; B&lt;/b&gt;</p>"
    assert mail.subject == "Hi <b>A & B</b>"
    assert mail.text == "To <b>A & B</b>"


def test_the_authors_own_html_stays() -> None:
    assert shown("{% assign mark = '<b>new</b>' %}{{ mark }}") == "<b>new</b>"


def test_a_name_that_is_not_declared_is_found_with_line_and_column() -> None:
    problems = refused(subject="Hi {{ nmae }}", html="<p>\n  {{ name }}{{ oops }}</p>", variables=(Variable("name"),))
    assert problems == {
        "/subject": "Line 1, column 7: The variable `nmae` is not declared.",
        "/html": "Line 2, column 16: The variable `oops` is not declared.",
    }


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("a\n{{ name | }}<p>\n{{ name }}", "Line 2, column 11: Expected word, found end of expression."),
        ("{% if name == %}\n\nx{% endif %}", "Line 1, column 15: "),
        ("x\n{% if name %}{{ name }}{% assign y = name | %}{% endif %}", "Line 2, column 45: "),
        ("x\n{% assign y = name || 2 %}", "Line 2, column 20: "),
        ("a\r\n\n  {% if name %}", "Line 3, column 3: `{% if %}` is never closed"),
        ("{% for x in name %}{% endif %}", "Line 1, column 20: `{% endif %}` stands where `{% endfor %}` is expected"),
        ("{{ name", "Line 1, column 1: `{{` has no `}}`"),
        ("{{ name | upcas }}", "Line 1, column 11: There is no filter `upcas`; did you mean `upcase`?"),
        ("{% elsif name %}", "Line 1, column 1: The tag `elsif` can't stand here."),
        ("{{}}", "Line 1, column 1: There is nothing between"),
        ("{% %}", "Line 1, column 1: There is nothing between"),
    ],
)
def test_syntax_errors_carry_line_and_column(source: str, where: str) -> None:
    assert refused(html=source, variables=(Variable("name"),))["/html"].startswith(where)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ name | upcase | truncate: 6 }}", "GRA..."),
        ("{{ name | replace: 'a', 'b' }}", "Grbce Hopper"),
        ("{{ none | default: 'you' }}", "you"),
        ("{{ none }}", ""),
        ("{{ n | plus: 1 | times: 2 }}", "7.0"),
        ("{{ day | date: '%-d %B %Y, %H:%M %p' }}", "3 April 2030, 09:05 AM"),
        ("{{ items | map: 'sku' | join: '+' }}", "a+b"),
        ("{% for i in items %}{{ forloop.index }}{{ i.sku }}{% if i.note %}!{% endif %}{% endfor %}", "1a2b!"),
        ("{% for i in (1..3) %}{{ i }}{% unless forloop.last %},{% endunless %}{% endfor %}", "1,2,3"),
        ("{% case name %}{% when 'x' %}1{% else %}2{% endcase %}", "2"),
        ("{% capture x %}{{ name }}!{% endcapture %}{{ x }}", "Grace Hopper!"),
        ("{% comment %}{{ nothing | of: this }}{% endcomment %}x{% # nor this %}", "x"),
        ("{% raw %}{{ name }}{% endraw %}", "{{ name }}"),
        ("{{ items.size }} {{ items[0].sku }} {{ items.last.sku }}", "2 a b"),
        ("{{ yes }}/{{ n }}", "true/2.5"),
        ("{%- if name -%} x {%- endif -%}", "x"),
    ],
)
def test_what_a_template_can_say(source: str, text: str) -> None:
    values = {"name": "Grace Hopper", "n": 2.5, "day": "2030-04-03T09:05:00+02:00", "yes": True,
              "items": [{"sku": "a"}, {"sku": "b", "note": "gift"}]}  # fmt: skip
    declared = (NUMBER, DATE, LIST, Variable("yes", "boolean"), Variable("none", required=False))
    assert rendered("x", values, *declared, text=source).text == text
    assert shown(source, values, *declared) == text


def test_a_required_variable_without_fallback_is_named_before_anything_is_rendered() -> None:
    with pytest.raises(MissingVariable) as raised:
        rendered("{{ name }}{{ n }}", {"n": 1}, Variable("name"), NUMBER)
    assert raised.value.errors == (
        FieldError(f"{AT}/name", "The template needs the variable `name`, and it has no fallback."),
    )


def test_a_member_that_an_item_lacks_is_a_missing_variable_of_that_list() -> None:
    with pytest.raises(MissingVariable) as raised:
        rendered("{% for i in items %}\n{{ i.price }}{% endfor %}", {"items": [{"price": 1}, {}]}, LIST)
    assert raised.value.errors == (
        FieldError(f"{AT}/items", "The template's html, line 2, column 4: i.price is undefined."),
    )


@pytest.mark.parametrize("value", ["{{ items }}", "{{ items[0] }}", "{{ items | upcase }}"])
def test_a_list_or_an_object_has_no_text_form(value: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        rendered(value, {"items": [{"sku": "a"}]}, LIST)
    assert raised.value.errors[0].pointer == f"{AT}/items"


def test_a_layout_stands_around_the_message_in_html_and_in_text() -> None:
    layout = TemplateBody(
        html="<html><body bgcolor='#eee'><h1>{{ brand }}</h1>{{ content }}<p>Bye</p></body></html>",
        text="{{ brand }}\n{{ content }}\nBye",
        variables=(Variable("brand", fallback="Acme & Co"),),
    )
    mail = rendered("<p>{{ name }}</p>", {"name": "<Ada>"}, layout=layout, text="Dear {{ name }}")
    assert inner(mail.html) == "<h1>Acme &amp; Co</h1><p>&lt;Ada&gt;</p><p>Bye</p>"
    assert '<body bgcolor="#eee">' in mail.html
    assert mail.text == "Acme & Co\nDear <Ada>\nBye"
    assert rendered("<p>Hi</p>", layout=layout).text == "Acme & Co\n\nHi\n\nBye\n"


@pytest.mark.parametrize(
    ("html", "detail"),
    [
        ("<p>nothing</p>", "exactly once; this one does 0 times"),
        ("{{ content }}{{ content }}", "exactly once; this one does 2 times"),
        ("<p title='{{ content }}'>", "`content` can't stand inside a tag"),
    ],
)
def test_a_layout_says_where_the_message_stands(html: str, detail: str) -> None:
    assert detail in refused(html=html, layout=True)["/html"]
    assert "of a layout only" in refused(html="{{ content }}")["/html"]


def test_a_message_may_not_end_inside_a_tag_that_its_layout_would_go_on_with() -> None:
    assert "ends inside a tag" in refused(html="<p>x</p><a ")["/html"]


def test_the_unsubscribe_link_needs_no_declaration_and_survives_everything() -> None:
    mail = rendered('<style>a{color:red}</style><a href="{{ unsubscribe_url }}">Stop</a>', text="{{ unsubscribe_url }}")
    assert f'<a href="{UNSUBSCRIBE_PLACEHOLDER}" style="color:red">Stop</a>' in mail.html
    assert mail.text == UNSUBSCRIBE_PLACEHOLDER
    assert UNSUBSCRIBE_PLACEHOLDER in rendered('<a href="{{ unsubscribe_url }}">Stop</a>').text


def test_the_preheader_is_hidden_in_front_and_not_part_of_the_text() -> None:
    mail = rendered("<p>Body</p>", {"name": "<Ada>"}, preheader="For  {{ name }}")
    assert mail.html.index("For &lt;Ada&gt;") < mail.html.index("Body")
    assert mail.text == "Body\n"


def test_variables_that_are_never_named_are_reported() -> None:
    assert rendered("{{ a }}", {"a": "1", "b": "2"}).unused == ("b",)


def test_a_template_without_html_gives_none() -> None:
    mail = rendered("", {"name": "Ada"}, text="Hi {{ name }}")
    assert (mail.html, mail.text) == ("", "Hi Ada")


@pytest.mark.parametrize("value", ["a\nBcc: x@y.z", "a\r\nb", "a\u2028b", "a\x85b", "a\u2029b", "a\x0bb"])
@pytest.mark.parametrize("key", ["name", "items"])
def test_a_value_that_would_break_the_subject_is_refused_where_it_was_given(key: str, value: str) -> None:
    values = {"name": "x", "items": ["y"], key: value if key == "name" else [{"sku": value}]}
    with pytest.raises(InvalidMessage) as raised:
        rendered("x", values, LIST, subject="Hi {{ name }} {{ items[0].sku }}" if key == "items" else "Hi {{ name }}")
    assert raised.value.errors[0].pointer.startswith(f"{AT}/{key}")


def test_spaces_of_a_subject_are_one_and_those_of_another_kind_stay() -> None:
    mail = rendered("x", {"price": "10\u00a0€"}, subject=" Für  {{ price }}:\t山田\u3000様 ")
    assert mail.subject == "Für 10\u00a0€: 山田\u3000様"


def test_a_value_that_does_not_come_into_the_subject_may_have_lines() -> None:
    assert rendered("<p>{{ note }}</p>", {"note": "a\nb", "name": "x"}, subject="{{ name }}").subject == "x"


def test_declarations_are_checked() -> None:
    problems = refused(
        html="x",
        variables=(
            Variable("1x"), Variable("a"), Variable("a"), Variable("content"), Variable("true"),
            Variable("n", "number", fallback="x"),
            Variable("d", "date", sample="tomorrow"),
        ),
    )  # fmt: skip
    assert set(problems) == {
        "/variables/0/key", "/variables/2/key", "/variables/3/key", "/variables/4/key", "/variables/5/fallback",
        "/variables/6/sample",
    }  # fmt: skip


def test_in_css_a_value_is_a_single_plain_value() -> None:
    assert shown('<p style="color:{{ c }}">x</p>', {"c": "#1a73e8"}) == '<p style="color:#1a73e8">x</p>'
    with pytest.raises(InvalidMessage) as raised:
        rendered('<p style="color:{{ c }}">x</p>', {"c": "red;position:fixed"})
    assert raised.value.errors[0].pointer == f"{AT}/c"


def test_text_of_any_html_for_signatures() -> None:
    assert TEMPLATES.text('<div>Ada<br><a href="https://a.b/">site</a></div>') == "Ada\nsite (https://a.b/)\n"
    with pytest.raises(InvalidMessage):
        TEMPLATES.text("<div>" * 1000)
