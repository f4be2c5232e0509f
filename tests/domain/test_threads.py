"""What counts as an answer, and what as a bounce."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.domain.threads import ThreadMessage, came_back

SENT_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PASS = "mx.google.com; dkim=pass header.i=@googlemail.com; dmarc=pass (p=NONE) header.from=googlemail.com"
DAEMON = "Mail Delivery Subsystem <mailer-daemon@googlemail.com>"


def message(*, minutes: float = 5, sent: bool = False, **headers: str) -> ThreadMessage:
    named = {name.replace("_", "-"): value for name, value in {"from": "Grace <grace@example.com>", **headers}.items()}
    return ThreadMessage("m1", SENT_AT + timedelta(minutes=minutes), sent, named)


@pytest.mark.parametrize(
    ("came", "what"),
    [
        (message(), {"replied"}),
        (message(auto_submitted="no"), {"replied"}),
        (message(sent=True), set()),  # the owner wrote again
        (message(minutes=-5), set()),  # it stood in the thread before
        (message(auto_submitted="auto-replied"), set()),  # out of office: RFC 3834 §5
        (message(precedence="bulk"), set()),
        (message(list_id="<list.example.com>"), set()),
        (message(**{"from": DAEMON, "authentication_results": PASS}), {"bounced"}),
        (message(**{"from": DAEMON}), set()),  # forged: without Google's DMARC pass
        (message(**{"from": DAEMON, "authentication_results": PASS.replace("googlemail.com", "evil.example")}), set()),
        (message(**{"from": "MAILER-DAEMON@other.example"}), set()),
    ],
)
def test_a_thread_tells_answers_from_bounces_and_from_what_is_neither(came: ThreadMessage, what: set[str]) -> None:
    assert came_back([came], SENT_AT) == what


def test_several_things_can_have_happened() -> None:
    bounce = message(**{"from": DAEMON, "authentication_results": PASS})
    assert came_back([message(), bounce], SENT_AT) == {"replied", "bounced"}
