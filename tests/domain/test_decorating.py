"""What is added to a finished message, and that nothing else in it changes."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.decorating import (
    UNSUBSCRIBE_PLACEHOLDER,
    append,
    decorate,
    decorate_text,
    exactly,
    names_unsubscribe,
)
from functions.domain.html_scan import Tag, scan
from tests.full import examples

PIXEL = "https://mail.example/t/o/x"
LEAVE = "https://mail.example/t/u/x"
IMAGE = f'<img src="{PIXEL}" alt="" width="1" height="1" border="0" style="width:1px;height:1px;border:0">'


class Clicks:
    """Remembers the links it was asked about."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str]] = []

    def __call__(self, index: int, url: str) -> str:
        self.asked.append((index, url))
        return f"https://mail.example/t/c/{index}"


def clicks(html: str, unsubscribe: str | None = None) -> tuple[str, list[tuple[int, str]]]:
    click = Clicks()
    return decorate(html, click=click, pixel=None, unsubscribe=unsubscribe), click.asked


def test_nothing_asked_is_the_very_same_string() -> None:
    html = "<p>Hello <a href='https://a.example/'>a</a> {{ unsubscribe_url }}"
    assert decorate(html, click=None, pixel=None, unsubscribe=None) is html
    text = "Hello"
    assert decorate_text(text, unsubscribe=None) is text


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ('<a href="https://a.example/">', "https://a.example/"),
        ("<a href='http://a.example/x'>", "http://a.example/x"),
        ("<a href=https://a.example/x>", "https://a.example/x"),
        ("<A HREF = HTTPS://a.example/x >", "HTTPS://a.example/x"),
        ('<area shape=rect href="https://a.example/">', "https://a.example/"),
        ('<a\n\tclass="x"\n\thref\n=\n"https://a.example/"\n>', "https://a.example/"),
        ('<a class=x/href="https://a.example/">', None),  # all of it is the class
        ('<a/href="https://a.example/"/>', "https://a.example/"),
        ('<a href="https://a.example/?a=1&amp;b=2">', "https://a.example/?a=1&b=2"),
        ('<a href="https://a.example/?a=1&b=2">', "https://a.example/?a=1&b=2"),
        ('<a href="https://a.example/?a=1&copy=2&lt=3">', "https://a.example/?a=1&copy=2&lt=3"),
        ('<a href="https://a.example/?a=1&copy;">', "https://a.example/?a=1%C2%A9"),
        ('<a href="https://a.example/?q=a&#38;b&#x26;c&#0000000038;d">', "https://a.example/?q=a&b&c&d"),
        ('<a href="https&colon;//a.example/">', "https://a.example/"),
        ('<a href=" https://a.example/ \n">', "https://a.example/"),
        ('<a title="a > b" href="https://a.example/">', "https://a.example/"),
        ('<a href="https://a.example/1" href="https://a.example/2">', "https://a.example/1"),
        ('<a data-x=\'"\' href="https://a.example/">', "https://a.example/"),
        ('<a "="" href="https://a.example/">', "https://a.example/"),
        ("<svg><a href='https://a.example/'>", "https://a.example/"),
        ('<a href="mailto:a@b.example">', None),
        ('<a href="tel:+123">', None),
        ('<a href="cid:logo">', None),
        ('<a href="#there">', None),
        ('<a href="">', None),
        ("<a href>", None),
        ("<a href=>", None),
        ('<a href="/relative">', None),
        ('<a href="javascript:alert(1)">', None),
        ('<a name="https://a.example/">', None),
        ('<abbr href="https://a.example/">', None),
        ('<link href="https://a.example/"><img src="https://a.example/"><form action="https://a.example/">', None),
        ('</a href="https://a.example/">', None),
        ('<a data-track="off" href="https://a.example/">', None),
        ('<a href="https://a.example/" DATA-TRACK=" Off ">', None),
        ("<a notrack href=https://a.example/>", None),
        ('<a data-track="on" href="https://a.example/">', "https://a.example/"),
        ('<!-- <a href="https://a.example/"> -->', None),
        ('<!--[if mso]><a href="https://a.example/"><![endif]-->', None),
        ('<!--[if !mso]><!--><a href="https://a.example/"><!--<![endif]-->', "https://a.example/"),
        ('<!--><a href="https://a.example/">', "https://a.example/"),
        ('<!---><a href="https://a.example/">', "https://a.example/"),
        ('<!--!><a href="https://a.example/">-->', None),
        ('<!-- --!><a href="https://a.example/">', "https://a.example/"),
        ('<![if !mso]><a href="https://a.example/">', "https://a.example/"),
        ('<?xml version="1.0"?><a href="https://a.example/">', "https://a.example/"),
        ('<script>"<a href=https://a.example/>"</script>', None),
        ('<style>/* <a href="https://a.example/"> */</style >', None),
        ('<title><a href="https://a.example/"></title>', None),
        ('<textarea><a href="https://a.example/"></textarea>', None),
        ('<script></scripty><a href="https://a.example/"></script>', None),
        ('<STYLE></style\n><a href="https://a.example/">', "https://a.example/"),
        ('a < b <a href="https://a.example/">', "https://a.example/"),
        ('<<a href="https://a.example/">', "https://a.example/"),
        ('<a href="https://a.example/', None),
        ('<a href="https://a.example/" ', None),
        ("<a href='https://a.example/>text</a>", None),
        ('<plaintext><a href="https://a.example/">', None),
    ],
)
def test_only_links_to_the_web_are_rewritten(html: str, url: str | None) -> None:
    found, asked = clicks(html)
    assert asked == ([] if url is None else [(0, url)])
    if url is None:
        assert found is html
    else:
        assert found.count("https://mail.example/t/c/0") == 1


def test_all_but_the_destinations_stays_as_it_was() -> None:
    html = """<!DOCTYPE html>\r\n<HTML><Body  class=x>\t<P>Ä &amp; <A title='"' HREF=https://a.example/x>1</A >
<a href="https://b.example/?x=1&amp;y=2" CLASS=b>2</a><a href='https://c.example/'>3</a></P></Body>"""
    found, _ = clicks(html)
    assert (
        found
        == """<!DOCTYPE html>\r\n<HTML><Body  class=x>\t<P>Ä &amp; <A title='"' HREF="https://mail.example/t/c/0">1</A >
<a href="https://mail.example/t/c/1" CLASS=b>2</a><a href='https://mail.example/t/c/2'>3</a></P></Body>"""
    )


def test_what_is_written_into_an_attribute_is_escaped() -> None:
    html = """<a href="https://a.example/"><a href='https://a.example/'><a href=https://a.example/>"""
    found = decorate(html, click=lambda i, _: f"https://m.example/?a=1&b='\"{i}", pixel=None, unsubscribe=None)
    written = "https://m.example/?a=1&amp;b=&#x27;&quot;"
    assert found == f"""<a href="{written}0"><a href='{written}1'><a href="{written}2">"""


def test_links_are_numbered_as_they_come() -> None:
    _, asked = clicks('<a href="https://a.example/"><a href="mailto:x@y.example"><a href="https://a.example/">')
    assert [index for index, _ in asked] == [0, 1]


def test_a_click_that_stays_where_it_is_changes_nothing() -> None:
    html = '<a href="https://a.example/?a=1&b=2">x</a>'
    assert decorate(html, click=lambda _, url: url, pixel=None, unsubscribe=None) is html


@pytest.mark.parametrize(
    ("html", "around"),
    [
        ("<p>Hi</p>", ("<p>Hi</p>", "")),
        ("<html><body><p>Hi</p></body></html>", ("<html><body><p>Hi</p>", "</body></html>")),
        ("<body>a</BODY\n><!-- </body> -->", ("<body>a", "</BODY\n><!-- </body> -->")),
        ("<body>a</body>b</body>", ("<body>a</body>b", "</body>")),
        ("<script>'</body>'</script>", ("<script>'</body>'</script>", "")),
        ("Hi <!-- never closed", ("Hi ", "<!-- never closed")),
        ("Hi <style>p {", ("Hi ", "<style>p {")),
        ("Hi <p class='", ("Hi ", "<p class='")),
        ("Hi <b", ("Hi ", "<b")),
        ("", ("", "")),
    ],
)
def test_the_pixel_stands_behind_all_that_is_shown(html: str, around: tuple[str, str]) -> None:
    assert decorate(html, click=None, pixel=PIXEL, unsubscribe=None) == IMAGE.join(around)
    assert append(html, IMAGE) == IMAGE.join(around)


def test_the_pixel_is_a_picture_that_is_fetched_and_says_nothing() -> None:
    """Hidden ones are not loaded: https://github.com/mautic/documentation/issues/79; no alt is read out."""
    assert "display" not in IMAGE
    assert "hidden" not in IMAGE
    assert 'alt=""' in IMAGE


@pytest.mark.parametrize(
    "named",
    [
        UNSUBSCRIBE_PLACEHOLDER,
        "{{ unsubscribe_url }}",
        "{{unsubscribe_url}}",
        "%7B%7B%20unsubscribe_url%20%7D%7D",
        "%7b%7bunsubscribe_url%7d%7d",
        "{{&nbsp;unsubscribe_url&nbsp;}}",
    ],
)
def test_the_unsubscribe_link_stands_where_the_message_names_it(named: str) -> None:
    html = f'<p><a href="{named}">No more of this</a></p>'
    assert names_unsubscribe(None, html)
    found, asked = clicks(html, LEAVE)
    assert found == f'<p><a href="{LEAVE}">No more of this</a></p>'
    assert asked == []
    assert decorate_text(f"Leave: {named}\r\n", unsubscribe=LEAVE) == f"Leave: {LEAVE}\r\n"


@pytest.mark.parametrize(
    "html", ["<p>Hi</p>", "<!-- {{ unsubscribe_url }} --><p>Hi</p>", "<title>{{unsubscribe_url}}</title>"]
)
def test_a_message_that_shows_no_unsubscribe_link_gets_one(html: str) -> None:
    found = decorate(html, click=Clicks(), pixel=PIXEL, unsubscribe=LEAVE)
    links = [t.attributes["href"].value for t in scan(found) if isinstance(t, Tag) and t.name == "a"]
    assert links == [LEAVE]
    assert found.endswith(IMAGE)


def test_a_text_without_the_link_gets_it_at_its_end() -> None:
    assert decorate_text("Hello\r\n\r\n", unsubscribe=LEAVE).splitlines()[-1] == LEAVE
    assert "\r\n\r\n" in decorate_text("Hello\r\nBo", unsubscribe=LEAVE)
    assert "\r" not in decorate_text("Hello\nBo", unsubscribe=LEAVE)


def test_a_message_that_names_nothing_names_nothing() -> None:
    assert not names_unsubscribe("Hello", None)
    assert not names_unsubscribe("unsubscribe_url {{ unsubscribe }}", "<a href='https://unsubscribe.example/'>")


@pytest.mark.parametrize("value", ["{{ unsubscribe_url }}", "%7B%7Bunsubscribe_url%7D%7D", UNSUBSCRIBE_PLACEHOLDER])
def test_what_stands_for_the_link_in_a_template_is_its_own_placeholder_alone(value: str) -> None:
    named = exactly(f"{UNSUBSCRIBE_PLACEHOLDER}snd_1")
    html = f'<p>{value}</p><a href="{UNSUBSCRIBE_PLACEHOLDER}snd_1">Leave</a>'
    found = decorate(html, click=None, pixel=None, unsubscribe=LEAVE, named=named)
    assert found == f'<p>{value}</p><a href="{LEAVE}">Leave</a>'
    assert not names_unsubscribe(value, named=named)
    assert names_unsubscribe(html, named=named)
    assert (
        decorate_text(f"{value} {UNSUBSCRIBE_PLACEHOLDER}snd_1", unsubscribe=LEAVE, named=named) == f"{value} {LEAVE}"
    )


# Whatever comes in.

_PIECES = st.sampled_from(
    [
        *('<a href="https://a.example/?x=1&amp;y=2">', "<a href='https://b.example/'>", "<a href=https://c.example/>"),
        *(
            "<A HREF=HTTP://d.example>",
            '<a title="<b>" href="https://e.example/">',
            "</a>",
            "<p>",
            "</p>",
            "<b>",
            "<br/>",
        ),
        *(
            "<!--",
            "-->",
            "<!-->",
            "--!>",
            "<![if x]>",
            "<script>",
            "</script>",
            "<style>",
            "</style>",
            "<title>",
            "</title>",
        ),
        *(
            "<body>",
            "</body>",
            "</html>",
            "<table><tr><td>",
            "</table>",
            "<",
            ">",
            "&",
            '"',
            "'",
            "=",
            "/",
            "&lt;",
            "</",
            "<!",
        ),
        *("text", "Ä€😀", "\r\n", " ", "<img src=cid:x>", "<a name=x>", "<a href=mailto:a@b.c>", "<svg>", "<textarea>"),
    ]
)
_HTML = st.lists(_PIECES, max_size=25).map("".join)


@settings(max_examples=examples(400))
@given(_HTML)
def test_broken_html_loses_nothing(html: str) -> None:
    """With every change undone the html is what it was."""
    seen: list[str] = []

    def click(index: int, url: str) -> str:
        seen.append(url)
        return f"https://mail.example/t/c/{index}"

    found = decorate(html, click=click, pixel=PIXEL, unsubscribe=LEAVE)
    assert found.count(IMAGE) == 1
    head, tail = found.split(IMAGE)
    head, footer, after = head.partition('<p style="margin:24px')
    assert footer
    rest = head + (after.partition("</a>.</p>")[2]) + tail
    for index in reversed(range(len(seen))):
        assert rest.count(f"https://mail.example/t/c/{index}") >= 1
    untouched, _ = clicks(html)
    assert rest == untouched
    assert len(seen) == sum(isinstance(t, Tag) and t.name == "a" and _tracks(t) for t in scan(html))


def _tracks(tag: Tag) -> bool:
    href = tag.attributes.get("href")
    return href is not None and href.value.lower().startswith("http")


class Shown(HTMLParser):
    """Tags, attributes and text, as the standard library reads them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [(n, v if n != "href" else "…") for n, v in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", data))


_GOOD = st.lists(
    st.sampled_from(
        [
            '<p><a href="https://a.example/?x=1&amp;y=2">one</a></p>',
            "<a class=x href=https://b.example/>two</a>",
            "<!--[if mso]><a href='https://c.example/'>c</a><![endif]-->",
            "<style>a > b { c: '</a>' }</style>",
            "<table><tr><td>&euro; 5</td></tr></table>",
            "<a href='mailto:a@b.example'>mail</a>",
            "text\r\n",
        ]
    ),
    max_size=15,
).map("".join)


@settings(max_examples=examples(200))
@given(_GOOD)
def test_another_parser_sees_the_same_but_for_the_destinations_and_what_was_added(html: str) -> None:
    found, _ = clicks(f"<html><body>{html}</body></html>")
    assert Shown(found).found == Shown(f"<html><body>{html}</body></html>").found


@pytest.mark.timeout(100)
@pytest.mark.parametrize(
    "html",
    [
        "<a " * 200_000,
        "<!--" * 200_000,
        "<script>" * 100_000,
        "<a href='" * 100_000,
        '<a href="https://a.example/">' * 30_000,
        "</body>" * 100_000,
        "&" * 500_000,
        "<a x=" + "&" * 500_000 + ">",
        "<" * 500_000,
        "{{ " * 200_000,
        "<a " + "x=y " * 100_000 + ">",
        "<a " + " " * 500_000 + "=",
        "https://unsubscribe.invalid/" * 20_000,
        "<!--{{unsubscribe_url}}-->" * 20_000,
    ],
    ids=lambda html: html[:12],
)
def test_large_and_hostile_html_takes_no_long(html: str) -> None:
    """Less than a second; what grew with the square of the length would take many minutes."""
    decorate(html, click=lambda index, _: f"https://mail.example/t/c/{index}", pixel=PIXEL, unsubscribe=LEAVE)
