"""messages.send: its forms, what Gmail changes in a message, and what it refuses."""

import base64
import hashlib
import re

import pytest

from tests.sandbox.client import CHALLENGE, Account, Google, error, message


def raw_of(account: Account, id_: str) -> bytes:
    return base64.urlsafe_b64decode(account.get(f"messages/{id_}", format="raw").json()["raw"])


def inbox(account: Account) -> list[str]:
    return account.found("in:inbox")


def test_a_message_is_sent_and_delivered_at_once(google: Google, ada: Account, grace: Account) -> None:
    raw = message("Grüße", X_Send_Id="snd_1")
    answer = ada.sent(raw)
    assert set(answer) == {"id", "threadId", "labelIds"}
    assert answer["labelIds"] == ["SENT"]
    assert re.fullmatch(r"[0-9a-f]{16}", answer["id"])
    (received,) = inbox(grace)
    assert grace.header(received, "Subject") == "Grüße"
    assert grace.header(received, "X-Send-Id") == "snd_1"
    (delivery,) = google.deliveries
    assert delivery["gmail_message_id"] == answer["id"]
    assert delivery["account"] == "ada@example.com"
    assert delivery["subject"] == "Grüße"
    assert delivery["to"] == ["grace@example.com"]
    assert delivery["x_headers"] == {"X-Send-Id": "snd_1"}
    assert delivery["sha256"] == hashlib.sha256(raw).hexdigest()
    assert delivery["size"] == len(raw)
    assert google.ledger()["requests"]["sends_received"] == 1


def test_gmail_gives_its_own_message_id(google: Google, ada: Account) -> None:
    answer = ada.sent(message(Message_ID="<mine@example.com>"))
    assigned = ada.header(answer["id"], "Message-ID")
    assert assigned is not None
    assert re.fullmatch(r"<CA[\w-]+@mail\.example\.com>", assigned)
    assert ada.found("rfc822msgid:mine@example.com") == []
    assert ada.found(f"rfc822msgid:{assigned}") == [answer["id"]]
    assert google.deliveries[0]["message_id_header"] == assigned
    assert google.deliveries[0]["original_message_id"] == "<mine@example.com>"


def test_bcc_is_delivered_but_seen_by_the_sender_only(google: Google, ada: Account, grace: Account) -> None:
    alan = google.account("alan@example.org")
    answer = ada.sent(message(Bcc="Alan <alan@example.org>"))
    assert ada.header(answer["id"], "Bcc") == "Alan <alan@example.org>"
    for reader in (grace, alan):
        (received,) = inbox(reader)
        assert reader.header(received, "Bcc") is None
        assert b"bcc" not in raw_of(reader, received).lower()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Someone <someone@else.example>", "Ada Lovelace <ada@example.com>"),
        ("The Countess <countess@example.com>", "The Countess <countess@example.com>"),
        (None, "Ada Lovelace <ada@example.com>"),
    ],
)
def test_a_from_that_is_no_alias_is_replaced(ada: Account, given: str | None, kept: str) -> None:
    raw = message().replace(b"From: ada@example.com\n", f"From: {given}\n".encode() if given else b"")
    assert ada.header(ada.sent(raw)["id"], "From") == kept


def test_an_unverified_alias_is_replaced_too(grace: Account) -> None:
    raw = message(to="ada@example.com").replace(b"ada@example.com\n", b"admiral@example.com\n", 1)
    assert grace.header(grace.sent(raw)["id"], "From") == "Grace Hopper <grace@example.com>"


def test_mail_to_others_is_kept_elsewhere_and_tags_and_aliases_reach_their_owner(google: Google, ada: Account) -> None:
    ada.sent(message(to="nobody@elsewhere.example, ada+tag@example.com, countess@example.com"))
    assert "nobody@elsewhere.example" in google.http.get(f"{google.url}/inbox/elsewhere").text
    assert len(inbox(ada)) == 1  # one copy, which is in Sent and in the inbox
    assert set(ada.get(f"messages/{inbox(ada)[0]}").json()["labelIds"]) == {"SENT", "INBOX", "UNREAD"}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (message(to=""), "Recipient address required"),
        (b"Subject: no one\r\n\r\nbody", "Recipient address required"),
        (b"To: not an address\r\n\r\nbody", "Invalid To header"),
        (b"To: a@\r\n\r\nbody", "Invalid To header"),
        (b"To: a@example.com\r\nTo: b@example.com\r\n\r\nbody", "Invalid To header"),
        (b"To: a@example.com\r\nno field\r\n\r\nbody", "Invalid header"),
        (b"To: a@example.com\r\nSubject: a\x00b\r\n\r\nbody", "Invalid header"),
        (b"To: " + b", ".join(b"r%d@example.com" % n for n in range(501)) + b"\r\n\r\nx", "Too many recipients"),
    ],
)
def test_what_cannot_be_sent_is_refused(google: Google, ada: Account, raw: bytes, says: str) -> None:
    status, reason, text = error(ada.send(raw))
    assert (status, reason) == (400, "invalidArgument")
    assert says in text
    assert google.deliveries == []


@pytest.mark.parametrize("body", [{}, {"raw": ""}, {"raw": "a+b/"}, {"raw": "ab!"}, {"row": "YQ"}, [], {"raw": 7}])
def test_a_request_that_is_no_message_is_refused(google: Google, ada: Account, body: object) -> None:
    assert error(ada.post("messages/send", body))[0] == 400
    assert google.deliveries == []


def test_json_takes_about_five_megabytes_and_uploads_36700160_bytes(google: Google, ada: Account) -> None:
    big = message() + b"x" * 4_500_000
    assert error(ada.send(big))[:2] == (413, "uploadTooLarge")
    assert ada.upload(big).status_code == 200
    largest = message() + b"\r\n" * ((36_700_160 - len(message())) // 2)
    largest += b"x" * (36_700_160 - len(largest))
    assert ada.upload(largest).status_code == 200
    assert error(ada.upload(largest + b"x"))[:2] == (413, "uploadTooLarge")
    blocks = (largest[at : at + 1_000_000] for at in range(0, len(largest), 1_000_000))
    assert ada.upload(blocks).status_code == 200  # chunked
    assert [one["size"] for one in google.deliveries] == [len(big), 36_700_160, 36_700_160]
    assert google.deliveries[1]["sha256"] == google.deliveries[2]["sha256"] == hashlib.sha256(largest).hexdigest()


def test_a_multipart_upload_brings_the_thread(google: Google, ada: Account) -> None:
    first = ada.sent(message("Plan"))
    assigned = ada.header(first["id"], "Message-ID")
    answer = message("Re: Plan", In_Reply_To=assigned or "", References=assigned or "")
    body = (
        b'--xyz\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{"threadId": "%s"}\r\n'
        b"--xyz\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--xyz--\r\n" % (first["threadId"].encode(), answer)
    )
    response = ada.upload(body, "multipart", 'multipart/related; boundary="xyz"')
    assert response.json()["threadId"] == first["threadId"]
    assert google.deliveries[-1]["sha256"] == hashlib.sha256(answer).hexdigest()
    assert error(ada.upload(b"--xyz\r\n", "multipart", "multipart/related; boundary=xyz"))[0] == 400


def test_a_resumable_upload_sends_with_its_last_chunk(google: Google, ada: Account) -> None:
    started = ada.upload(b"{}", "resumable", "application/json")
    where = started.headers["Location"].replace("localhost", "127.0.0.1")
    raw = message("In two parts")
    half = len(raw) // 2
    first = google.http.put(where, data=raw[:half], headers={"Content-Range": f"bytes 0-{half - 1}/{len(raw)}"})
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{half - 1}")
    assert google.deliveries == []
    rest = {"Content-Range": f"bytes {half}-{len(raw) - 1}/{len(raw)}"}
    assert google.http.put(where, data=raw[half:], headers=rest).json()["labelIds"] == ["SENT"]
    assert google.deliveries[0]["sha256"] == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize(("kind", "content_type"), [("media", "application/json"), ("", "message/rfc822")])
def test_an_upload_of_another_kind_is_refused(ada: Account, kind: str, content_type: str) -> None:
    assert error(ada.upload(message(), kind, content_type))[0] == 400


def test_a_thread_is_kept_only_if_subject_and_references_fit(ada: Account, grace: Account) -> None:
    first = ada.sent(message("Plan"))
    assigned = ada.header(first["id"], "Message-ID") or ""
    assert (
        ada.sent(message("Re: plan", References=assigned), threadId=first["threadId"])["threadId"] == first["threadId"]
    )
    for other in (message("Re: plan"), message("Another", References=assigned)):
        assert ada.sent(other, threadId=first["threadId"])["threadId"] != first["threadId"]
    assert error(ada.send(message(), threadId="0123456789abcdef"))[:2] == (404, "notFound")
    # At the reader's, the answer joins the thread by its references.
    threads = {grace.get(f"messages/{id_}").json()["threadId"] for id_ in grace.found("subject:plan from:ada")}
    assert len(threads) == 2


def test_each_method_asks_for_its_scope(google: Google) -> None:
    send_only = google.account(sandbox_untick="gmail.readonly")
    assert send_only.send(message()).status_code == 200
    refused = send_only.get("profile")
    assert error(refused)[:2] == (403, "insufficientPermissions")
    body = refused.json()["error"]
    assert body["status"] == "PERMISSION_DENIED"
    assert body["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    read_only = google.account(sandbox_untick="gmail.send")
    assert error(read_only.send(message()))[:2] == (403, "insufficientPermissions")


def test_a_wrong_token_gets_googles_401(google: Google) -> None:
    refused = Account(google, "ya29.made-up").get("profile")
    assert error(refused)[:2] == (401, "authError")
    body = refused.json()["error"]
    assert body["status"] == "UNAUTHENTICATED"
    assert body["errors"][0]["location"] == "Authorization"
    assert body["errors"][0]["locationType"] == "header"
    refresh_token = google.connect()["refresh_token"]
    assert Account(google, refresh_token).get("profile").status_code == 401


def test_the_ledger_shows_the_marks_in_boundaries(google: Google, ada: Account) -> None:
    raw = (
        b'To: grace@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="snd_1-mixed"\r\n\r\n'
        b"--snd_1-mixed\r\nContent-Type: multipart/alternative; boundary=snd_1-alt\r\n\r\n"
        b"--snd_1-alt--\r\n--snd_1-mixed--\r\n"
    )
    ada.sent(raw)
    assert google.deliveries[0]["boundary_marks"] == ["snd_1-mixed", "snd_1-alt"]
    assert CHALLENGE not in str(google.ledger())
