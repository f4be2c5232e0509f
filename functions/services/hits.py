"""Opens and clicks: each hit on record with its evidence and a verdict, and counted on its send.

Nothing here is asked before a reader has got the pixel or the redirect.
"""

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.domain import hits, records, verdicts
from functions.domain.errors import Conflict
from functions.domain.events import Counting, Event
from functions.domain.hits import Hit
from functions.domain.ids import RandomBytes, random_id
from functions.domain.networks import client_address, network
from functions.domain.ports import Data, Document, Documents, Increment, Query, Update, Write
from functions.domain.sends import Send
from functions.domain.track_tokens import Tracked
from functions.domain.verdicts import PEOPLE, WINDOW, Verdict
from functions.services import outbox, owners, retry_if_stale
from functions.services.timeline import Timeline

LIMIT = 200  # hits of one send that are kept and counted: a program that comes again and again must not fill the store
NEAR = 50  # hits around one that are looked at


@dataclass(frozen=True, slots=True)
class Seen:
    """What the request told. The address is only looked up; it is not kept."""

    at: datetime
    user_agent: str
    forwarded: str  # X-Forwarded-For, where a front end that can be believed has written it
    peer: str  # address of the other end of the connection
    headers: Mapping[str, str]
    secure: bool
    proxies: int = 0  # of our own, whose addresses stand last in `forwarded`


class Hits:
    def __init__(self, documents: Documents, timeline: Timeline, random: RandomBytes) -> None:
        self._documents = documents
        self._timeline = timeline
        self._random = random

    def record(self, tracked: Tracked, seen: Seen) -> None:
        """A hit on a send that is not on record (any more), or has had its share, is dropped. Raises Unavailable."""
        first, owner = self._documents.get_many([outbox.path(tracked.owner, tracked.send), owners.path(tracked.owner)])
        found = outbox.that_went_out(self._documents, first)
        if found is None or (before := found.send.all_opens + found.send.all_clicks) >= LIMIT:
            return
        send = found.send
        hit = _hit(tracked, seen, send)
        near = [event for event, _ in self._of(send.owner, send.id, seen.at - WINDOW)] if before else []
        *others, verdict = verdicts.regrade([*map(hits.of, near), hit])
        event = Event(
            id=random_id("evt", self._random),
            owner=send.owner,
            send=send.id,
            account=send.account,
            type="clicked" if hit.kind == "click" else "opened",
            at=hit.at,
            recipient=send.to[0].email if send.recipients == 1 and send.to else "",
            url=tracked.url,
            verdict=verdict.verdict,
            reason=verdict.reason,
            rules=verdict.rules,
            evidence=hits.evidence(hit, before),
            expires_at=seen.at + owners.read(owner).events_kept_for,
        )
        people = 1 if verdict.counts else 0
        counting = Counting(clicks=people, all_clicks=1) if hit.kind == "click" else Counting(people, all_opens=1)
        # Every hit counts its send up: while that is as it was read, there is none that `near` does not show.
        alone = self._timeline.add(event, counting, found.version)
        if alone and not any(map(_differs, near, others)):
            return
        if alone or self._timeline.add(event, counting):
            # Hits of one burst come at once and don't see each other before they are on record; whoever is last does.
            with contextlib.suppress(Conflict):  # then others do
                self._judge_again(send.owner, send.id, seen.at - WINDOW)

    def regrade(self, owner: str, send_id: str) -> int:
        """Judge all hits of a send by today's rules; how many verdicts changed. Raises Unavailable, Conflict."""
        return self._judge_again(owner, send_id, None)

    @retry_if_stale  # another hit judges the same ones at this moment
    def _judge_again(self, owner: str, send_id: str, since: datetime | None) -> int:
        """The hits from `since` on, each with everything that was seen around it; verdicts and counters together."""
        found = self._of(owner, send_id, since - WINDOW if since else None)
        judged = verdicts.regrade([hits.of(event) for event, _ in found])
        changed = [
            (event, document, verdict)
            for (event, document), verdict in zip(found, judged, strict=True)
            if (since is None or event.at >= since) and _differs(event, verdict)
        ]
        writes: list[Write] = [
            Update(document.path, dataclasses.asdict(verdict), version=document.version)
            for _, document, verdict in changed
        ]
        if count := _recount([(event, verdict) for event, _, verdict in changed]):
            writes.append(Update(outbox.path(owner, send_id), count))
        self._documents.commit(writes)
        return len(changed)

    def _of(self, owner: str, send_id: str, since: datetime | None) -> list[tuple[Event, Document]]:
        """Opens and clicks, oldest first. All of a send, or the first ones since a moment: enough to know a burst."""
        query = Query(
            f"owners/{owner}/events",
            equals={"send": send_id},
            order=("at", "asc"),
            since=since,
            limit=NEAR if since else 2 * LIMIT,  # other events lie between
        )
        found = [(records.from_data(Event, d.data), d) for d in self._documents.query(query).documents]
        return [(event, document) for event, document in found if event.type in ("opened", "clicked")]


def _hit(tracked: Tracked, seen: Seen, send: Send) -> Hit:
    out = send.sent_at or (send.attempts[-1].at if send.attempts else send.created_at)
    return Hit(
        kind="click" if tracked.kind == "click" else "open",
        at=seen.at,
        delay=max(0.0, (seen.at - out).total_seconds()),
        user_agent=seen.user_agent[: hits.USER_AGENT_LIMIT],
        network=network(client_address(seen.forwarded, seen.peer, seen.proxies)),
        headers=seen.headers,
        link=tracked.index if tracked.kind == "click" else -1,
        mailboxes=hits.mailboxes(a.email for a in (*send.to, *send.cc, *send.bcc)),
        secure=seen.secure,
    )


def _differs(event: Event, verdict: Verdict) -> bool:
    return (event.verdict, event.reason, event.rules) != (verdict.verdict, verdict.reason, verdict.rules)


def _recount(changed: Sequence[tuple[Event, Verdict]]) -> Data:
    """What a change of verdicts does to the counters of people."""
    moved = {"opens": 0, "clicks": 0}
    for event, verdict in changed:
        moved["clicks" if event.type == "clicked" else "opens"] += verdict.counts - (event.verdict in PEOPLE)
    return {name: Increment(by) for name, by in moved.items() if by}
