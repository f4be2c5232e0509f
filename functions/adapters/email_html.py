"""Any html into a document that mail clients show right and that does nothing else: CSS inlined, everything dangerous
taken out, the preheader in front. Nothing remote is ever fetched.

The order matters. The sanitiser comes last, on what the inliner wrote, so what goes out is what the sanitiser wrote:
balanced tags, quoted attributes. Only what is made here (head, preheader) is put around it.
"""

import re
from functools import lru_cache
from html import escape

import css_inline
import nh3

from functions.domain.html_documents import ALLOWED, MarkupProblem, Parts, take_apart
from functions.domain.mail_css import Stylesheet, safe_declarations, safe_stylesheet, style_length
from functions.domain.mail_text import as_text

PREHEADER_LIMIT = 500  # characters; inboxes show about 100
_CACHED_LIMIT = 1_000  # characters of a body's attributes that are worth keeping
_INLINING_LIMIT = 500_000  # rules times tags
_INLINED_LIMIT = 2_000_000  # characters
_STYLES_LIMIT = 8_000_000  # characters of all declarations that reach an element; the last of each property stays

_SCHEMES = frozenset(("https", "http", "mailto", "tel", "cid"))
_EVERYWHERE = frozenset(
    ("style", "class", "id", "dir", "lang", "title", "align", "valign", "width", "height", "bgcolor", "role")
)
_ATTRIBUTES = {
    "*": set(_EVERYWHERE),
    "a": {"href", "target", "name", "data-track", "notrack"},  # the last two: this link is not to be tracked
    "img": {"src", "alt", "border", "hspace", "vspace"},
    "font": {"color", "face", "size"},
    "table": {"border", "cellpadding", "cellspacing", "background", "summary"},
    "tr": {"background"},
    "td": {"colspan", "rowspan", "nowrap", "background", "headers"},
    "th": {"colspan", "rowspan", "nowrap", "background", "headers", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "hr": {"size", "color", "noshade"},
    "time": {"datetime"},
    "div": {"background", "link", "vlink", "alink", "text"},  # a body's, which is cleaned as a div
}
_IMAGES = re.compile(r"(?:https?://|cid:)\S", re.IGNORECASE)
_MARK = "mark-of-rule-"
_MARKS = re.compile(rf"{_MARK}(\d{{1,4}}):")
_BODY = re.compile(r'<body((?:\s[^\s=>]+(?:="[^"]*")?)*)>')
# Behind a short preheader inboxes go on with the first words of the mail. These show nothing and take up room: a
# combining grapheme joiner, a non-joiner and a no-break space, which clients don't fold together.
_PADDING = "&#847;&zwnj;&nbsp;" * 90
# No transparent colour and no tiny font besides: SpamAssassin gives 1.7 points for these (FONT_INVIS_*, LOW_CONTRAST).
_PREHEADER = '<div style="display:none;max-height:0;max-width:0;overflow:hidden;mso-hide:all">{}{}</div>\n'
_DOCUMENT = (
    '<!DOCTYPE html>\n<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n{}</head>\n'
    "<body{}>\n{}{}\n</body>\n</html>\n"
)


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return safe_declarations(value) or None
    if name in ("src", "background"):
        return value.strip() if _IMAGES.match(value.strip()) else None
    if name == "target":
        return value if value == "_blank" else None
    return value


def _relative(url: str) -> str | None:
    """A mail has no address that a relative URL could be relative to; a place within the mail is fine."""
    return url if url.startswith("#") else None


_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)
_CLEANER = nh3.Cleaner(
    tags=set(ALLOWED),
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    generic_attribute_prefixes={"aria-"},
    url_schemes=set(_SCHEMES),
    url_relative=_relative,
    link_rel=None,
)


def sanitised(html: str) -> str:
    """The body's content alone. Raises MarkupProblem."""
    return _CLEANER.clean(take_apart(html).inner).strip()


def text_of(html: str) -> str:
    """The text of an html that was not sanitised yet. Raises MarkupProblem."""
    return as_text(sanitised(html))


def document(html: str, preheader: str = "") -> tuple[str, str]:
    """A whole document, and its text without the preheader. `html` is a whole document or a piece of one.

    Raises MarkupProblem where it is more than can be parsed safely.
    """
    parts = take_apart(html)
    inner, attributes = parts.inner, parts.attributes
    sheet = safe_stylesheet(parts.css)
    if sheet.inline:
        _check_size(sheet, parts)
        written = _inlined(sheet.inline, parts)
        if body := _BODY.search(written):
            attributes, inner = body[1], written[body.end() :].removesuffix("</html>").removesuffix("</body>")
        if len(inner) > _INLINED_LIMIT:
            raise MarkupProblem(
                f"With its CSS inlined it has {len(inner)} characters; at most {_INLINED_LIMIT} can be."
            )
    clean = _CLEANER.clean(inner).strip()
    style = f"<style>\n{sheet.kept}\n</style>\n" if sheet.kept else ""
    hidden = _PREHEADER.format(escape(preheader), _PADDING) if preheader else ""
    return _DOCUMENT.format(style, _body_attributes(attributes), hidden, clean), as_text(clean)


def _inlined(css: str, parts: Parts) -> str:
    return _INLINER.inline(
        f"<html><head><style>{css}</style></head><body{parts.attributes}>{parts.inner}</body></html>"
    )


def _check_size(sheet: Stylesheet, parts: Parts) -> None:
    """Before it is inlined: one rule and some thousand tags can ask for gigabytes."""
    rules = sheet.inline.count("\n") + 1
    # What a parser makes of formatting elements around many others are copies: ordinary mails have a few of them, too.
    if rules * max(parts.inner.count("<"), parts.elements // 4) > _INLINING_LIMIT:
        raise MarkupProblem("It has too many CSS rules for so many tags.")
    if sheet.widest * parts.elements <= _STYLES_LIMIT:
        return
    # Much CSS and many tags: whether the two meet shows where each rule's declarations are a mark.
    numbers: dict[str, int] = {}
    marked = []
    for rule in sheet.inline.split("\n"):
        selector, _, declarations = rule.partition("{")
        marked.append(f"{selector}{{{_MARK}{numbers.setdefault(declarations, len(numbers))}:1}}")
    lengths = [style_length(declarations) for declarations in numbers]
    found = map(int, _MARKS.findall(_inlined("\n".join(marked), parts)))
    total = sum(lengths[number] for number in found if number < len(lengths))
    if total > _STYLES_LIMIT:
        raise MarkupProblem(f"Its CSS says {total} characters of so many tags; at most {_STYLES_LIMIT} can be.")


def _body_attributes(attributes: str) -> str:
    """Those of the body that may stay."""
    return _cached(attributes) if len(attributes) <= _CACHED_LIMIT else _safe_attributes(attributes)


def _safe_attributes(attributes: str) -> str:
    """As a div's, for the sanitiser knows pieces of documents only."""
    return _CLEANER.clean(f"<div{attributes}></div>").removeprefix("<div").removesuffix("></div>")


_cached = lru_cache(maxsize=256)(_safe_attributes)
