"""Delivery reports as Gmail writes them (RFC 3464), and one that somebody else made up.

Their shape is that of real ones, such as the one of July 2025 that is attached to the message
<96575ed2-b1aa-4be7-bccb-3f8914677eb6@suse.com> of the xen-devel list.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from sandbox.gmail import headers
from sandbox.gmail.messages import Message

DAEMON = "mailer-daemon@googlemail.com"
LARGEST_ORIGINAL = 1_000_000  # bytes; of a larger message only the headers come back
DAYS_OF_RETRIES = 2

GENUINE = (
    "dkim=pass header.i=@googlemail.com header.s=20230601;"
    " spf=none (google.com: postmaster@mail-sor-f69.google.com does not designate permitted sender hosts)"
    " smtp.helo=mail-sor-f69.google.com;"
    " dmarc=pass (p=QUARANTINE sp=QUARANTINE dis=NONE) header.from=googlemail.com"
)
FORGED = (
    "dkim=none; spf=softfail (google.com: domain of transitioning mailer-daemon@googlemail.com does not designate"
    " 203.0.113.7 as permitted sender) smtp.mailfrom=mailer-daemon@googlemail.com;"
    " dmarc=fail (p=QUARANTINE sp=QUARANTINE dis=NONE) header.from=googlemail.com"
)

_ICON = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


@dataclass(frozen=True)
class Kind:
    """`status` as of RFC 3463, `reply` what the recipient's server said."""

    title: str
    text: str
    status: str
    reply: str
    action: str = "failed"


KINDS = {
    "hard": Kind(
        "Address not found",
        "There is no {address}, or it takes no mail.",
        "5.1.1",
        "550 5.1.1 The email account that you tried to reach does not exist.",
    ),
    "full": Kind(
        "Recipient inbox full",
        "The inbox of {address} has no room for it.",
        "5.2.2",
        "552 5.2.2 The email account that you tried to reach is over quota and inactive.",
    ),
    "blocked": Kind(
        "Message blocked",
        "The server of {address} does not want it.",
        "5.7.1",
        "550 5.7.1 Message rejected due to content restrictions.",
    ),
    "delayed": Kind(
        "Delivery incomplete",
        "It could not be given to {address} yet. Gmail will go on trying for two days.",
        "4.4.1",
        "421 4.4.1 Connection timed out.",
        "delayed",
    ),
}


def report(kind: Kind, sent: Message, account: str, recipient: str, *, forged: bool = False) -> bytes:
    """The report on `sent`, which `account` gets. A forged one brings its own Authentication-Results along."""
    now = datetime.now(UTC)
    subject = "Delay" if kind.action == "delayed" else "Failure"
    boundary = _boundary()
    lines = [
        *([f"Authentication-Results: mx.google.com; {GENUINE}"] if forged else []),
        f'Content-Type: multipart/report; boundary="{boundary}"; report-type=delivery-status',
        "MIME-Version: 1.0",
        f"To: {account}",
        "Auto-Submitted: auto-replied",
        f"Message-ID: <{secrets.token_hex(4)}.{secrets.token_hex(4)}.GMR@mx.google.com>",
        f"Date: {format_datetime(now)}",
        f"From: Mail Delivery Subsystem <{DAEMON}>",
        f"Subject: Delivery Status Notification ({subject})",
        f"References: {sent.message_id}",
        f"In-Reply-To: {sent.message_id}",
        f"X-Failed-Recipients: {recipient}",
        "",
        "",
    ]
    sections = (_explanation(kind, recipient), _status(kind, sent, account, recipient, now), _original(sent))
    opening = f"--{boundary}\r\n".encode()
    body = b"".join(opening + section + b"\r\n" for section in sections)
    return "\r\n".join(lines).encode() + body + f"--{boundary}--\r\n".encode()


def _explanation(kind: Kind, recipient: str) -> bytes:
    """For people: text and HTML with an icon."""
    related, alternative = _boundary(), _boundary()
    text = kind.text.format(address=recipient)
    html = (
        f'<html><body><img src="cid:icon.png" alt=""><h2>{kind.title}</h2><p>{escape(text)}</p>'
        f"<p>The response was:</p><p>{escape(kind.reply)}</p></body></html>"
    )
    lines = [
        f'Content-Type: multipart/related; boundary="{related}"\r\n',
        f'--{related}\r\nContent-Type: multipart/alternative; boundary="{alternative}"\r\n',
        f'--{alternative}\r\nContent-Type: text/plain; charset="UTF-8"\r\n',
        f"\r\n** {kind.title} **\r\n\r\n{text}\r\n\r\nThe response was:\r\n{kind.reply}\r\n",
        f'--{alternative}\r\nContent-Type: text/html; charset="UTF-8"\r\n',
        f"{html}\r\n--{alternative}--\r\n",
        f'--{related}\r\nContent-Type: image/png; name="icon.png"\r\nContent-Disposition: attachment;'
        ' filename="icon.png"\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <icon.png>\r\n',
        f"{_ICON}\r\n--{related}--",
    ]
    return "\r\n".join(lines).encode()


def _status(kind: Kind, sent: Message, account: str, recipient: str, now: datetime) -> bytes:
    """For programs."""
    domain = recipient.rpartition("@")[2]
    arrived = datetime.fromtimestamp(sent.at / 1000, UTC)
    lines = [
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; googlemail.com",
        f"Received-From-MTA: dns; {account}",
        f"Arrival-Date: {format_datetime(arrived)}",
        f"X-Original-Message-ID: {sent.message_id}",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        f"Action: {kind.action}",
        f"Status: {kind.status}",
        f"Remote-MTA: dns; mx.{domain}. (192.0.2.25, the server for the domain {domain}.)",
        f"Diagnostic-Code: smtp; {kind.reply}",
        f"Last-Attempt-Date: {format_datetime(now)}",
    ]
    if kind.action == "delayed":
        lines.append(f"Will-Retry-Until: {format_datetime(arrived + timedelta(days=DAYS_OF_RETRIES))}")
    return "\r\n".join([*lines, ""]).encode()


def _original(sent: Message) -> bytes:
    """The message that was not delivered, as it went out."""
    head = headers.block(headers.without(headers.parse(sent.head), "bcc"))
    if sent.size > LARGEST_ORIGINAL:
        return b"Content-Type: text/rfc822-headers\r\n\r\n" + head
    return b"Content-Type: message/rfc822\r\n\r\n" + head + sent.raw()[len(sent.head) :]


def _boundary() -> str:
    return f"000000000000{secrets.token_hex(8)}"
