"""A look at the pixel or at a link, as it was seen; and the same as the event that is kept of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from functions.domain.events import Event

USER_AGENT_LIMIT = 400  # characters
HEADER_LIMIT = 100

# Who keeps the mail of these domains. Any other domain may be kept by anybody.
_MAILBOXES = {
    "google": "gmail.com googlemail.com google.com",
    "microsoft": "outlook.com hotmail.com live.com msn.com outlook.de hotmail.de hotmail.fr hotmail.co.uk live.de",
    "yahoo": "yahoo.com ymail.com rocketmail.com aol.com yahoo.de yahoo.fr yahoo.co.uk yahoo.co.jp",
    "apple": "icloud.com me.com mac.com",
    "another": "gmx.de gmx.net gmx.com web.de t-online.de freenet.de proton.me protonmail.com pm.me tutanota.com "
    "orange.fr free.fr laposte.net libero.it mail.ru yandex.ru qq.com 163.com naver.com fastmail.com hey.com zoho.com",
}
_BY_DOMAIN = {domain: name for name, domains in _MAILBOXES.items() for domain in domains.split()}


@dataclass(frozen=True, slots=True)
class Hit:
    """`link` is the number of the link that was clicked; of an open it is -1."""

    kind: Literal["open", "click"]
    at: datetime
    delay: float  # seconds since the message went out
    user_agent: str = ""
    network: str = ""  # see networks; the address itself is not kept
    headers: Mapping[str, str] = field(default_factory=dict)  # by lower-case name, those that tell something
    link: int = -1
    mailboxes: tuple[str, ...] = ()  # who keeps the recipients' mail; "unknown" where a domain does not tell
    secure: bool = False  # over https


def mailboxes(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_BY_DOMAIN.get(a.rpartition("@")[2].casefold(), "unknown") for a in addresses}))


def evidence(hit: Hit, order: int) -> dict[str, Any]:
    """What is kept: enough to judge again. `order`: how many hits there were before."""
    return {
        "delay": round(hit.delay, 3),
        "order": order,
        "user_agent": hit.user_agent[:USER_AGENT_LIMIT],
        "network": hit.network,
        "headers": {name: value[:HEADER_LIMIT] for name, value in hit.headers.items()},
        "link": hit.link,
        "mailboxes": list(hit.mailboxes),
        "secure": hit.secure,
    }


def of(event: Event) -> Hit:
    """The hit that an `opened` or `clicked` event was made of."""
    kept = event.evidence
    return Hit(
        kind="click" if event.type == "clicked" else "open",
        at=event.at,
        delay=float(kept.get("delay", 0)),
        user_agent=str(kept.get("user_agent", "")),
        network=str(kept.get("network", "")),
        headers=dict(kept.get("headers", {})),
        link=int(kept.get("link", -1)),
        mailboxes=tuple(kept.get("mailboxes", ())),
        secure=bool(kept.get("secure", False)),
    )
