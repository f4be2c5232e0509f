# ruff: noqa: E501, PT017 - payloads stay on one line; a case may be refused or come out harmless
"""Templates and values that mean harm: each is refused or comes out harmless, in under a second, with its source.

Sources: XFE is OWASP's XSS Filter Evasion Cheat Sheet; SSTI is PortSwigger's Server-Side Template Injection; CVE,
GHSA and RUSTSEC numbers are those of other sanitisers and template engines; "own" was found while this was built.
"""

import re
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.adapters.email_html import document
from functions.domain.errors import InvalidMessage, InvalidRequest, MissingVariable
from functions.domain.html_documents import ALLOWED, MarkupProblem
from functions.domain.mail_text import tokens
from functions.domain.templates import Variable
from tests.adapters.rendering import AT, inner, rendered, shown
from tests.full import examples

REFUSED = (InvalidRequest, InvalidMessage, MissingVariable)
VALUES = {"name": "Ada", "items": [{"a": 1}, {"a": 2}]}
LIST = Variable("items", "list")


@contextmanager
def under_a_second() -> Iterator[None]:
    start = time.thread_time()
    yield
    assert time.thread_time() - start < 1


DOUBLING = "{%% assign a = %s %%}{%% for i in (1..1000) %%}{%% assign a = a | %s %%}{%% endfor %%}{{ a }}"
ENDLESS = {
    # Liquid has no while: its loops are long ranges. SSTI, denial of service.
    "range": "{% for i in (1..999999999) %}x{% endfor %}",
    "range beyond 64 bits": "{% for i in (1..99999999999999999999999) %}x{% endfor %}",
    "range of a value": "{% assign n = 999999999 %}{% for i in (1..n) %}x{% endfor %}",
    # own: the library lists the range before it counts its turns
    "range reversed": "{% for i in (1..999999999) reversed %}x{% endfor %}",
    "range skipped": "{% for i in (1..999999999) offset: 999999998 %}x{% endfor %}",
    "nested": "{% for a in (1..1000) %}{% for b in (1..1000) %}{% for c in (1..1000) %}x{% endfor %}" + "{% endfor %}" * 2,
    # own: loops one after the other; the library multiplies nested loops only
    "sequence": "{% for a in (1..1000) %}{% if true %}{% endif %}{% endfor %}" * 800,
    # own: nothing is written, so no limit on output sees it
    "silent": "{% for a in (1..1000) %}{% for b in (1..1000) %}{% if true %}{% endif %}{% endfor %}{% endfor %}",
    "filters": "{% for a in (1..1000) %}{% for b in (1..9) %}{{ name | split: '' | sort | join | upcase }}{% endfor %}{% endfor %}",
    # own: Python's `in` walks a range for what is no integer
    "range contains": "{% if (1..999999999) contains 'x' %}{% endif %}",
    "range filtered": "{{ (1..999999999) | join }}",
    "range assigned": "{% assign r = (1..999999999) %}{{ r | last }}",
    # Billion laughs (CWE-776), in every way that text can grow
    "append": DOUBLING % ("'aaaaaaaa'", "append: a"),
    "prepend": DOUBLING % ("'aaaaaaaa'", "prepend: a"),
    "replace": DOUBLING % ("'aaaaaaaa'", "replace: 'a', a"),
    "join": DOUBLING % ("'a,a,a,a'", "split: ',' | join: a"),
    "newline_to_br": DOUBLING % ("'a'", "append: a | newline_to_br"),
    "url_encode": DOUBLING % ("'%%%%%%%%'", "append: a | url_encode"),
    "capture": "{% for i in (1..60) %}{% capture a %}{{ b }}{{ b }}x{% endcapture %}{% capture b %}{{ a }}{{ a }}{% endcapture %}"
    "{% endfor %}",
    "concat": "{% assign a = items %}{% for i in (1..60) %}{% assign a = a | concat: a %}{% endfor %}",
    "split": "{% assign a = 'aaaaaaaaaaaaaaaaaaaa' %}{% for i in (1..9) %}{% assign a = a | append: a %}{% endfor %}{{ a | split: '' }}",
    # CVE-2026-55575 and its like in LiquidJS: a filter that the accounting forgot
    "names": "".join(f"{{% assign v{i} = name %}}" for i in range(500)),
    # Numbers that grow until printing them takes for ever (CVE-2020-10735)
    "times": DOUBLING % ("9", "times: a"),
    "plus": "{{ '9" + "9" * 900 + "' | plus: 1 }}",
    "infinity": "{{ '1e308' | times: 1e308 }}{{ 'inf' | ceil }}{{ 'nan' | round }}",
    "width": "{{ 'a' | ljust: 100000000 }}",
    "date": "{{ '2030-01-01' | date: '%999999999d' }}",  # glibc's strftime takes widths
    "output": "{% for i in (1..1000) %}" + "x" * 2000 + "{% endfor %}",
    "many conditions": "{% if name %}" + "{% elsif name == 'y' %}" * 3000 + "{% endif %}",
    "many filters": ("{{ name" + " | upcase" * 90 + " }}") * 300,
}  # fmt: skip


@pytest.mark.parametrize("source", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("part", ["html", "text", "subject"])
def test_a_template_that_never_ends_or_grows_without_end_is_stopped(source: str, part: str) -> None:
    with under_a_second(), pytest.raises(REFUSED):
        rendered(
            source if part == "html" else "x",
            VALUES,
            Variable("name"),
            LIST,
            **({} if part == "html" else {part: source}),
        )


@pytest.mark.parametrize("filters", ["sort_natural", "uniq", "concat: items"])
def test_long_strings_in_a_list_count_as_work(filters: str) -> None:
    """own: nine strings are few values, but each of them is gone through."""
    source = f"{{% for i in (1..1000) %}}{{% assign a = items | {filters} %}}{{% endfor %}}"
    with pytest.raises(InvalidMessage, match="does too much"):
        rendered(source, {"items": ["é" * 49_000] * 9}, LIST)
    rendered(source, {"items": ["é"] * 9}, LIST)


# own: the parser's regular expressions take quadratic time for what has no end (CWE-1333)
UNREADABLE = {
    "opening braces": "{{" * 100_000,
    "opening tags": "{%" * 100_000,
    "open raws": "{% raw %}" * 20_000,
    "open comments": "{% comment %}" * 20_000,
    "open docs": "{% doc %}" * 20_000,
    "blanks": "{{" + " " * 200_000,
    "closed blanks": ("{{" + " " * 900 + "}}") * 200,
    "long expression": "{{ " + "a" * 200_000 + " }}",
    "brackets": "{{ a" + "[a" * 200 + "]" * 200 + " }}",
    "parentheses": "{{ " + "(" * 900 + " }}",
    "quotes": "{{ " + "'\"" * 400 + " }}",
    "conditions": "{% if " + " and ".join(["name"] * 120) + " == %}x{% endif %}",
    "depth": "{% if name %}" * 10_000 + "{% endif %}" * 10_000,
    "unbalanced": "{% if name %}{% for a in name %}{% endif %}{% endfor %}",
    "too many tags": "{{ name }}" * 20_000,
    "too much code": ("{{ name" + "|upcase" * 100 + " }}") * 200,
    "every way": "".join(f'{{% if name %}}<a t{i}="{{% endif %}}' for i in range(60)),
    "a nul": "a\x00b",
    "a lone surrogate": "a\ud800b",
}  # fmt: skip


@pytest.mark.parametrize("source", UNREADABLE.values(), ids=UNREADABLE)
def test_a_template_that_takes_for_ever_to_read_is_refused_at_once(source: str) -> None:
    with under_a_second(), pytest.raises(InvalidRequest) as raised:
        rendered(source, VALUES, Variable("name"), LIST)
    assert raised.value.errors[0].pointer == "/html"
    assert len(raised.value.detail) < 2_000


ESCAPES = [
    # SSTI: the ways to Python's objects in Jinja2 and its like
    "{{ name.__class__ }}",
    "{{ ''.__class__.__mro__ }}",
    '{{ name["__class__"]["__mro__"] }}',
    "{{ items.__init__.__globals__ }}",
    "{{ items[0].__class__ }}",
    "{{ forloop.__init__ }}",
    "{% for i in items %}{{ forloop.__init__ }}{% endfor %}",
    "{% for i in items %}{{ forloop.it }}{% endfor %}",
    "{% for i in items %}{{ forloop.parentloop.step }}{% endfor %}",
    "{{ self }}{{ self.env }}",
    "{{ request.application }}",
    "{{ config }}",
    "{{ environment.globals }}",
    "{{ [name] }}",  # own: looks up the name that a value gives
    # CVE-2016-10745, CVE-2019-10906, CVE-2024-56326: str.format reaches attributes
    "{{ '{0.__class__}' | format: name }}",
    "{{ name.format }}",
    "{{ name.format_map }}",
    # CVE-2025-27516: a filter that gets attributes
    "{{ name | attr: '__class__' }}",
    "{{ items | map: '__class__' | join | append: items.first.__class__ }}",
    # CVE-2022-25948: LiquidJS gave properties that nobody put there
    "{{ items.constructor }}",
    "{{ name.length }}",
    # Files and other templates
    "{% include '/etc/passwd' %}",
    "{% render 'x' %}",
    "{% extends 'x' %}{% block a %}{% endblock %}",
    "{% layout 'x' %}",
    "{% liquid include 'x' %}",
    "{{% comment %}}{% include 'x' %}",
    "{% import os %}",
    "{% call x %}{% macro x %}{% endmacro %}",
    # The clock and other state
    "{{ now }}",
    "{{ today | date: '%Y' }}",
    "{{ 'now' | date: '%Y' }}",
    "{% increment x %}",
    # Filters that trust a value
    "{{ name | safe }}",
    "{{ name | raw }}",
    "{{ name | escape_once }}",
    "{{ name | url_decode }}",
    "{{ name | base64_decode }}",
    "{{ name | escapejs }}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_a_template_reaches_nothing_but_its_values(source: str) -> None:
    with under_a_second(), pytest.raises(REFUSED):
        rendered(source, VALUES, Variable("name"), LIST)


def test_a_value_that_looks_like_a_template_is_text() -> None:
    assert shown("{{ name }}", {"name": "{{ items }}{% include 'x' %}"}) == "{{ items }}{% include 'x' %}"


XSS = [
    # XFE
    "<SCRIPT SRC=https://e.example/x.js></SCRIPT>",
    "javascript:/*--></title></style></textarea></script></xmp><svg/onload='+/\"`/+/onmouseover=1/+/[*/[]/+alert(42);//'>",
    '<a onmouseover="alert(document.cookie)">xxs link</a>',
    "<a onmouseover=alert(document.cookie)>xxs link</a>",
    '<IMG """><SCRIPT>alert("XSS")</SCRIPT>">',
    "<IMG SRC=javascript:alert(String.fromCharCode(88,83,83))>",
    "<IMG SRC=# onmouseover=\"alert('xxs')\">",
    "<IMG SRC= onmouseover=\"alert('xxs')\">",
    '<IMG SRC=/ onerror="alert(1)"></img>',
    "<IMG SRC=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>",
    "<IMG SRC=&#0000106&#0000097&#0000118&#0000097&#0000115&#0000099&#0000114&#0000105&#0000112&#0000116&#0000058alert(1)>",
    "<a href=&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A&#x61>x</a>",
    "<a href=\"jav\tascript:alert('XSS');\">x</a>",
    "<a href=\"jav&#x0A;ascript:alert('XSS');\">x</a>",
    "<a href=\" &#14;  javascript:alert('XSS');\">x</a>",
    '<SCRIPT/XSS SRC="http://xss.rocks/xss.js"></SCRIPT>',
    '<BODY onload!#$%&()*~+-_.,:;?@[/|\\]^`=alert("XSS")>',
    '<<SCRIPT>alert("XSS");//<</SCRIPT>',
    "<SCRIPT SRC=http://xss.rocks/xss.js?< B >",
    "<IMG SRC=\"`<javascript:alert>`('XSS')\"",
    "<iframe src=http://xss.rocks/scriptlet.html <",
    '</TITLE><SCRIPT>alert("XSS");</SCRIPT>',
    "<INPUT TYPE=\"IMAGE\" SRC=\"javascript:alert('XSS');\">",
    "<BODY BACKGROUND=\"javascript:alert('XSS')\">",
    "<table background=\"javascript:alert('XSS')\"><td background=\"data:x\">x</table>",
    "<IMG DYNSRC=\"javascript:alert('XSS')\"><IMG LOWSRC=\"javascript:alert('XSS')\">",
    "<STYLE>li {list-style-image: url(\"javascript:alert('XSS')\");}</STYLE><UL><LI>XSS</br>",
    "<IMG SRC='vbscript:msgbox(\"XSS\")'><IMG SRC=\"livescript:[code]\">",
    "<svg/onload=alert('XSS')>",
    "<DIV STYLE=\"background-image: url(javascript:alert('XSS'))\">",
    "<DIV STYLE=\"background-image:\\0075\\0072\\006C\\0028'\\006a\\0061\\0076\\0061'\\0029\">x</DIV>",
    '<DIV STYLE="width: expression(alert(\'XSS\'));">',
    '<IMG STYLE="xss:expr/*XSS*/ession(alert(\'XSS\'))">',
    "<STYLE>@im\\port'\\ja\\vasc\\ript:alert(\"XSS\")';</STYLE>",
    "<STYLE>BODY{-moz-binding:url(\"http://xss.rocks/xssmoz.xml#xss\")}</STYLE>",
    '<LINK REL="stylesheet" HREF="javascript:alert(\'XSS\');">',
    '<META HTTP-EQUIV="refresh" CONTENT="0;url=javascript:alert(1);">',
    '<BASE HREF="javascript:alert(\'XSS\');//">',
    '<OBJECT TYPE="text/x-scriptlet" DATA="http://xss.rocks/x.html"></OBJECT><EMBED SRC="data:image/svg+xml;base64,AA">',
    "<!--[if gte IE 4]><SCRIPT>alert('XSS');</SCRIPT><![endif]-->",
    '<form action="javascript:x()"><button formaction="javascript:x()">x</button></form>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a><img src="data:image/svg+xml,<svg onload=x>">',
    "<a href=\"\u00a0javascript:x()\">x</a><a href=\"\u2028javascript:x()\">x</a>",  # GHSA-8rfp-98v4-mmr6
    # RUSTSEC-2021-0074, CVE-2020-6816: mutation by svg and math
    '<svg><style><img title="</style><img src onerror=alert(1)>"></svg>',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    # RUSTSEC-2025-0071, RUSTSEC-2026-0193, RUSTSEC-2026-0213
    '<math><annotation-xml encoding="text/html"><style><img src onerror=alert(1)></style></annotation-xml></math>',
    '<svg><foreignObject><style><img title="</style><img src onerror=alert(1)>"></foreignObject></svg>',
    '<svg><a><animate attributeName="href" values="javascript:alert(1)"/><text>x</text></a></svg>',
    # CVE-2020-6802: noscript; CVE-2021-23980: comments in a style
    '<noscript><style></noscript><img src=x onerror=alert(1)>',
    "<p><br><math></p><style><!--</style><img src=x onerror=alert(1)>--></style>",
    # DOMPurify's history: namespaces, nesting, templates
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<template><script>alert(1)</script></template><svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    # Gmail's own filter, CVE-like: things laid over the reader's page
    '<div style="position:fixed;top:0;left:0;z-index:9999;margin:-999px;width:100%;height:100%">x</div>',
    "<style>@media all{*{position:fixed;background:url(https://e.example/t)}}</style>x",
    "<style>@import 'https://e.example/t.css';@font-face{font-family:x;src:url(https://e.example/f)}</style>x",
    '<p style="color:red;background:url(https://e.example/t) /*">x</p>',
    '<p style="background:image-set(\'https://e.example/t\' 1x);width:attr(data-x);color:var(--x)">x</p>',
]  # fmt: skip
CSS_ACTS = re.compile(
    r"expression|url\(|@import|position|-moz-binding|behavior|image-set|var\(|attr\(|\\\\", re.IGNORECASE
)
ADDRESS = re.compile(r"(?:https?://|mailto:|tel:|cid:|#)\S", re.IGNORECASE)


def assert_harmless(html: str) -> None:
    for kind, tag, attributes in tokens(inner(html)):
        assert kind != "start" or tag in ALLOWED
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("srcset", "action", "formaction", "srcdoc", "dynsrc", "lowsrc", "data", "values")
            assert name not in ("href", "src", "background") or ADDRESS.match(value)
            assert name != "style" or not CSS_ACTS.search(value)
    head = html.partition("<body")[0]
    assert not CSS_ACTS.search(head)
    assert head.count("<") == 6 + 2 * ("<style>" in head)


@pytest.mark.parametrize("payload", XSS)
def test_whatever_html_an_author_writes_nothing_of_it_runs_or_is_fetched(payload: str) -> None:
    with under_a_second():
        try:
            html = rendered("{% raw %}" + payload + "{% endraw %}<p>end</p>").html
        except InvalidRequest as error:
            assert "ends inside a tag" in error.detail
            html, _ = document(payload)  # what is sent without a template is not checked first
    assert_harmless(html)


@pytest.mark.parametrize(
    "payload", [*XSS, '"><script>x</script>', "' onclick='x'", "--><b>", "]]><b>", "&lt;b&gt;", "</p></td>"]
)
def test_whatever_a_value_is_it_shows_as_text(payload: str) -> None:
    with under_a_second():
        html = shown(
            "<p title=\"{{ v }}\">{{ v }}</p><!-- {{ v }} --><title>{{ v }}</title><p title='{{ v }}'>", {"v": payload}
        )
    parts = list(tokens(html))
    assert [(kind, tag) for kind, tag, _ in parts if kind != "text"] == [("start", "p"), ("end", "p")] * 2
    assert "".join(value for kind, value, _ in parts if kind == "text") == payload.strip()
    assert [attributes for kind, _, attributes in parts if kind == "start"] == [{"title": payload}] * 2


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:x", "java\tscript:x", "java\nscript:x", "vbscript:x", "//e.example",
     "data:text/html,x", "file:///etc/passwd", "/x", "\\\\e.example\\x", "javascript&colon;x", "blob:x", "ws://x", "x:y", "https:x\"y"],
)  # fmt: skip
def test_an_address_from_a_value_leads_to_the_web_or_nowhere(address: str) -> None:
    parts = list(tokens(shown('<a href="{{ v }}">x</a><img src="{{ v }}" alt="i">', {"v": address})))
    assert {tag for kind, tag, _ in parts if kind == "start"} >= {"a", "img"}
    for _, _, attributes in parts:
        for name in ("href", "src"):
            assert attributes.get(name, "https:").startswith("https:")


@pytest.mark.parametrize(
    "source",
    ["<{{ v }}>", "</{{ v }}>", "<p {{ v }}>", "<p {{ v }}='x'>", "<p title={{ v }}>", "<p title=a{{ v }}>", "<p title= {{ v }}>",
     "<p{{ v }}>", "<a href=\"x\"{{ v }}>", "<script>{{ v }}</script>", "<p {% if v %}{{ v }}{% endif %}>",
     "{% for i in (1..2) %}<a {% if i == 2 %}{{ v }}{% endif %}{% endfor %}", "<{% cycle v, v %}>",
     "{% if v %}<a {% endif %}{{ v }}", "{% for i in (1..2) %}<a {% break %}>{% endfor %}{{ v }}>",
     "{% case v %}{% when 1 %}<a title='{% when 2 %}<b {% endcase %}{{ v }}'>"],
)  # fmt: skip
def test_a_value_where_escaping_does_not_help_is_refused_when_the_template_is_checked(source: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        rendered(source, {"v": "x"})
    assert raised.value.errors[0].pointer == "/html"
    assert raised.value.errors[0].detail.startswith("Line 1, column ")


@pytest.mark.parametrize(
    "value",
    ["red;position:fixed", "red}body{display:none", "url(https://e.example)", "expression(alert(1))", "\\75rl(x)", "red/*", "'x'", '"',
     "</style><b>", "red !important;x:y", "@import x", "x:y", "ünï;"],
)  # fmt: skip
@pytest.mark.parametrize("source", ['<p style="color:{{ v }}">x</p>', "<style>p{color:{{ v }}}</style><p>x</p>"])
def test_a_value_in_css_is_one_plain_value_or_refused(source: str, value: str) -> None:
    try:
        html = rendered(source, {"v": value}).html
    except InvalidMessage as error:
        assert error.errors[0].pointer == f"{AT}/v"
    else:
        assert_harmless(html)


def test_captured_values_stay_escaped_whatever_is_done_to_them() -> None:
    """own: captures and literals are trusted text, so what filters make of them must not set a value free."""
    for chain in ("replace: 'x', ''", "split: '' | reverse | join: ''", "slice: 0, 99", "upcase | downcase", "append: v",
                  "truncate: 30", "remove: 'amp;'", "escape", "strip_newlines", "newline_to_br", "split: ';' | join: ''",
                  "split: '&' | last", "url_encode", "squish", "capitalize", "replace: v, v", "prepend: v", "default: v"):  # fmt: skip
        for value in ("<b>x</b>", ">b/<x>b<", ";tl&b;tg&", "&lt;b&gt;", "&amp;lt;b&amp;gt;", '" onclick="x', "%3Cb%3E"):
            html = shown(f'{{% capture c %}}{{{{ v }}}}{{% endcapture %}}<p title="{{{{ c | {chain} }}}}">{{{{ c | {chain} }}}}</p>',
                         {"v": value})  # fmt: skip
            tags = [(tag, sorted(attributes)) for kind, tag, attributes in tokens(html) if kind == "start"]
            assert [tag for tag in tags if tag[0] != "br"] == [("p", ["title"])]


HEADERS = [
    "x\r\nBcc: e@e.example", "x\nBcc: e@e.example", "x\rBcc: e@e.example",  # CWE-93
    "x\n\n<html>", "x\u2028Bcc: e", "x\u2029Bcc: e", "x\x85Bcc: e", "x\x0bBcc: e", "x\x0cBcc: e", "x\x1cBcc: e", "x\x1dBcc: e", "x\x1eB",
    "x\x00y", "x\x7fy", "\ufeffx", "x\ud800", "x\x1b[2J",
]  # fmt: skip


@pytest.mark.parametrize("value", HEADERS)
def test_no_value_breaks_the_subjects_line(value: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        rendered("x", {"v": value}, subject="Hi {{ v }}")
    assert raised.value.errors[0].pointer == f"{AT}/v"


def test_a_value_that_looks_like_an_encoded_word_is_no_header() -> None:
    """CVE-2024-6923: composing encodes every subject with `=?` in it, so that readers show just these characters."""
    from functions.domain.encoding import unstructured

    subject = rendered("x", {"v": "=?utf-8?q?=0D=0ABcc:_e=40e.example?="}, subject="{{ v }}").subject
    assert subject == "=?utf-8?q?=0D=0ABcc:_e=40e.example?="
    assert "=?utf-8?q?=0D" not in unstructured("Subject", subject)


def test_no_template_breaks_the_subjects_line_either() -> None:
    for source in ("a\nBcc: x", "a\r\nb", "a\u2028b"):
        with pytest.raises(InvalidRequest):
            rendered("x", subject=source)
    assert rendered("x", subject="{{ 'a<br>b' | newline_to_br }}").subject == "a<br>b"


MARKUP = {
    # RUSTSEC-2019-0001, and own: css-inline 0.24 ends the process at a depth of 12,000
    "depth": "<div>" * 40_000,
    "depth in tables": "<table><tr><td>" * 10_000,
    "depth by a loop": "{% for i in (1..1000) %}<div><span>{% endfor %}",
    "depth behind end tags that close nothing": "<div></b></span><div></p>" * 5_000,
    "depth behind a special element": "".join("<span>" * 100 + "<div>" + "</span>" * 100 for _ in range(300)),
    "depth behind a table": "<div><table></div>" * 5_000,
    "depth hidden in an attribute": '<p a==" ' + "<div>" * 40_000,
    "depth behind a quote that never ends": "<p title=\"" + "x" * 100 + "'>" + "<div>" * 40_000 + '">' + "<div>" * 40_000,
    # own: the adoption agency copies every open formatting element into every paragraph (HTML §13.2.6.4.7)
    "copies": "<p>" + "".join(f"<b title={i}>" for i in range(250)) + "</p>" + "<p>x</p>" * 5_000,
    "tags": "<br>" * 60_000,
    "attributes": "<p " + " ".join(f"a{i}=1" for i in range(30_000)) + ">",
    "entities": "&" * 250_000,  # own: nh3 0.3.8 takes quadratic time
    "no-break spaces": "\u00a0" * 120_000,
}  # fmt: skip


@pytest.mark.parametrize("source", MARKUP.values(), ids=MARKUP)
def test_html_that_no_parser_should_see_is_refused_or_harmless(source: str) -> None:
    with under_a_second():
        try:
            html = rendered(source).html
        except InvalidMessage as error:
            assert "can't be sent" in error.detail
        except InvalidRequest as error:
            assert error.errors[0].pointer == "/html"
        else:
            assert html.count("<div>") < 300


STYLES = {
    "selectors": "<style>" + "".join(f"p.a{i}>b,p{{color:red}}" for i in range(4_000)) + "</style>" + "<p>x" * 5_000,
    "depth of selectors": "<style>" + "div " * 5_000 + "p{color:red}" * 100 + "</style>" + "<div>" * 200 + "<p>x" * 500,
    "braces": "<style>" + "{" * 80_000 + "</style>x",
    "comments": "<style>" + "/*" * 80_000 + "</style>x",
    "quotes": "<style>p{a:" + "'\"(" * 30_000 + "}</style>x",  # CVE-2020-6817: a style that takes for ever
    "media": "<style>" + "@media (" * 20_000 + "</style>x",
    "declarations": "<style>p{" + "color:red;" * 9_000 + "}</style>" + "<p>x" * 2_000,
    "style attribute": '<p style="' + "a:(" * 60_000 + '">x',
}  # fmt: skip


@pytest.mark.parametrize("source", STYLES.values(), ids=STYLES)
def test_css_takes_no_longer_than_its_html(source: str) -> None:
    with under_a_second(), suppress(InvalidMessage, InvalidRequest):
        rendered(source)


DECLARATIONS = [f"mso-{a}{b}" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]
LONG = ";".join(f"{name}:{'x' * 80}" for name in DECLARATIONS[:120])
# Small html that asks for very much of it: what it becomes is found out before it is made.
AMPLIFIED = {
    "a list of selectors": ("<style>" + "p," * 6_000 + f"b{{{LONG}}}</style><p>x</p>", "too many rules"),
    "a list of selectors in a media query": (
        "<style>@media all{" + "p," * 6_000 + f"b{{{LONG}}}}}</style><p>x</p>",
        "too many rules",
    ),
    "one rule and many tags": (f"<style>p{{{LONG}}}</style>" + "<p>" * 6_000, "of so many tags"),
    "one rule of a class": (
        f"<style>.zz{{{LONG}}}</style>" + '<p class="&#122;z">' * 3_000,
        "of so many tags",
    ),
    # The parser copies what is open into every paragraph.
    "one rule and many copies": (f"<style>b{{{LONG}}}</style><p><b>" + "<p>x" * 6_000, "of so many tags"),
    "many copies": (f"<p><b title={'x' * 10_000}>" + "<p>x" * 6_000, "close them"),
    # own: css-inline 0.24 goes through all that an element has for each property that it adds
    "properties": (
        "<style>"
        + "".join(f"p{{{';'.join(f'{name}{x}:1' for name in DECLARATIONS[:200])}}}" for x in "abcdefghijklmno")
        + "</style>"
        + "<p>x</p>" * 3_000,
        "300 properties",
    ),
}


def test_a_long_word_in_css_is_looked_through_once() -> None:
    """own: each of its characters may be the first of a function's name, which took minutes for this html."""
    styles = (";".join([f"color:{'x' * 490}{n}"] * 200) for n in range(40))
    html = inner(document("".join(f'<p style="{style}">x</p>' for style in styles))[0])
    assert html.count("color:xxx") == 8_000


@pytest.mark.parametrize(("source", "why"), AMPLIFIED.values(), ids=AMPLIFIED)
def test_html_that_would_become_very_much_of_it_is_refused_before_it_does(source: str, why: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(MarkupProblem, match=why):
            document(source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


NASTY = st.text(
    st.sampled_from("<>\"'&=/ \n\t;:#%{}()`\\-!ab\u00a0\u2028\u202eé\U0001f600\uff1c\u037e\u0338")
    | st.characters(blacklist_categories=("Cs", "Cc")),
    max_size=40,
)
PLACES = (
    '<p title="{{ v }}">{{ v }}</p>',
    "<td title='{{ v }}'>x</td>",
    '<a href="https://e.example/?q={{ v }}">{{ v }}</a>',
    '<img src="cid:x" alt="{{ v | truncate: 20 }}">',
    "<!-- {{ v }} --><p>{% capture c %}<b>{{ v }}</b>{% endcapture %}{{ c }}</p>",
    "<p>{{ v | newline_to_br }}{{ '<i>' | append: v }}</i></p>",
    "<style>b{color:red}</style><table><tr><td>{{ v }}</td></tr></table>",
)


def outline(html: str) -> list[tuple[str, list[str]]]:
    return [(tag, sorted(attributes)) for kind, tag, attributes in tokens(html) if kind == "start" and tag != "br"]


@settings(max_examples=examples(120))
@given(value=NASTY, place=st.sampled_from(PLACES))
def test_no_value_makes_a_tag_an_attribute_or_unescaped_text(value: str, place: str) -> None:
    assert outline(shown(place, {"v": value})) == outline(shown(place, {"v": "harmless"}))


@settings(max_examples=examples(120))
@given(value=NASTY)
def test_a_value_reads_back_as_it_was_given(value: str) -> None:
    parts = list(tokens(shown('<p title="{{ v }}">[{{ v }}]</p>', {"v": value})))
    assert parts[0][2] == {"title": value}
    assert "".join(text for kind, text, _ in parts if kind == "text") == f"[{value}]"


@settings(max_examples=examples(120))
@given(value=st.text(st.characters(), max_size=20))
def test_no_value_makes_a_second_line_of_a_subject(value: str) -> None:
    try:
        subject = rendered("x", {"v": value}, subject="Hi {{ v }}!", preheader="{{ v }}").subject
    except InvalidMessage as error:
        assert error.errors[0].pointer == f"{AT}/v"
    else:
        assert len(subject.splitlines()) == 1
