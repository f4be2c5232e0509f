"""What is added to a finished message: tracked links, a pixel, a way to unsubscribe. All else stays as it was,
character for character."""

import re
from collections.abc import Callable
from html import escape

from functions.domain.html_scan import Attribute, Cut, Hidden, Tag, scan
from functions.domain.link_targets import target
from functions.domain.template_values import UNSUBSCRIBE_PLACEHOLDER  # where a template wants its unsubscribe link

# Html and text that are no template may say it the way a template does, also as a URL encoder leaves it.
WRITTEN = re.compile(
    re.escape(UNSUBSCRIBE_PLACEHOLDER)
    + r"|(?:\{\{|%7B%7B)(?:\s|%20|&nbsp;)*+unsubscribe_url(?:\s|%20|&nbsp;)*+(?:\}\}|%7D%7D)",
    re.IGNORECASE,
)
# No colour: it follows the mail's own, in dark mode too.
_FOOTER = (
    '<p style="margin:24px 0 0;font-size:12px;line-height:1.5">If you no longer want these messages, you can '
    '<a href="{}">unsubscribe</a>.</p>'
)
_FOOTER_TEXT = "If you no longer want these messages, unsubscribe here:"
# Shown, if only as one transparent point: an image that is hidden may not be fetched.
_PIXEL = '<img src="{}" alt="" width="1" height="1" border="0" style="width:1px;height:1px;border:0">'
_OFF = ("off", "no", "false")


def exactly(placeholder: str) -> re.Pattern[str]:
    """What stands for the unsubscribe link in a rendered template: this alone, so that no variable can say it."""
    return re.compile(re.escape(placeholder), re.IGNORECASE)


def names_unsubscribe(*parts: str | None, named: re.Pattern[str] = WRITTEN) -> bool:
    """Whether one of them says where its unsubscribe link stands."""
    return any(part is not None and named.search(part) is not None for part in parts)


def decorate(
    html: str,
    *,
    click: Callable[[int, str], str] | None,
    pixel: str | None,
    unsubscribe: str | None,
    named: re.Pattern[str] = WRITTEN,
) -> str:
    """`click` gets the number and the destination of each http(s) link, from 0, and says where it shall lead instead.

    A link with `data-track="off"` or `notrack` is left alone. The unsubscribe link stands where the html names it,
    else below the message.
    """
    if not (click or pixel or unsubscribe):
        return html
    if unsubscribe:
        html = named.sub(lambda _: escape(unsubscribe), html)
    found = list(scan(html))
    added = ""
    if unsubscribe and not _shows(html, found, unsubscribe):
        added += _FOOTER.format(escape(unsubscribe))
    if pixel:
        added += _PIXEL.format(escape(pixel))
    splices = _links(found, click, unsubscribe) if click else []
    if added:
        at = _end(html, found)
        splices.append((at, at, added))
    return _spliced(html, splices)


def decorate_text(text: str, *, unsubscribe: str | None, named: re.Pattern[str] = WRITTEN) -> str:
    """Links in a text stay what they are: a reader sees where they lead."""
    if not unsubscribe:
        return text
    linked, count = named.subn(lambda _: unsubscribe, text)
    if count or unsubscribe in text:
        return linked
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text.rstrip()}{newline * 2}{_FOOTER_TEXT}{newline}{unsubscribe}{newline}"


def append(html: str, fragment: str) -> str:
    """`fragment` behind all that is shown."""
    at = _end(html, list(scan(html)))
    return html[:at] + fragment + html[at:]


def _links(
    found: list[Tag | Hidden | Cut], click: Callable[[int, str], str], unsubscribe: str | None
) -> list[tuple[int, int, str]]:
    splices: list[tuple[int, int, str]] = []
    number = 0
    for tag in found:
        if not isinstance(tag, Tag) or tag.name not in ("a", "area") or _untracked(tag):
            continue
        href = tag.attributes.get("href")
        to = target(href.value) if href else None
        if href is None or to is None or to == unsubscribe:
            continue
        tracked = click(number, to)
        number += 1
        if tracked != to:
            splices.append((href.start, href.end, _written(href, tracked)))
    return splices


def _untracked(tag: Tag) -> bool:
    wish = tag.attributes.get("data-track")
    return "notrack" in tag.attributes or (wish is not None and wish.value.strip().lower() in _OFF)


def _written(attribute: Attribute, value: str) -> str:
    return escape(value) if attribute.quoted else f'"{escape(value)}"'


def _shows(html: str, found: list[Tag | Hidden | Cut], url: str) -> bool:
    """Whether the URL stands somewhere else than in a comment."""
    hidden = iter([(f.start, f.end if isinstance(f, Hidden) else len(html)) for f in found if not isinstance(f, Tag)])
    start, end = next(hidden, (len(html), len(html)))
    for place in re.finditer(re.escape(escape(url)), html):
        while end <= place.start():
            start, end = next(hidden, (len(html), len(html)))
        if place.start() < start:
            return True
    return False


def _end(html: str, found: list[Tag | Hidden | Cut]) -> int:
    """In front of the last </body>, or at the end; never inside of something that is not shown."""
    bodies = [f.start for f in found if isinstance(f, Tag) and f.name == "/body"]
    if bodies:
        return bodies[-1]
    last = found[-1] if found else None
    return last.start if isinstance(last, Cut) else len(html)


def _spliced(html: str, splices: list[tuple[int, int, str]]) -> str:
    if not splices:
        return html
    pieces, at = [], 0
    for start, end, text in sorted(splices, key=lambda splice: splice[0]):
        pieces += [html[at:start], text]
        at = end
    return "".join([*pieces, html[at:]])
