"""Who looked: a person, or a program on nobody's behalf. Pure rules over what was seen; docs/tracking.md explains them.

Whoever changes a rule raises RULES: hits keep the version they were judged under, and can be judged again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from functions.domain.hits import Hit
from functions.domain.networks import CLOUDS, FILTERS
from functions.domain.user_agents import Family, chromium, family

RULES = 1
Word = Literal["human", "proxy", "prefetch", "scanner", "unknown"]
# A provider's image proxy fetches for somebody who looks at the message, so those opens count as a person's.
PEOPLE: frozenset[str] = frozenset({"human", "proxy"})
WINDOW = timedelta(seconds=30)  # other hits further away change nothing

# Seconds. Gmail hands a message over within a few; then it has to be noticed, opened and read.
NO_OPEN_BEFORE = 2.0
NO_CLICK_BEFORE = 5.0
PROXY_PREFETCH = 10.0  # providers' proxies: https://github.com/mautic/mautic/issues/7884, gophish/gophish#3086
CLOUD_SCAN = 120.0  # clicks out of a cloud
FILTER_SCAN = 600.0  # from a filter's network; later it may be a person behind its browser isolation
SAME_LOOK = 2.0  # a program that fetches the same thing twice: https://github.com/ankane/ahoy_email/issues/138
BURSTS = ((2, 1.0), (3, 3.0))  # so many different links within so many seconds
_CERTAIN = ("microsoft-filter", "barracuda")
_PREFETCHES = ("purpose", "sec-purpose", "x-purpose", "x-moz")


@dataclass(frozen=True, slots=True)
class Verdict:
    verdict: Word
    reason: str
    rules: int = RULES

    @property
    def counts(self) -> bool:
        return self.verdict in PEOPLE


def judge(hit: Hit, others: Sequence[Hit]) -> Verdict:
    """`others`: what else was seen of the same message, before and after."""
    near = [o for o in others if abs(o.at - hit.at) <= WINDOW]
    kind = family(hit.user_agent)
    for rule in _RULES:
        if found := rule(hit, kind, near):
            return found
    if kind in ("browser", "mail", "office"):
        what = {"browser": "A browser", "mail": "A mail program", "office": "Outlook or another program of Office"}[
            kind
        ]
        return Verdict("human", f"{what}, {_span(hit.delay)} after the message went out.")
    return Verdict("unknown", "A program that gives no known name, and does nothing else that tells.")


def regrade(hits: Sequence[Hit]) -> list[Verdict]:
    """All hits of one message anew, each in the light of the others, in the order given."""
    return [judge(hit, [*hits[:index], *hits[index + 1 :]]) for index, hit in enumerate(hits)]


Rule = Callable[[Hit, Family, Sequence[Hit]], Verdict | None]


def _announced(hit: Hit, _: Family, __: Sequence[Hit]) -> Verdict | None:
    for name in _PREFETCHES:  # https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Purpose
        if any(word in hit.headers.get(name, "").lower() for word in ("prefetch", "prerender", "preview", "instant")):
            return Verdict("prefetch", f"The browser says that it loads this ahead of time ({name}).")
    if "from" in hit.headers:  # RFC 9110 §10.1.2: robots should send it, browsers don't
        return Verdict("scanner", "It gives its operator's address (From), as robots do.")
    return None


def _named(hit: Hit, kind: Family, _: Sequence[Hit]) -> Verdict | None:
    if kind == "security":
        return Verdict("scanner", "A mail filter or link scanner that gives its name.")
    if kind in ("library", "bot"):
        return Verdict("scanner", "A program without a window: no person sees what it fetches.")
    if kind == "preview":
        return Verdict("prefetch", "A chat or social network draws a preview of the link.")
    if kind == "gmail-prefetch":
        return Verdict(
            "prefetch", "Gmail loads images ahead for somebody who has Gmail open; the message was not opened."
        )
    if kind == "apple-privacy" and hit.kind == "open":
        return Verdict(
            "prefetch",
            "Apple Mail Privacy Protection loads images whether or not the message is read: it can't be told.",
        )
    if kind == "office" and hit.kind == "click":
        return Verdict("prefetch", "Office looks at a link itself before it hands it to the browser.")
    return None


def _filters(hit: Hit, _: Family, __: Sequence[Hit]) -> Verdict | None:
    if hit.network not in FILTERS:
        return None
    if hit.network in _CERTAIN or hit.delay <= FILTER_SCAN:
        return Verdict("scanner", f"It comes from the network of a mail filter ({hit.network}).")
    return Verdict(
        "unknown",
        f"From the network of a mail filter ({hit.network}), long after: another check, or a person behind it.",
    )


def _proxies(hit: Hit, kind: Family, _: Sequence[Hit]) -> Verdict | None:
    outlook = hit.kind == "open" and hit.network == "microsoft" and kind == "browser"
    if kind not in ("gmail-proxy", "yahoo-proxy") and not outlook:
        return None
    name = {"gmail-proxy": "Gmail", "yahoo-proxy": "Yahoo Mail"}.get(kind, "Outlook")
    if hit.kind == "click":
        return Verdict("scanner", f"{name}'s image proxy follows no link for a person.")
    if hit.delay < PROXY_PREFETCH:
        return Verdict("prefetch", f"{name}'s image proxy, only {_span(hit.delay)} after the message went out.")
    if kind == "gmail-proxy" and hit.mailboxes and not {"google", "unknown"} & set(hit.mailboxes):
        return Verdict(
            "unknown",
            "Gmail's image proxy, but no recipient has Gmail: most likely the sender looked at the sent message.",
        )
    return Verdict("proxy", f"{name}'s image proxy: it fetches when somebody looks at the message.")


def _bursts(hit: Hit, _: Family, near: Sequence[Hit]) -> Verdict | None:
    clicks = [o for o in near if o.kind == "click"]
    if hit.kind == "click":
        clicks.append(hit)
    for links, seconds in BURSTS:
        span = timedelta(seconds=seconds)
        for first in clicks:
            crowd = [c for c in clicks if first.at <= c.at <= first.at + span]
            if len({c.link for c in crowd}) < links:
                continue
            reason = f"{len({c.link for c in crowd})} different links within {_span(seconds)}: that is a program."
            if hit.kind == "click" and first.at <= hit.at <= first.at + span:
                return Verdict("scanner", reason)
            alike = any(c.user_agent == hit.user_agent and abs(c.at - hit.at) <= timedelta(seconds=3) for c in crowd)
            if hit.kind == "open" and alike:
                return Verdict("scanner", f"Opened by what clicked {reason}")
    return None


def _too_soon(hit: Hit, kind: Family, _: Sequence[Hit]) -> Verdict | None:
    if hit.kind == "open" and hit.delay < NO_OPEN_BEFORE:
        return Verdict("prefetch", f"Only {_span(hit.delay)} after the message went out: nobody opens it so soon.")
    if hit.kind == "open":
        return None
    if hit.delay < NO_CLICK_BEFORE:
        return Verdict(
            "scanner", f"Only {_span(hit.delay)} after the message went out: nobody reads and clicks so soon."
        )
    if hit.network in CLOUDS and hit.delay < CLOUD_SCAN:
        return Verdict(
            "scanner", f"Out of a data centre ({hit.network}), {_span(hit.delay)} after the message went out."
        )
    if kind == "none":
        return Verdict("scanner", "It does not say what program it is: browsers do.")
    return None


def _pretends(hit: Hit, kind: Family, _: Sequence[Hit]) -> Verdict | None:
    """Chromium sends Sec-Fetch-… with every click over https since version 76: https://www.w3.org/TR/fetch-metadata/"""
    told = any(name.startswith("sec-fetch-") for name in hit.headers)
    if hit.kind == "click" and kind == "browser" and hit.secure and not told and chromium(hit.user_agent) >= 80:
        return Verdict(
            "unknown", "It says it is a new browser, but sends nothing of what that browser sends with a click."
        )
    return None


def _again(hit: Hit, _: Family, near: Sequence[Hit]) -> Verdict | None:
    for other in near:
        since = (hit.at - other.at).total_seconds()
        if since <= 0 or other.kind != hit.kind or other.link != hit.link:
            continue
        if other.user_agent == hit.user_agent and since <= SAME_LOOK:
            return Verdict("unknown", f"The same again {_span(since)} later: one look, not two.")
        # A filter that checks links when they are clicked: https://github.com/resend/resend-node/issues/901
        if hit.kind == "click" and other.user_agent != hit.user_agent and not _machine(other, near):
            return Verdict(
                "unknown", f"The same link {_span(since)} after another program: a check of it, or another device."
            )
    return None


def _machine(hit: Hit, near: Sequence[Hit]) -> bool:
    kind = family(hit.user_agent)
    return any(rule(hit, kind, [o for o in near if o is not hit]) for rule in _RULES[:-1])


_RULES: tuple[Rule, ...] = (_announced, _named, _filters, _proxies, _bursts, _too_soon, _pretends, _again)


def _span(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return _counted(int(seconds // size), name)
    return _counted(round(seconds, 1 if seconds < 10 else None), "second")


def _counted(number: float, name: str) -> str:
    return f"{number:g} {name}" if number == 1 else f"{number:g} {name}s"
