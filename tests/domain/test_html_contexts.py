"""Where a piece of html ends: told from the HTML standard's tokenizer, and by what its pieces add up to."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.html_contexts import START, Context, Where, advance
from tests.full import examples


@pytest.mark.parametrize(
    ("html", "context"),
    [
        ("", START),
        ("a < b > c &lt;", START),
        ("<p>x</p><br/><a href='x' b=c d>", START),
        ('<p title="', Context(Where.DOUBLE, "p", "title")),
        ("<p a b=c d='e' STYLE = 'x", Context(Where.SINGLE, "p", "style")),
        ('<p title="a>b', Context(Where.DOUBLE, "p", "title")),
        ("<p title=", Context(Where.EQUALS, "p", "title")),
        ("<p title= ", Context(Where.EQUALS, "p", "title")),
        ("<p title=a", Context(Where.UNQUOTED, "p")),
        ("<p ", Context(Where.TAG, "p")),
        ("<p a", Context(Where.TAG, "p", "a")),
        ("<P", Context(Where.TAG, "p")),
        ("</p", Context(Where.TAG, "/")),
        ("<", Context(Where.TAG, "/")),
        ("</", Context(Where.TAG, "/")),
        ('<p/style="', Context(Where.DOUBLE, "p", "style")),
        ('<p =a b="', Context(Where.DOUBLE, "p", "b")),
        ("<p a==\" b='", Context(Where.SINGLE, "p", "b")),
        ('<p a\u00a0b="', Context(Where.DOUBLE, "p", "a\u00a0b")),
        ("<!-- a > b", Context(Where.COMMENT)),
        ("<!-- a -- b --!>", START),
        ("<!-->x", START),
        ("<!--->x", START),
        ("<!doctype html", Context(Where.DECLARATION)),
        ("<?xml version='1' ?>", START),
        ("<style>p > b {", Context(Where.RAW, "style")),
        ("<STYLE type='x'></styles></p>", Context(Where.RAW, "style")),
        ("<style></style >", START),
        ('<title><p title="', Context(Where.RAW, "title")),
        ("<script>'</script>", START),
    ],
)
def test_where_html_ends(html: str, context: Context) -> None:
    assert advance(START, html) == context


def test_what_is_read_as_css_and_where_no_value_may_stand() -> None:
    css = {"<p style='", "<style>a{"}
    problems = {"<p ", "<p title=", "<p title=a", "<", "</p ", "<script>"}
    for html in (*css, *problems, "<p>", "<p title='", "<!--", "<title>", "<!x"):
        context = advance(START, html)
        assert context.css == (html in css)
        assert bool(context.problem) == (html in problems)


PIECES = st.lists(
    st.sampled_from(
        ("<p", ">", " ", "a", "=", '"', "'", "/", "<", "<!--", "-->", "<style", "</style", "x", "b=c", " d='e'", "\n")
    ),
    max_size=14,
)  # fmt: skip


@settings(max_examples=examples(300))
@given(PIECES)
def test_it_does_not_matter_how_fast_one_reads(pieces: list[str]) -> None:
    """Many tags and attributes are skipped at once; character by character, most of them are not."""
    html = "".join(pieces)
    whole = advance(START, html)
    for cut in range(len(html)):
        left, right = html[:cut], html[cut:]
        # A cut within a mark (`<!-`, a tag's name, `--`) is told apart from the mark: templates don't cut there.
        if (
            re.search(r"</?[a-z][^\s/>]*$", left)
            or left[-1:] in "<!-/"
            or left[-1:].isalpha()
            or right[:1].isalpha()
            or right[:1] in ">-"
        ):
            continue
        assert advance(advance(START, left), right).where == whole.where
