"""What a reader can do with a letter. Each says what it did; the pages and the control API call nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from sandbox import web
from sandbox.gmail.messages import Message
from sandbox.gmail.receiving import Envelope, honest_results, receive
from sandbox.people import ELSEWHERE
from sandbox.readers import answers, reports
from sandbox.readers.letters import ONE_CLICK, Letter
from sandbox.state import Sandbox
from sandbox.web import Answer

# What Gmail's picture proxy calls itself.
PICTURE_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
REDIRECTS = (301, 302, 303, 307, 308)
LONGEST_WAY = 5  # redirects

BOUNCES = (*reports.KINDS, "forged")


class NotDone(Exception):
    """The text says why it cannot be done with this letter."""


def picture(
    sandbox: Sandbox, url: str, user_agent: str = PICTURE_PROXY, headers: Mapping[str, str] | None = None
) -> Answer:
    """One picture of a mail, as the proxy fetches it, which follows redirects. Raises web.NotReached."""
    for _ in range(1 + LONGEST_WAY):
        _not_itself(sandbox, url)
        answer = web.ask(url, {"User-Agent": user_agent, **(headers or {})})
        if answer.status not in REDIRECTS or not answer.headers.get("location"):
            break
        url = urljoin(url, answer.headers["location"])
    return answer


def open_(sandbox: Sandbox, letter: Letter, user_agent: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Marks it as read and has all its pictures fetched."""
    if "INBOX" in letter.copy.labels:
        sandbox.mailboxes.mark_read(letter.copy.account, letter.copy.id)
    fetched: list[dict[str, Any]] = []
    for url in letter.pictures:
        try:
            answer = picture(sandbox, url, user_agent, headers)
        except web.NotReached as exc:
            fetched.append({"url": url, "error": str(exc)})
            continue
        content_type = answer.headers.get("content-type", "")
        fetched.append({"url": url, "status": answer.status, "content_type": content_type, "size": len(answer.body)})
    return {"account": letter.copy.account, "images": fetched}


def click(sandbox: Sandbox, url: str, user_agent: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Follows the link, but no redirect. Raises NotReached."""
    _not_itself(sandbox, url)
    answer = web.ask(url, {"User-Agent": user_agent, **headers})
    return {"url": url, "status": answer.status, "location": answer.headers.get("location")}


def unsubscribe(sandbox: Sandbox, letter: Letter) -> dict[str, Any]:
    """As Gmail's button does: RFC 8058, without cookies, from a server. Raises NotDone and NotReached."""
    url = letter.unsubscribe_url
    if url is None or not letter.one_click:
        raise NotDone("the message offers no one-click unsubscribe (RFC 8058)")
    _not_itself(sandbox, url)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": BROWSER}
    answer = web.ask(url, headers, method="POST", body=ONE_CLICK.encode())
    return {"url": url, "status": answer.status}


def reply(
    sandbox: Sandbox, letter: Letter, text: str | None, changed: Mapping[str, str | None], *, away: bool
) -> dict[str, Any]:
    """An answer of the reader; `away` is one of their mail program. Raises NotWritten."""
    message = answers.answer(letter, text, changed, away=away)
    sender = letter.reader.email
    owner = sandbox.people.owner_of(sender)
    envelope = Envelope(answers.recipients(message), "" if away else sender, honest_results(sender))
    keep_for = None if away else ELSEWHERE if owner is None else owner.email
    threads = {letter.copy.account: letter.copy.thread_id}
    if keep_for is not None:
        read = sandbox.mailboxes.by_message_ids(keep_for, [letter.copy.message_id])
        threads |= {one.account: one.thread_id for one in read}
    if letter.sent is not None:
        threads[letter.sent.account] = letter.sent.thread_id
    return _told(letter, receive(sandbox, bytes(message), envelope, threads, keep_for), sender)


def bounce(sandbox: Sandbox, letter: Letter, kind: str, recipient: str, status: str | None = None) -> dict[str, Any]:
    """A delivery report of one of the kinds BOUNCES in the sender's mailbox. Raises NotDone."""
    sent = letter.sent
    if sent is None:
        raise NotDone("the message was sent from no account here, so nobody gets a report")
    forged = kind == "forged"
    chosen = reports.KINDS["hard" if forged else kind]
    if status:
        chosen = replace(chosen, status=status, reply=chosen.reply.replace(chosen.status, status))
    raw = reports.report(chosen, sent, sent.account, recipient, forged=forged)
    envelope = Envelope([sent.account], "", reports.FORGED if forged else reports.GENUINE)
    stored = receive(sandbox, raw, envelope, {sent.account: sent.thread_id})
    return {"kind": kind, "recipient": recipient, **_told(letter, stored, reports.DAEMON)}


def _told(letter: Letter, stored: dict[str, Message], sender: str) -> dict[str, Any]:
    """Where the answer is: in the mailbox of the one who is answered."""
    expected = letter.sent.account if letter.sent is not None else ""
    found = stored.get(expected) or list(stored.values())[-1]
    return {
        "id": found.id,
        "thread_id": found.thread_id,
        "account": found.account,
        "from": sender,
        "subject": found.subject,
        "message_id": found.message_id,
    }


def _not_itself(sandbox: Sandbox, url: str) -> None:
    """A mail must not steer the sandbox that shows it."""
    if web.port(url) == web.port(sandbox.public_url):
        raise web.NotHere(f"{url} is the sandbox itself")
