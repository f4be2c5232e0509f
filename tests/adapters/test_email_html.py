"""Html as it goes out: a whole document that clients show right, and its text."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.adapters import email_html
from functions.adapters.email_html import document, text_of
from functions.domain.html_documents import DEPTH_LIMIT, VOID, MarkupProblem
from functions.domain.mail_text import tokens
from functions.domain.mail_warnings import warnings
from functions.domain.template_ports import Rendered
from tests.adapters.rendering import inner
from tests.full import examples


def clean(html: str) -> str:
    return inner(document(html)[0])


def text(html: str) -> str:
    return document(html)[1]


def test_a_fragment_becomes_a_whole_document() -> None:
    html, _ = document("<p>Hi</p>")
    assert html.startswith(
        '<!DOCTYPE html>\n<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
    )
    assert html.endswith("<body>\n<p>Hi</p>\n</body>\n</html>\n")


def test_a_whole_document_stays_one() -> None:
    html, _ = document(
        '<?xml version="1.0"?><!doctype html><html lang="en"><head><title>T &lt;p&gt;</title>'
        '<meta name="x" content="<p>">'
        '<link rel="stylesheet" href="https://x/y.css"><base href="https://x/"></head>'
        "<body bgcolor='#eee' onload='x()' style='margin:0;position:fixed'><p>Hi</p></body></html>trailing"
    )
    assert html.count("<body") == html.count("<html") == 1
    assert '<body bgcolor="#eee" style="margin:0">\n<p>Hi</p>trailing\n</body>' in html
    assert "T " not in html
    assert "link" not in html


def test_css_is_inlined_and_media_queries_and_hover_stay() -> None:
    html, _ = document(
        "<style>/* c */ p, .x > b { color: red; margin: 0 !important } body { background: #eee } #i{width:10px}"
        "@media (max-width: 600px) { .x, td.y { width: 100% !important } } a:hover { color: blue }"
        "@import url(https://e.com/x.css); @font-face { font-family: x; src: url(https://e.com/f) }</style>"
        '<p class="x" id="i">a<b>b</b></p>'
    )
    assert '<p class="x" id="i" style="' in html
    assert "color:red" in html
    assert "margin:0 !important" in html
    assert '<b style="color:red;margin:0 !important">' in html
    assert '<body style="background:#eee">' in html
    assert "@media (max-width: 600px){.x{width:100% !important}td.y{width:100% !important}}" in html
    assert "a:hover{color:blue}" in html
    assert "@import" not in html
    assert "font-face" not in html
    assert "e.com" not in html


def test_a_large_newsletter_with_much_css_is_inlined() -> None:
    """As frameworks have it: resets with long lists of selectors, and a class for everything."""
    resets = ",".join(f"table.{name} td,table.{name} th,table.{name} a" for name in ("body", "row", "column", "button"))
    css = f"{resets}{{font-family:Helvetica,Arial,sans-serif;font-weight:normal;margin:0;line-height:1.3}}" * 5
    css += "".join(f".c{n}{{padding:{n}px;border-left:{n}px solid #ccc}}" for n in range(100))
    row = '<tr><td class="c{0}"><a href="https://e.com/{0}">Offer {0}</a></td></tr>'
    rows = "".join(row.format(n) for n in range(450))
    html = clean(f'<style>{css}</style><table class="body">{rows}</table>')
    assert html.count("padding:") == 100
    assert html.count("font-family") == 900


def test_long_declarations_that_few_of_many_tags_have_are_inlined() -> None:
    names = [f"mso-{a}{b}" for a in "abcdefghij" for b in "abc"]
    css = "".join(f".x{{{name}:{'y' * 400}}}" for name in names)
    html = clean(f"<style>{css}</style>" + '<p class="x">a</p>' * 10 + "<p>b</p>" * 5_000)
    assert html.count(names[-1]) == 10


def test_formatting_around_a_whole_mail_does_not_count_as_so_many_tags() -> None:
    css = "".join(f".c{n}{{padding:{n}px}}" for n in range(120))
    html = clean(f"<style>{css}</style><font size=2><font face=Arial><font color=black><b>{'<p>Words</p>' * 1_000}")
    assert html.count("Words") == 1_000


def test_a_media_query_needs_no_space_before_its_parenthesis() -> None:
    html, _ = document("<style>@media(max-width:600px){p{color:red}}@mediaprint{p{color:blue}}</style><p>x</p>")
    assert "@media (max-width:600px){p{color:red}}" in html
    assert "blue" not in html


def test_what_mail_needs_stays() -> None:
    html = (
        '<table width="600" cellpadding="0" cellspacing="0" align="center" bgcolor="#fff" role="presentation">'
        '<tbody><tr><td colspan="2" valign="top" style="padding:8px 12px;border-bottom:1px solid #eee;'
        'mso-line-height-rule:exactly">'
        '<a href="mailto:a@b.c" target="_blank" data-track="off">m</a><a href="tel:+123">t</a><a href="#down">d</a>'
        '<img src="cid:logo" alt="Logo" width="100"><font color="red" size="2">f</font></td></tr></tbody></table>'
        '<center id="down" aria-label="x"><h1 dir="rtl" lang="ar">h</h1><hr></center>'
    )
    assert clean(html) == html


def test_what_a_relative_address_is_relative_to_nobody_knows() -> None:
    assert (
        clean('<a href="/x">a</a><a href="//e.com">b</a><img src="x.png" alt="i">') == '<a>a</a><a>b</a><img alt="i">'
    )


def test_conditional_comments_go() -> None:
    source = "<!--[if mso]><table><tr><td><![endif]--><p>Hi</p><!--[if mso]></td></tr></table><![endif]-->"
    assert (
        clean(f"{source}<!--[if !mso]><!--><b>x</b><!--<![endif]--><![if !mso]><i>y</i><![endif]>")
        == "<p>Hi</p><b>x</b><i>y</i>"
    )


@pytest.mark.parametrize(
    "inline", [lambda html: document(html)[0], email_html._INLINER.inline], ids=["whole", "inliner"]
)
def test_nothing_is_ever_fetched(inline: Callable[[str], str], tmp_path: Path) -> None:
    """The inliner's default is to load `<link rel=stylesheet>` from the network and from files."""
    sheet = tmp_path / "local.css"
    sheet.write_text("p{letter-spacing:7px}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        at = f"http://127.0.0.1:{server.getsockname()[1]}"
        links = "".join(f'<link rel="stylesheet" href="{href}">' for href in (f"{at}/x.css", sheet.as_uri(), sheet))
        html = inline(
            f"<html><head>{links}<style>@import '{at}/y.css'; p{{color:red}}</style></head>"
            f"<body><p>x</p><img src='{at}/z'></body></html>"
        )
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "color:" in html.replace(" ", "")
    assert "letter-spacing" not in html


def test_no_link_to_a_stylesheet_stays() -> None:
    html, _ = document('<link rel="stylesheet" href="file:///etc/passwd"><p>x</p>')
    assert "passwd" not in html


def test_the_preheader_is_first_hidden_and_escaped() -> None:
    html, shown = document("<p>Body</p>", "Look <b>here</b> & now")
    assert 'mso-hide:all">Look &lt;b&gt;here&lt;/b&gt; &amp; now&#847;' in html
    assert html.index("Look") < html.index("Body")
    assert shown == "Body\n"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree\n"),
        ("a <b>bold</b>,\n  <i>it</i>&nbsp;&amp; &lt;b&gt;", "a bold, it & <b>\n"),
        ('<a href="https://e.com/x?a=1&amp;b=2">Open</a>', "Open (https://e.com/x?a=1&b=2)\n"),
        ('<a href="https://e.com/">e.com</a> <a href="https://e.com">https://e.com</a>', "e.com https://e.com\n"),
        ('<a href="mailto:a@b.c">a@b.c</a> <a href="mailto:a@b.c">Write</a>', "a@b.c Write (a@b.c)\n"),
        ('<a href="https://e.com"><img src="cid:x" alt="Logo"></a>', "Logo (https://e.com)\n"),
        ('<a href="https://e.com"><img src="cid:x"></a>', "https://e.com\n"),
        ('<a href="#top">Up</a><img src="cid:x" alt="">', "Up\n"),
        ("<ul><li>a</li><li>b<ol start=3><li>c</li><li>d</li></ol></li></ul>e", "- a\n- b\n  3. c\n  4. d\n\ne\n"),
        ("<table><tr><th>Item</th><th>Price</th></tr><tr><td>A</td><td>1</td></tr></table>", "Item | Price\nA | 1\n"),
        ("<table><tr><td><p>Left</p></td><td><p>Right</p></td></tr></table>", "Left\n\nRight\n"),
        ("<h1>T</h1>x<hr>y", f"T\n\nx\n{'-' * 40}\ny\n"),
        ("<blockquote>a<p>b</p></blockquote>c", "> a\n>\n> b\n\nc\n"),
        ("<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc\n"),
        ('<div style="display: none">hidden <b>x</b></div>shown', "shown\n"),
        ("<title>T</title><style>p{}</style><script>x</script>y", "y\n"),
        ("", ""),
        ("<p> </p>&zwnj;&#8203;", ""),
        ("<p>&zwnj;</p><p>a&zwnj;&nbsp;&zwj;&#847;b &zwnj;c&#8203;&zwj;&zwnj;d&shy;e</p>", "a b cde\n"),
        # Without their joiners these are other words, or four emoji.
        ("<p>می\u200cشود <b>نمی\u200cروم</b></p>", "می\u200cشود نمی\u200cروم\n"),
        ("<p>क्\u200dष ক্\u200cষ</p>", "क्\u200dष ক্\u200cষ\n"),
        ("<pre>👨\u200d👩\u200d👧 ❤️\u200d🔥</pre>", "👨\u200d👩\u200d👧 ❤️\u200d🔥\n"),
    ],
)  # fmt: skip
def test_the_text_is_what_a_reader_sees(html: str, expected: str) -> None:
    assert text(html) == expected
    assert text_of(html) == expected


PIECES = (
    "<p> </p> <b> </b> <table> <tr> <td> </td> </table> <a~href=' '> </a> <li> <ul> </ul> <style> </style> <!-- --> "
    "<! > < </ \" ' = ~ &lt; & x <svg> <math> <script> </script> <title> </title> <textarea> <body~ "
    "<div~style='color:red onerror=x "
    "p{color:red} <img~src=cid:x <select> <template> <plaintext> ]]> <![CDATA[ <noscript> <frameset>"
).replace("~", "\n").split(" ")  # fmt: skip


@settings(max_examples=examples(200))
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_a_parser_that_reads_the_result_finds_nothing_new_in_it(html: str) -> None:
    """Mutation XSS: markup that is harmless as it was checked, and something else when it is parsed again."""
    once, _ = document(html)
    body = inner(once)
    assert once.count("<body") == 1
    assert found(inner(document(body)[0])) == found(body)
    opened: list[str] = []
    for kind, tag, _attributes in tokens(body):
        if kind == "start" and tag not in VOID:
            opened.append(tag)
        elif kind == "end":
            assert opened.pop() == tag
    assert not opened


def found(body: str) -> list[str]:
    return sorted(f"{tag}{sorted(attributes.items())}" for kind, tag, attributes in tokens(body) if kind == "start")


CSS = "p{color:red} @media~all{ } { ; /* */ \" ' ( ) \\ url(x) a:b <!-- @import x,y "
CSS += "!important expression(1) <p> behavior:x"


@settings(max_examples=examples(200))
@given(st.lists(st.sampled_from(CSS.replace("~", "\n").split(" ")), max_size=20).map("".join))
def test_no_css_brings_anything_but_plain_declarations(css: str) -> None:
    html, _ = document(f"<style>{css}</style><p>x</p>")
    kept = html.partition("<style>")[2].partition("</style>")[0]
    assert kept.count("{") == kept.count("}")
    for word in ("<", "@import", "url(", "expression(", "behavior", "\\"):
        assert word not in kept
        assert word not in inner(html).removeprefix("<p").removesuffix("</p>")


def codes(subject: str = "Hello", html: str = "", shown: str | None = None) -> set[str]:
    made, own = document(html) if html else ("", "")
    return {warning.code for warning in warnings(Rendered(subject, made, own if shown is None else shown))}


LONG = "<p>" + "word " * 30 + "</p>"


@pytest.mark.parametrize(
    ("code", "html"),
    [
        ("gmail_clips", "<p>" + "x " * 52_000 + "</p>"),
        ("missing_alt", LONG + '<img src="https://e.com/x.png">'),
        ("image_without_source", LONG + '<img src="data:image/png;base64,AA" alt="">'),
        ("link_without_text", LONG + '<a href="https://e.com"></a>'),
        ("link_without_address", LONG + '<a href="javascript:x()">Go</a>'),
        ("insecure_link", LONG + '<a href="http://e.com">Go</a>'),
        ("link_shows_another", LONG + '<a href="https://evil.example/">www.bank.example</a>'),
        ("mostly_images", '<img src="https://e.com/x.png" alt="Our offer"><p>Hi</p>'),
        ("no_text_part", '<img src="https://e.com/x.png" alt="">'),
        ("spam_phrases", LONG + "<p>Dear friend,</p><p>100% guaranteed</p>"),
    ],
)
def test_each_warning_is_given_where_it_is_due(code: str, html: str) -> None:
    assert code in codes(html=html)


@pytest.mark.parametrize("much", ["\n", "x"], ids=["empty lines", "a long word"])
def test_a_long_text_is_looked_through_once(much: str) -> None:
    """A pattern that goes through the rest again at each character takes hours for it."""
    assert "spam_phrases" not in codes(html="<p>x</p>", shown=f"Dear friends,{much * 500_000}")


def test_a_phrase_that_begins_a_line_may_be_indented() -> None:
    assert "spam_phrases" in codes(html="<p>x</p>", shown="Hello,\n\n \tDear friend,")
    assert "spam_phrases" not in codes(html="<p>x</p>", shown="Hello, dear friend,")


@pytest.mark.parametrize(
    ("code", "subject"),
    [
        ("no_subject", " "),
        ("subject_capitals", "BUY THIS TODAY"),
        ("subject_exclamations", "Now!!"),
        ("long_subject", "x " * 80),
    ],
)
def test_each_warning_of_a_subject(code: str, subject: str) -> None:
    assert codes(subject, LONG) == {code}


def test_a_good_mail_has_no_warnings() -> None:
    html = (
        LONG + '<a href="https://e.com/a">e.com</a><a href="https://www.e.com">https://e.com/x</a><a id="top"></a>'
        '<a href="https://e.com"><img src="https://e.com/x.png" alt="Logo"></a><img src="cid:line" alt="">'
        '<a href="mailto:a@b.c">a@b.c</a><a href="https://unsubscribe.invalid/">Stop</a>'
    )
    assert codes("NASA and ESA met today, OK!", html) == set()


def test_what_cannot_be_parsed_safely_is_refused() -> None:
    with pytest.raises(MarkupProblem):
        document("<div>" * 300)


TAGS = ("table", "tr", "td", "div", "span", "b", "a", "p", "li", "ul", "dd", "caption", "colgroup", "tbody", "font")


@settings(max_examples=examples(100))
@given(
    st.lists(
        st.sampled_from([*(f"<{tag}>" for tag in TAGS), *(f"</{tag}>" for tag in TAGS), "x"]), min_size=2, max_size=12
    )
)
def test_the_tree_is_never_deeper_than_what_was_counted_allows(unit: list[str]) -> None:
    """Parsers add parts of tables that were left out, so twice the limit; at some thousands they end the process."""
    try:
        html = clean("".join(unit) * 200)
    except MarkupProblem:
        return
    depth = deepest = 0
    for kind, tag, _ in tokens(html):
        if kind != "text" and tag not in VOID:
            depth += 1 if kind == "start" else -1
            deepest = max(depth, deepest)
    assert deepest <= 2 * DEPTH_LIMIT
