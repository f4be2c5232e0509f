"""Headers of strangers' messages: what is believed of them, and that nothing in them breaks anything."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain import bounces, delivery_status, received, replies
from functions.domain.bounce_rules import classify, is_hard, refined
from functions.domain.received import HEADERS, Received, kept, passed_dmarc, sole_address, without_comments
from functions.domain.sends import Attempt
from tests.domain.mailbox_corpus import MESSAGE_ID, OWN, SENT_AT, our_send
from tests.full import examples


def message(*headers: tuple[str, str], minutes: float = 5) -> Received:
    return Received("m1", "t1", SENT_AT + timedelta(minutes=minutes), frozenset({"INBOX"}), headers)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("a@b.example", "a@b.example"),
        ("<A@B.Example>", "a@b.example"),
        ("Ann <a@b.example>", "a@b.example"),
        ('"x@y.example" <a@b.example>', "a@b.example"),
        ('"a \\" <x@y.example>" <a@b.example>', "a@b.example"),
        ("(x@y.example) a@b.example", "a@b.example"),
        ("a@b.example (a (nested) x@y.example)", "a@b.example"),
        ("Ann <a@b.example>, Bob <c@d.example>", ""),
        ("a@b.example, c@d.example", ""),
        ("x@y.example <a@b.example>", ""),
        ("<a@b.example> x@y.example", ""),
        ("<<a@b.example>>", ""),
        ("Ann <a@b.example", ""),
        ('"Ann <a@b.example>', ""),
        ("(Ann <a@b.example>", ""),
        ("Ann", ""),
        ("", ""),
    ],
)
def test_a_header_names_one_address_or_none(value: str, address: str) -> None:
    assert sole_address(value) == address


@pytest.mark.parametrize(
    ("value", "passed"),
    [
        ("mx.google.com; dmarc=pass header.from=googlemail.com", True),
        ("mx.google.com 1; dmarc=pass (p=NONE) header.from=googlemail.com; spf=pass", True),
        ("MX.Google.com; DMARC=PASS header.From=GoogleMail.com", True),
        ("mx.google.com; dmarc = pass header.from=googlemail.com", False),  # never written so by Google
        ("mx.google.com; dmarc=pass", False),
        ("mx.google.com; dmarc=pass header.from=googlemail.com header.from=evil.example", False),
        ("mx.google.com; dmarc=none header.from=googlemail.com", False),
        ("mx.google.com; dkim=pass header.from=googlemail.com", False),
        ("mx.google.com; x-dmarc=pass header.from=googlemail.com", False),
        ("mx.google.com; spf=pass dmarc=pass header.from=googlemail.com", False),
        ("mx.google.com dmarc=pass header.from=googlemail.com", False),
        ('mx.google.com; spf=pass smtp.mailfrom="; dmarc=pass header.from=googlemail.com"', False),
        ("mx.google.com; spf=pass (\\) ; dmarc=pass header.from=googlemail.com", False),
        ("; dmarc=pass header.from=googlemail.com", False),
        ("", False),
    ],
)
def test_dmarc_is_read_as_google_writes_it_and_in_no_other_way(value: str, passed: bool) -> None:
    assert passed_dmarc(message(("authentication-results", value)), "googlemail.com") is passed


def test_of_several_results_the_topmost_counts() -> None:
    good = ("authentication-results", "mx.google.com; dmarc=pass header.from=googlemail.com")
    bad = ("authentication-results", "mx.google.com; dmarc=fail header.from=googlemail.com")
    assert passed_dmarc(message(good, bad), "googlemail.com")
    assert not passed_dmarc(message(bad, good), "googlemail.com")


NAMES = st.sampled_from([name.lower() for name in HEADERS])
HOSTILE = st.text(st.sampled_from('()"\\<>@;,:= \r\n\tab.é') | st.characters(), max_size=80)


@settings(max_examples=examples(300))
@given(st.lists(st.tuples(NAMES, HOSTILE), max_size=8), HOSTILE)
def test_no_header_and_no_report_breaks_the_rules(headers: list[tuple[str, str]], report: str) -> None:
    given_ = message(*headers)
    assert replies.judge(given_, OWN).reason
    replies.answered(given_, [our_send()])
    assert bounces.read(given_, report, ["grace@recipient.example"]) == ()
    delivery_status.parse(report)
    classify(report, report)
    kept(given_, [name.lower() for name in HEADERS])


@settings(max_examples=examples(300))
@given(HOSTILE)
def test_what_stands_in_comments_and_quotes_never_comes_out(text: str) -> None:
    inside = text.replace("(", "").replace(")", "").replace("\\", "").replace('"', "")
    assert without_comments(f"a ({inside}) b") == "a   b"
    assert without_comments(f'a "{inside}" b', quoted=True) == "a  b"


def test_a_header_of_megabytes_is_read_in_time() -> None:
    long = "(" * 100_000 + '"\\' * 100_000
    hostile = message(*((name.lower(), long) for name in HEADERS))
    assert replies.judge(hostile, OWN).reason
    assert not bounces.vouched_for(hostile)


@pytest.mark.timeout(100)
@pytest.mark.parametrize(
    "text",
    ["a" * 400_000, "a@" * 200_000, "a@b@" * 200_000, "@" * 400_000, "a," * 200_000, "a@b " * 200_000,
     "<" * 200_000, "a<" * 200_000, "<a>" * 200_000, " " * 400_000, ":;" * 200_000],
    ids=lambda text: text[:4],
)  # fmt: skip
def test_a_long_header_is_looked_through_once(text: str) -> None:
    """Less than a second; what grew with the square of the length would take many minutes."""
    assert sole_address(text) == sole_address(f"<{text}>") == ""
    assert sole_address(f"{'a' * 200_000}@b.example") == f"{'a' * 200_000}@b.example"


def test_a_sender_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is asked for: once for each of a message's recipients, among others."""
    asked: list[str] = []
    monkeypatch.setattr(received, "sole_address", lambda value: asked.append(value) or "grace@recipient.example")
    given_ = message(FROM_GRACE)
    assert replies.judge(given_, OWN).kind is replies.Kind.HUMAN
    assert replies.answered(given_, [FIRST]) is FIRST
    assert {given_.sender for _ in range(500)} == {"grace@recipient.example"}
    assert asked == [FROM_GRACE[1]]


def test_what_is_kept_of_a_header_is_short_and_printable() -> None:
    given_ = message(("subject", "a\r\nb\x00" + "c" * 500), ("from", "x"))
    assert kept(given_, ["subject", "sender"]) == {"subject": "a b " + "c" * 296}


# Which send was answered

FIRST = our_send(id="snd_1", rfc822_message_id=MESSAGE_ID)
SECOND = our_send(id="snd_2", sent_at=SENT_AT + timedelta(days=3), rfc822_message_id="<second@mail.gmail.com>")
FROM_GRACE = ("from", "Grace <grace@recipient.example>")


def answered(*headers: tuple[str, str], minutes: float = 5) -> str | None:
    found = replies.answered(message(FROM_GRACE, *headers, minutes=minutes), [SECOND, FIRST])
    return found.id if found else None


def test_an_answer_is_to_the_send_that_it_names() -> None:
    late = 6 * 24 * 60
    assert answered(("in-reply-to", MESSAGE_ID), minutes=late) == "snd_1"
    assert answered(("references", f"{MESSAGE_ID} <second@mail.gmail.com>"), minutes=late) == "snd_2"
    nearest = (("in-reply-to", MESSAGE_ID), ("references", "<second@mail.gmail.com>"))
    assert answered(*nearest, minutes=late) == "snd_1"


def test_else_it_is_to_the_latest_send_before_it() -> None:
    assert answered(minutes=60) == "snd_1"
    assert answered(minutes=4 * 24 * 60) == "snd_2"
    assert answered(("in-reply-to", "<unknown@x.example>"), minutes=4 * 24 * 60) == "snd_2"
    assert answered(minutes=-1) is None


def test_what_comes_back_while_gmails_answer_is_on_its_way_counts() -> None:
    slow = replace(FIRST, attempts=(Attempt("atm_1", SENT_AT - timedelta(seconds=20), "sent"),))
    report = ("from", bounces.DAEMON)
    assert replies.answered(message(FROM_GRACE, minutes=-0.2), [slow]) == slow
    assert replies.answered(message(FROM_GRACE, minutes=-0.5), [slow]) is None
    assert replies.answered(message(report, minutes=-1.5), [slow]) == slow  # clocks differ
    assert replies.answered(message(report, minutes=-5), [slow]) is None


# Reports

REPORT = """Reporting-MTA: dns; googlemail.com\r
X-Original-Message-ID: <x@mail.gmail.com>\r
\r
Original-Recipient: RFC822; <A@B.example>\r
Final-Recipient: rfc822;c@d.example\r
Action: Failed (it did)\r
Status: 5.1.1 (bad destination mailbox address)\r
Remote-MTA: dns; mx.b.example\r
Diagnostic-Code: smtp; 550-5.1.1 one\r
  550 5.1.1 two\r
Diagnostic-Code: smtp; 250 never mind\r
\r
Final-Recipient: utf-8; ü@d.example\r
Action: delayed\r
"""


def test_a_report_is_read_field_by_field() -> None:
    found = delivery_status.parse(REPORT)
    first, second = found.recipients
    assert found.message_id == "<x@mail.gmail.com>"
    assert (first.original, first.final, first.action) == ("a@b.example", "c@d.example", "failed")
    assert (first.status, first.remote) == ("5.1.1", "mx.b.example")
    assert first.diagnostic == "550-5.1.1 one 550 5.1.1 two"
    assert (second.final, second.action, second.status) == ("ü@d.example", "delayed", "")


def test_a_report_of_thousands_of_recipients_is_cut() -> None:
    text = "".join(f"\n\nFinal-Recipient: rfc822; a{n}@b.example\nAction: failed" for n in range(5000))
    assert len(delivery_status.parse(text).recipients) == delivery_status.MAX_RECIPIENTS


@pytest.mark.parametrize(
    ("status", "category", "hard"),
    [
        ("5.1.1", "no_such_mailbox", True),
        ("4.1.1", "no_such_mailbox", False),
        ("5.1.10", "domain_not_found", True),
        ("5.2.1", "mailbox_disabled", True),
        ("5.2.2", "mailbox_full", False),
        ("5.3.4", "too_large", False),
        ("4.4.1", "unreachable", False),
        ("5.4.6", "loop", False),
        ("5.6.9", "content", False),
        ("5.7.23", "authentication", False),
        ("5.7.999", "policy", False),
        ("5.0.0", "other", False),
        ("4.0.0", "unreachable", False),
        ("", "other", False),
    ],
)
def test_where_the_words_say_nothing_the_code_decides(status: str, category: str, hard: bool) -> None:
    found = classify(status, "")
    assert (found, is_hard(status, found)) == (category, hard)


@pytest.mark.parametrize(
    ("status", "said", "taken"),
    [
        ("5.0.0", "550 5.7.26 x", "5.7.26"),
        ("5.1.1", "550 5.7.26 x", "5.1.1"),
        ("", "550 5.2.2 x", "5.2.2"),
        ("5.0.0", "from 192.0.2.25: 5.1.1.1", "5.0.0"),
        ("", "no", ""),
    ],
)
def test_the_more_specific_code_is_taken(status: str, said: str, taken: str) -> None:
    assert refined(status, said) == taken
