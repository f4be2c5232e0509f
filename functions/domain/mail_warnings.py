"""What is worth saying about a mail before it goes out: it can be sent as it is, but not everybody will see it so."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from functions.domain.mail_text import tokens
from functions.domain.template_ports import Rendered
from functions.domain.template_values import UNSUBSCRIBE_PLACEHOLDER

GMAIL_CLIP = 102_400  # bytes of html; Gmail hides the rest behind "View entire message"
SUBJECT_SHOWN = 150  # characters; inboxes show 40 to 80
_FEW_WORDS = 15
_EXCLAMATIONS = 3
_NAMED = 3  # examples in a detail

# Matters of SpamAssassin's rules that give more than one point by themselves in its default scores (20_phrases.cf and
# 50_scores.cf of 4.0). The rule's name is part of the warning, so that it can be looked up.
_PHRASES = tuple(
    (rule, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for rule, pattern in (
        ("GUARANTEED_100_PERCENT", r"\b100\s?% guaranteed"),
        ("DEAR_FRIEND", r"^[ \t]{0,20}dear friend\b"),  # not \s*: that would look through empty lines again at each
        ("DEAR_SOMETHING", r"\bdear (?:candidate|internet|investor|madam|sirs?|travell?er)\b"),
        ("BILLION_DOLLARS", r"\b[bm]illion dollars?\b"),
        ("EXCUSE_REMOVE", r"\bto be removed(?: from|,? please)\b"),
        ("MONEY_BACK", r"\bmoney[ -]back guarantee"),
        ("ONE_TIME", r"\bone[ -]time (?:charge|investment|offer|promotion)"),
        ("UNCLAIMED_MONEY", r"\bunclaimed (?:balance|deposit|fund|money|payment|prize|reward)"),
        ("FREE_QUOTE_INSTANT", r"\bfree (?:instant|express|online|no.obligation)\b.{0,30}\bquote"),
        ("NO_MEDICAL", r"\bno medical exam"),
        ("URG_BIZ", r"\burgent (?:assistance|business|buy|proposal|request)"),
    )
)
_ADDRESS = re.compile(r"(?:https?://)?(?P<host>(?:[a-z0-9-]+\.)+[a-z]{2,24})(?:[/?#:]\S*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - what the contract calls it
    """`code` is for programs, `detail` for people."""

    code: str
    detail: str


@dataclass(slots=True)
class _Link:
    href: str
    text: str = ""
    named: bool = False  # by an image with an alt text, or an aria-label


@dataclass(slots=True)
class _Seen:
    """What one pass over the html finds."""

    links: list[_Link] = field(default_factory=list)
    images: list[Mapping[str, str]] = field(default_factory=list)


def warnings(rendered: Rendered) -> Iterator[Warning]:
    yield from _of_subject(rendered.subject)
    if rendered.html:
        yield from _of_html(rendered)
    if not rendered.text.strip():
        yield Warning("no_text_part", "There is no text for readers without html, and spam filters miss it.")
    words = f"{rendered.subject}\n{rendered.text}"
    if rules := [rule for rule, pattern in _PHRASES if pattern.search(words)]:
        detail = f"It has phrases that spam filters count against a mail; SpamAssassin calls them {', '.join(rules)}."
        yield Warning("spam_phrases", detail)
    for name in rendered.unused:
        yield Warning("unused_variable", f"The variable `{name}` is declared and never used.")


def _of_subject(subject: str) -> Iterator[Warning]:
    letters = [char for char in subject if char.isalpha()]
    if not subject.strip():
        yield Warning("no_subject", "The subject is empty.")
    if len(letters) > 9 and " " in subject.strip() and all(char.isupper() for char in letters):
        yield Warning("subject_capitals", "The subject is all capitals, which spam filters count against a mail.")
    if subject.count("!") >= _EXCLAMATIONS or "!!" in subject:
        yield Warning("subject_exclamations", "The subject has too many exclamation marks.")
    if len(subject) > SUBJECT_SHOWN:
        yield Warning("long_subject", f"The subject has {len(subject)} characters; inboxes show 40 to 80 of them.")


def _of_html(rendered: Rendered) -> Iterator[Warning]:
    size = len(rendered.html.encode())
    if size > GMAIL_CLIP:
        detail = f"The html has {size} bytes; Gmail shows the first {GMAIL_CLIP} and hides the rest behind a link."
        yield Warning("gmail_clips", detail)
    seen = _look(rendered.html)
    yield from _of_images(seen.images)
    yield from _of_links(seen.links)
    # Without what the text part says in place of images and links.
    alts = " ".join(image.get("alt", "") for image in seen.images)
    words = sum("://" not in word for word in rendered.text.split()) - len(alts.split())
    if seen.images and words < _FEW_WORDS:
        yield Warning(
            "mostly_images", "It is mostly images: who doesn't load them sees nothing, and filters suspect it."
        )


def _of_images(images: list[Mapping[str, str]]) -> Iterator[Warning]:
    # alt="" is said of an image that only decorates; no alt at all is forgotten (HTML §4.8.4.4).
    if bare := [image.get("src", "") for image in images if "alt" not in image]:
        detail = f"{_count(bare, 'image has', 'images have')} no alt text, which stands in where images are not loaded"
        yield Warning("missing_alt", f"{detail}: {_named(bare)}.")
    if lost := [image for image in images if not image.get("src")]:
        detail = f"{_count(lost, 'image has', 'images have')} no address that can be shown: https, http or cid."
        yield Warning("image_without_source", detail)


def _of_links(links: list[_Link]) -> Iterator[Warning]:
    if dead := [link.text for link in links if not link.href and link.text]:
        detail = (
            f"{_count(dead, 'link leads', 'links lead')} nowhere: an address starts with https, http, mailto or tel"
        )
        yield Warning("link_without_address", f"{detail}: {_named(dead)}.")
    if mute := [link.href for link in links if link.href and not link.text and not link.named]:
        detail = f"{_count(mute, 'link has', 'links have')} no text and no image with an alt text: {_named(mute)}."
        yield Warning("link_without_text", detail)
    if plain := [link.href for link in links if link.href.lower().startswith("http:")]:
        yield Warning("insecure_link", f"{_count(plain, 'link is', 'links are')} http, not https: {_named(plain)}.")
    if false := [f"{link.text} leads to {_host(link.href)}" for link in links if _shows_another(link)]:
        yield Warning("link_shows_another", f"Mail clients take this for phishing: {_named(false)}.")


def _look(html: str) -> _Seen:
    seen = _Seen()
    link: _Link | None = None
    for kind, value, attributes in tokens(html):
        if kind == "text" and link:
            link.text += value
        elif kind == "start" and value == "img":
            seen.images.append(attributes)
            if link:
                link.named = link.named or bool(attributes.get("alt", "").strip())
        elif value == "a":
            if link:
                link.text = " ".join(link.text.split())
                # An anchor without an address is a place to jump to.
                seen.links.append(link)
            link = None
            if kind == "start" and not ({"id", "name"} & attributes.keys() and "href" not in attributes):
                link = _Link(
                    attributes.get("href", ""), named=bool(attributes.get("aria-label") or attributes.get("title"))
                )
    return seen


def _shows_another(link: _Link) -> bool:
    """The text is a web address of another site than the link's. `example.com` and `www.example.com` are one."""
    shown = _ADDRESS.fullmatch(link.text.strip())
    if not shown or not link.href.lower().startswith(("http:", "https:")) or link.href == UNSUBSCRIBE_PLACEHOLDER:
        return False
    a, b = shown["host"].lower().removeprefix("www."), _host(link.href).removeprefix("www.")
    return a != b and not b.endswith(f".{a}")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _count(found: Sequence[object], one: str, many: str) -> str:
    return f"{len(found)} {one if len(found) == 1 else many}"


def _named(found: Sequence[str]) -> str:
    shown = [name if len(name) <= 60 else f"{name[:59]}…" for name in dict.fromkeys(found) if name]
    return f"{', '.join(shown[:_NAMED])}{', …' if len(shown) > _NAMED else ''}" or "no address"
