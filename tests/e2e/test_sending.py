"""Sending: who it goes out from, what arrives, and what is refused."""

import base64
import hashlib
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

import pytest

from tests.e2e.client import Caller, File, letter, multipart
from tests.e2e.google import Google, Person

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NAMES = [
    "plain.pdf",
    "naïve résumé.txt",
    "отчёт за год.pdf",
    "見積書.xlsx",
    "שלום.txt",
    'the "best" offer.txt',
    "100% & more; a=b, (c) 'd'.csv",
    "📎 clip.png",
    "a" * 120 + ".txt",
]


def addresses(message: EmailMessage, name: str) -> list[tuple[str, str]]:
    return getaddresses([str(value) for value in message.get_all(name, [])])


def files(message: EmailMessage) -> dict[str | None, bytes]:
    return {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}  # type: ignore[misc]


def test_it_goes_out_from_the_default_account_or_the_one_named_by_id_or_address(
    caller: Caller, ada: Person, grace: Person, google: Google
) -> None:
    first, second = caller.connect(ada), caller.connect(grace)

    by_default = caller.send(subject="default").ok()
    by_id = caller.send(subject="id", account=second["id"]).ok()
    by_address = caller.send(subject="address", account=grace.email.upper()).ok()

    assert [one["subject"] for one in google.deliveries(ada)] == ["default"]
    assert [one["subject"] for one in google.deliveries(grace)] == ["id", "address"]
    assert by_default["account"] == first["id"]
    assert by_id["account"] == by_address["account"] == second["id"]
    assert by_default.keys() == {"id", "status", "account", "gmail_message_id", "gmail_thread_id", "sent_at"}
    assert by_default["status"] == "sent"
    assert by_default["gmail_message_id"] == google.deliveries(ada)[0]["gmail_message_id"]
    assert caller.accounts()[0]["last_sent_at"]


def test_all_of_a_json_message_arrives(caller: Caller, ada: Person, grace: Person, google: Google) -> None:
    caller.connect(ada)
    report = b"%PDF-1.7 " + bytes(range(256)) * 40

    caller.send(
        to=["bo@elsewhere.example", {"email": "di@elsewhere.example", "name": "Di, the Ünique"}],
        cc=[grace.email],
        bcc=["secret@elsewhere.example"],
        reply_to=[{"email": "answers@elsewhere.example", "name": "Answers"}],
        subject="Grüße: 報告",
        text="Good mörning",
        html="<p>Good <b>mörning</b></p>",
        headers={"X-Campaign": "spring-2031", "X-Grüße".replace("ü", "u").replace("ß", "s"): "naïve"},
        attachments=[{"filename": "a.pdf", "content": base64.b64encode(report).decode()}],
    ).ok()

    found = google.sent(ada)
    assert addresses(found, "From") == [("ada", ada.email)]  # as in Gmail's settings
    assert addresses(found, "To") == [("", "bo@elsewhere.example"), ("Di, the Ünique", "di@elsewhere.example")]
    assert addresses(found, "Cc") == [("", grace.email)]
    assert addresses(found, "Reply-To") == [("Answers", "answers@elsewhere.example")]
    assert found["Subject"] == "Grüße: 報告"
    assert found["X-Campaign"] == "spring-2031"
    assert found["X-Gruse"] == "naïve"
    assert found.get_body(("plain",)).get_content().strip() == "Good mörning"  # type: ignore[union-attr]
    assert "<b>mörning</b>" in found.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert files(found) == {"a.pdf": report}
    (delivery,) = google.deliveries(ada)
    assert delivery["bcc"] == ["secret@elsewhere.example"]


def test_a_copy_that_arrives_does_not_name_the_blind_copies(
    caller: Caller, ada: Person, grace: Person, google: Google
) -> None:
    caller.connect(ada)
    caller.connect(grace)
    sent = caller.send(to=["bo@elsewhere.example"], bcc=[grace.email]).ok()
    page = google.call("GET", f"/inbox/{grace.email}").decode()

    assert "Hello" in page
    assert sent["status"] == "sent"
    assert "Bcc" not in page


@pytest.mark.parametrize("encoded", ["raw", "rfc2231", "percent"])
def test_files_of_a_form_arrive_under_any_name(caller: Caller, ada: Person, google: Google, encoded: str) -> None:
    caller.connect(ada)
    given = [File(name, f"{name} {i}".encode() * 50, encoded=encoded) for i, name in enumerate(NAMES)]
    body, kind = multipart(letter(), *given)

    sent = caller.post("send/", body, Content_Type=kind).ok()

    assert files(google.sent(ada)) == {file.filename: file.content for file in given}
    recorded = caller.get(f"history/{sent['id']}/").ok()["attachments"]
    assert recorded[0] == {
        "filename": "plain.pdf",
        "content_type": "application/pdf",
        "size": len(given[0].content),
        "sha256": hashlib.sha256(given[0].content).hexdigest(),
    }


def test_files_in_json_arrive_under_any_name(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    given = {name: name.encode() * 3 for name in NAMES}

    caller.send(attachments=[{"filename": k, "content": base64.b64encode(v).decode()} for k, v in given.items()]).ok()

    assert files(google.sent(ada)) == given


def test_a_large_file_arrives_whole(hosting: Any, caller: Caller, ada: Person, google: Google) -> None:
    """Large parts go through the blob store, and belong to the send afterwards."""
    caller.connect(ada)
    content = hashlib.shake_256(b"large").digest(3_000_001)
    body, kind = multipart(letter(), File("large.bin", content))

    sent = caller.post("send/", body, Content_Type=kind).ok()

    assert files(google.sent(ada)) == {"large.bin": content}
    (recorded,) = caller.get(f"history/{sent['id']}/").ok()["attachments"]
    assert recorded["sha256"] == hashlib.sha256(content).hexdigest()
    assert any(path.stat().st_size == len(content) for path in hosting.blobs)


def picture(message: EmailMessage) -> EmailMessage:
    (found,) = [part for part in message.walk() if part.get("Content-ID") == "<logo>"]
    assert isinstance(found, EmailMessage)
    return found


def test_a_picture_of_a_json_message_is_shown_in_its_html(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    caller.send(
        html='<img src="cid:logo">',
        attachments=[
            {"filename": "logo.png", "content": base64.b64encode(PNG).decode(), "content_id": "logo"},
            {"filename": "a.txt", "content": base64.b64encode(b"text").decode()},
        ],
    ).ok()

    found = google.sent(ada)
    assert found.get_content_type() == "multipart/mixed"
    assert picture(found).get_content() == PNG
    assert picture(found).get_content_disposition() == "inline"
    assert files(found).keys() >= {"a.txt"}


def test_a_picture_of_a_form_is_shown_in_its_html(caller: Caller, ada: Person, google: Google) -> None:
    """The part's Content-ID header makes it one."""
    caller.connect(ada)
    body, kind = multipart(letter(html='<img src="cid:logo">'), File("logo.png", PNG, "image/png", content_id="logo"))

    caller.post("send/", body, Content_Type=kind).ok()

    found = google.sent(ada)
    assert found.get_content_type() == "multipart/related"
    assert picture(found).get_content() == PNG


def test_a_verified_alias_may_be_the_sender(caller: Caller, google: Google) -> None:
    person = google.person("ada", [{"email": "countess", "name": "The Countess"}])
    caller.connect(person)
    alias = person.email.replace("ada", "countess")

    sent = caller.send(sender={"email": alias}).ok()
    caller.send(sender={"email": alias.upper(), "name": "A. Lovelace"}).ok()

    assert addresses(google.message(person.email, sent["gmail_message_id"]), "From") == [("The Countess", alias)]
    assert addresses(google.sent(person), "From") == [("A. Lovelace", alias)]


def test_a_sender_that_is_no_verified_alias_is_refused(caller: Caller, google: Google) -> None:
    """Gmail would replace it without a word."""
    person = google.person("ada", [{"email": "imposter", "verified": False}])
    caller.connect(person)

    for address in (person.email.replace("ada", "imposter"), "somebody@else.example"):
        assert caller.send(sender={"email": address}).pointers(422, "invalid_message") == ["/from/email"]

    assert google.deliveries(person) == []
    assert caller.history() == []


def test_an_alias_that_was_added_in_gmail_today_works(caller: Caller, google: Google) -> None:
    person = google.person("ada")
    account = caller.connect(person)
    caller.get(f"accounts/{account['id']}/").ok()  # the aliases are read, and kept for an hour
    alias = {"email": person.email.replace("ada", "new"), "name": "New"}
    google.post("/sandbox/people", {"email": person.email, "name": "ada", "aliases": [alias]})

    caller.send(sender={"email": alias["email"]}).ok()

    assert addresses(google.sent(person), "From") == [("New", alias["email"])]


def test_a_token_that_gmail_refuses_is_refreshed_for_reading_too(caller: Caller, google: Google) -> None:
    """Otherwise an account whose grant is alive would be told to reconnect."""
    person = google.person("ada", [{"email": "countess", "name": "The Countess"}])
    caller.connect(person)
    first = caller.send().ok()
    google.fault("sendAs.list", account=person.email, preset="401-authError", times=1)
    google.fault("messages.get", account=person.email, preset="401-authError", times=1)
    alias = {"email": person.email.replace("ada", "new"), "name": "New"}
    google.post("/sandbox/people", {"email": person.email, "name": "ada", "aliases": [alias]})

    caller.send(sender={"email": alias["email"]}).ok()
    caller.send(subject=None, in_reply_to_send=first["id"]).ok()

    assert google.fault_hits() == 2
    assert caller.accounts()[0]["status"] == "connected"


def test_the_senders_name_can_be_chosen(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)

    caller.send(sender={"email": ada.email, "name": "Ada (support)"}).ok()

    assert addresses(google.sent(ada), "From") == [("Ada (support)", ada.email)]


def test_a_reply_stays_in_its_thread(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    first = caller.send(subject="Plans").ok()
    second = caller.send(subject=None, text="And?", in_reply_to_send=first["id"]).ok()
    third = caller.send(subject=None, text="Well?", in_reply_to_send=second["id"]).ok()

    ids = [google.message(ada.email, one["gmail_message_id"])["Message-ID"] for one in (first, second, third)]
    reply = google.message(ada.email, third["gmail_message_id"])

    assert first["gmail_thread_id"] == second["gmail_thread_id"] == third["gmail_thread_id"]
    assert reply["Subject"] == "Re: Plans"
    assert reply["In-Reply-To"] == ids[1]
    assert reply["References"].split() == ids[:2]
    assert caller.get(f"history/{third['id']}/").ok()["in_reply_to_send"] == second["id"]


def test_a_reply_from_another_account_has_the_headers_and_no_thread(
    caller: Caller, ada: Person, grace: Person, google: Google
) -> None:
    """A thread's id means something only in the mailbox it is from."""
    caller.connect(ada)
    caller.connect(grace)
    first = caller.send(account=ada.email, subject="Plans").ok()

    caller.send(account=grace.email, subject=None, in_reply_to_send=first["id"]).ok()

    assert google.sent(grace)["In-Reply-To"] == google.message(ada.email, first["gmail_message_id"])["Message-ID"]


def test_a_reply_is_put_into_no_other_thread_of_its_mailbox(caller: Caller, ada: Person, grace: Person) -> None:
    caller.connect(ada)
    caller.connect(grace)
    first, other = (caller.send(account=ada.email, subject=subject).ok() for subject in ("Plans", "Other"))
    reply = {"subject": None, "in_reply_to_send": first["id"]}

    refused = caller.send(account=ada.email, **reply, thread_id=other["gmail_thread_id"])
    same = caller.send(account=ada.email, **reply, thread_id=first["gmail_thread_id"]).ok()
    from_another = caller.send(account=grace.email, **reply, thread_id=first["gmail_thread_id"])

    assert refused.pointers(422, "invalid_message") == ["/thread_id"]
    assert same["gmail_thread_id"] == first["gmail_thread_id"]
    from_another.problem(404, "not_found")  # Gmail is asked for it, and has no such thread in that mailbox


def test_a_reply_to_nothing_is_refused(caller: Caller, stranger: Caller, ada: Person, grace: Person) -> None:
    caller.connect(ada)
    stranger.connect(grace)
    theirs = stranger.send().ok()

    for send_id in ("snd_0000000000000000000000000", theirs["id"]):
        assert caller.send(in_reply_to_send=send_id).pointers(422, "invalid_message") == ["/in_reply_to_send"]


def test_an_account_without_reading_cannot_reply(hosting: Any, caller: Caller, ada: Person) -> None:
    from tests.e2e.client import Browser

    browser = Browser(hosting)
    browser.get(browser.link(caller, ada, untick="gmail.readonly"))
    first = caller.send().ok()

    caller.send(subject=None, in_reply_to_send=first["id"]).problem(403, "insufficient_permissions")


def test_a_dry_run_shows_the_message_and_leaves_no_trace(
    hosting: Any, caller: Caller, ada: Person, google: Google
) -> None:
    caller.connect(ada)
    stored = sorted(hosting.blobs)
    body, kind = multipart(letter(subject="Trial", dry_run=True), File("a.bin", bytes(300_000)))

    shown = caller.post("send/", body, Content_Type=kind, Idempotency_Key="dry").ok()

    assert shown.keys() == {"mime", "size"}
    assert len(shown["mime"]) == shown["size"]
    assert "Subject: Trial" in shown["mime"]
    assert google.deliveries(ada) == []
    assert caller.history() == []
    assert caller.accounts()[0]["last_sent_at"] is None
    assert sorted(hosting.blobs) == stored
    caller.send_as("dry", subject="Not a trial").ok()  # the key was not used up


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"to": ["not an address"]}, "/to/0"),
        ({"to": [{"email": "a@b.example\r\nBcc: x@y.example"}]}, "/to/0/email"),
        ({"to": []}, "/to"),
        ({"subject": "two\nlines"}, "/subject"),
        ({"subject": None}, "/subject"),
        ({"text": None}, "/text"),
        ({"headers": {"Bcc": "x@y.example"}}, "/headers/Bcc"),
        ({"headers": {"X-A\r\nBcc": "x@y.example"}}, "/headers/X-A\\x0d\\x0aBcc"),
        ({"attachments": [{"filename": "a.exe", "content": ""}]}, "/attachments/0/filename"),
        ({"attachments": [{"filename": "../a.txt", "content": ""}]}, "/attachments/0/filename"),
        ({"attachments": [{"filename": "a.txt", "content": "***"}]}, "/attachments/0/content"),
        ({"colour": "red"}, "/colour"),
        ({"account": "nobody"}, "/account"),
    ],
)
def test_what_is_wrong_with_a_message_is_pointed_at(
    caller: Caller, changed: dict[str, Any], pointer: str, request: pytest.FixtureRequest
) -> None:
    found = caller.send(**changed).pointers(422, "invalid_message")

    assert found[0].partition("\\")[0] == pointer.partition("\\")[0], request.node.name


def test_what_gmail_refuses_for_good_is_on_record_as_failed(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    google.fault("send", account=ada.email, preset="400-invalidArgument", times=1)

    problem = caller.send().problem(502, "gmail_rejected")

    assert "Invalid To header" in problem["detail"]
    (record,) = caller.history()
    assert record["status"] == "failed"
    assert record["attempts"][0]["outcome"] == "failed"
    assert "Invalid To header" in record["explanation"]


def test_when_gmail_asks_to_wait_the_send_is_queued_until_then(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    google.fault("send", account=ada.email, preset="429", retry_after=3600, times=1)

    answer = caller.send().ok(202)

    assert answer["status"] == "queued"
    assert answer["next_attempt_at"] > caller.history()[0]["created_at"]
    assert google.deliveries(ada) == []


def test_an_outcome_that_is_not_known_is_said_and_never_repeated(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    google.fault("send", account=ada.email, preset="503", after_accept=True, times=1)

    first = caller.send_as("once")
    again = caller.send_as("once")

    assert first.ok(202)["status"] == "unknown"
    assert again.ok(202) == first.ok(202)
    assert again.headers["Idempotent-Response"] == "true"
    assert len(google.deliveries(ada)) == 1
    (record,) = caller.history()
    assert record["status"] in ("unknown", "sent")  # until it is found in the mailbox
    assert record["status"] == "sent" or "Sent folder" in record["explanation"]


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("application/json", b"{", 400, "invalid_json"),
        ("application/json", b"[]", 400, "invalid_json"),
        ("application/json", b'{"to": NaN}', 400, "invalid_json"),
        ("application/json", b'{"to": [], "to": []}', 400, "invalid_json"),
        ("application/json", b"\xff\xfe", 400, "invalid_json"),
        ("application/json", b"[" * 100_000, 400, "invalid_json"),
        ("text/plain", b"{}", 415, "unsupported_media_type"),
        ("", b"{}", 415, "unsupported_media_type"),
        ("multipart/form-data", b"x", 400, "invalid_request"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nnothing", 400, "invalid_request"),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 400, "invalid_request"),
    ],
)
def test_a_body_that_is_none_is_refused(caller: Caller, kind: str, body: bytes, status: int, code: str) -> None:
    caller.call("POST", "send/", body, headers={"Content-Type": kind}).problem(status, code)


def test_a_body_that_is_too_large_is_refused_with_an_answer_that_arrives(caller: Caller, hosting: Any) -> None:
    stored = sorted(hosting.blobs)
    body, kind = multipart(letter(), File("large.bin", bytes(38_000_000)))

    caller.post("send/", body, Content_Type=kind).problem(413, "payload_too_large")

    assert sorted(hosting.blobs) == stored


def test_files_of_a_refused_message_are_not_kept(caller: Caller, ada: Person, hosting: Any) -> None:
    caller.connect(ada)
    stored = sorted(hosting.blobs)
    body, kind = multipart(letter(to=["nobody"]), File("large.bin", bytes(300_000)))

    caller.post("send/", body, Content_Type=kind).problem(422, "invalid_message")

    assert sorted(hosting.blobs) == stored
