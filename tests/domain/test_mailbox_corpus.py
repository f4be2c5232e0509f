"""What counts as an answer, as a bounce, as a warning, and as nothing: message by message."""

import pytest

from functions.domain import bounces, replies
from functions.domain.replies import Kind
from tests.domain.mailbox_corpus import DIRECTORY, OWN, Case, cases, our_send

CASES = cases()


def outcome(case: Case) -> list[str]:
    message, send = case.received(), our_send()
    judged = replies.judge(message, OWN)
    assert judged.reason
    if judged.kind is Kind.OWN or replies.answered(message, [send]) is None:
        return []
    recipients = [a.email for a in (*send.to, *send.cc)]
    if judged.kind is Kind.REPORT:
        return [
            f"delayed {b.recipient}"
            if b.delayed
            else f"bounced {'hard' if b.hard else 'soft'} {b.category} {b.action} {b.recipient}"
            for b in bounces.read(message, case.report(), recipients)
        ]
    event = "replied" if judged.kind is Kind.HUMAN else "autoreplied"
    return [f"{event} {judged.kind} {message.sender if message.sender in recipients else '-'}"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file.removesuffix(".eml"))
def test_a_message_counts_as_its_notes_say(case: Case) -> None:
    assert outcome(case) == case.expect, case.why


def test_every_message_has_notes_and_every_note_a_message() -> None:
    assert sorted(case.file for case in CASES) == sorted(path.name for path in DIRECTORY.glob("*.eml"))
    assert all(case.source and case.why for case in CASES)
    assert len(CASES) >= 25


def test_nothing_forged_counts() -> None:
    forged = [case for case in CASES if case.file.startswith("forged-")]
    assert len(forged) >= 10
    assert [outcome(case) for case in forged] == [[]] * len(forged)


def test_a_report_is_believed_only_with_googles_own_finding() -> None:
    """Each of the real ones, with that one header gone."""
    for case in CASES:
        if case.file.startswith(("bounce-", "delayed-")):
            message = case.received()
            kept = tuple(h for h in message.headers if h[0] != "authentication-results")
            stripped = type(message)(message.id, message.thread_id, message.at, message.labels, kept)
            assert bounces.read(stripped, case.report(), ["grace@recipient.example"]) == ()
