"""The reader over the control API: opens, clicks, answers, unsubscribes; mail servers report."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from tests.sandbox.client import Account, Google, message
from tests.sandbox.senders import GIF, Sender, newsletter, wait_until

PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def mail(account: Account, id_: str) -> EmailMessage:
    raw = base64.urlsafe_b64decode(account.get(f"messages/{id_}", format="raw").json()["raw"])
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def results(account: Account, id_: str) -> list[str]:
    """Authentication-Results from the top."""
    return [str(one) for one in mail(account, id_).get_all("Authentication-Results", [])]


def test_a_message_shows_what_a_reader_finds_in_it(google: Google, ada: Account, site: Sender) -> None:
    sent = ada.sent(newsletter(site.url))
    shown = google.http.get(f"{google.url}/sandbox/messages/{sent['id']}").json()
    assert shown["account"] == "ada@example.com"
    assert shown["readers"] == ["grace@example.com"]
    assert shown["images"] == [f"{site.url}/pixel?t=1&u=2"]
    assert shown["links"] == [f"{site.url}/go?a=1&b=2"]
    assert shown["unsubscribe"] == {"url": f"{site.url}/u/1", "one_click": True}
    assert site.asked == []


def test_opening_fetches_the_pictures_as_gmails_proxy(
    google: Google, ada: Account, grace: Account, site: Sender
) -> None:
    sent = ada.sent(newsletter(site.url))
    done = google.play(sent["id"], "open")
    assert done["images"] == [
        {"url": f"{site.url}/pixel?t=1&u=2", "status": 200, "content_type": "image/gif", "size": len(GIF)}
    ]
    (asked,) = site.asked
    assert (asked.path, asked.headers["User-Agent"]) == ("/pixel?t=1&u=2", PROXY)
    assert asked.headers["Host"] == site.url.removeprefix("http://")
    (received,) = grace.found("is:unread")
    google.play(received, "open", user_agent="Thunderbird", headers={"X-Forwarded-For": "192.0.2.1"})
    assert site.asked[1].headers["User-Agent"] == "Thunderbird"
    assert site.asked[1].headers["X-Forwarded-For"] == "192.0.2.1"
    assert grace.found("is:unread") == []


def test_a_click_follows_the_link_but_no_redirect(google: Google, ada: Account, site: Sender) -> None:
    sent = ada.sent(newsletter(site.url))
    expected = {"url": f"{site.url}/go?a=1&b=2", "status": 302, "location": "https://shop.example/landing"}
    assert google.play(sent["id"], "click") == expected
    assert google.play(sent["id"], "click", url=expected["url"], user_agent="curl/8") == expected
    assert [one.headers["User-Agent"][:7] for one in site.asked] == ["Mozilla", "curl/8"]
    assert "no such link" in google.play(sent["id"], "click", 400, url=f"{site.url}/other")["error"]
    assert "1 links" in google.play(sent["id"], "click", 400, index=1)["error"]


@pytest.mark.parametrize(
    "address",
    [
        "http://192.0.2.1",
        "http://tracker.example",
        "https://10.0.0.1",
        "http://169.254.169.254",
        "http://[::ffff:10.0.0.1]",
        "http://2130706433",
        "http://0177.0.0.1",
        "http://localhost.tracker.example",
        "http://0.0.0.0",
    ],
)
def test_nothing_but_this_machine_is_asked(google: Google, ada: Account, address: str) -> None:
    """A name is not even looked up: what stands in a mail does not leave the machine."""
    sent = ada.sent(newsletter(address))
    (image,) = google.play(sent["id"], "open")["images"]
    assert "is not on this machine" in image["error"]
    assert "is not on this machine" in google.play(sent["id"], "click", 400)["error"]
    assert "is not on this machine" in google.play(sent["id"], "unsubscribe", 400)["error"]


def test_a_redirect_of_a_picture_leads_nowhere_else(google: Google, ada: Account, site: Sender) -> None:
    raw = newsletter(site.url).replace(b"/pixel", b"/go")
    (image,) = google.play(ada.sent(raw)["id"], "open")["images"]
    assert image["error"] == "https://shop.example/landing is not on this machine"
    site.landing = f"{google.url}/inbox/grace@example.com"
    (image,) = google.play(google.deliveries[0]["gmail_message_id"], "open")["images"]
    assert image["error"] == f"{site.landing} is the sandbox itself"
    site.landing = "/pixel"
    (image,) = google.play(google.deliveries[0]["gmail_message_id"], "open")["images"]
    assert image["status"] == 200


def test_a_mail_cannot_steer_the_sandbox(google: Google, ada: Account) -> None:
    sent = ada.sent(newsletter(google.url))
    assert "is the sandbox itself" in google.play(sent["id"], "unsubscribe", 400)["error"]


def test_a_server_that_is_down_is_no_error_of_the_reader(google: Google, ada: Account) -> None:
    sent = ada.sent(newsletter("http://localhost:9"))
    assert "did not answer" in google.play(sent["id"], "open")["images"][0]["error"]
    assert "did not answer" in google.play(sent["id"], "click", 502)["error"]


def test_unsubscribing_posts_one_click(google: Google, ada: Account, site: Sender) -> None:
    sent = ada.sent(newsletter(site.url))
    assert google.play(sent["id"], "unsubscribe") == {"url": f"{site.url}/u/1", "status": 204}
    (asked,) = site.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/u/1", b"List-Unsubscribe=One-Click")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Cookie" not in asked.headers
    plain = ada.sent(newsletter(site.url).replace(b"List-Unsubscribe-Post", b"X-Other"))
    assert "no one-click" in google.play(plain["id"], "unsubscribe", 400)["error"]


def test_a_reply_joins_the_thread_in_both_mailboxes(google: Google, ada: Account, grace: Account) -> None:
    sent = ada.sent(message("Plan", Reply_To="Ada <countess@example.com>"))
    assigned = ada.header(sent["id"], "Message-ID")
    done = google.play(sent["id"], "reply", text="Gern, Grüße")
    assert (done["account"], done["thread_id"], done["from"]) == (
        "ada@example.com",
        sent["threadId"],
        "grace@example.com",
    )
    reply = mail(ada, done["id"])
    assert (reply["Subject"], reply["In-Reply-To"], reply["References"]) == ("Re: Plan", assigned, assigned)
    assert (reply["From"], reply["To"]) == ("Grace Hopper <grace@example.com>", "Ada <countess@example.com>")
    assert reply["Auto-Submitted"] is None
    first, _, quoted, _, last = reply.get_content().splitlines()
    assert (first, quoted[:3], last) == ("Gern, Grüße", "On ", "> Good morning")
    assert results(ada, done["id"])[0].startswith("mx.google.com; dkim=pass")
    assert ada.found("in:inbox is:unread") == [done["id"]]
    (kept,) = grace.found("in:sent")
    (received,) = grace.found("in:inbox")
    assert grace.get(f"messages/{kept}").json()["threadId"] == grace.get(f"messages/{received}").json()["threadId"]
    assert len(google.deliveries) == 1  # what was sent over the API


def test_an_answer_of_a_machine_says_so(google: Google, ada: Account, grace: Account) -> None:
    sent = ada.sent(message("Plan"))
    reply = mail(ada, google.play(sent["id"], "reply", auto=True)["id"])
    assert (reply["Subject"], reply["Auto-Submitted"]) == ("Automatic reply: Plan", "auto-replied")
    assert reply["Return-Path"] == "<>"
    assert reply["In-Reply-To"] == ada.header(sent["id"], "Message-ID")
    assert grace.found("in:sent") == []


def test_headers_of_a_reply_can_be_chosen(google: Google, ada: Account) -> None:
    sent = ada.sent(message("Plan"))
    chosen = {"Subject": "Abwesend: Plan", "in-reply-to": None, "List-Id": "<l.example>"}
    reply = mail(ada, google.play(sent["id"], "reply", headers=chosen)["id"])
    assert (reply["Subject"], reply["In-Reply-To"], reply["List-Id"]) == ("Abwesend: Plan", None, "<l.example>")
    for wrong in ({"a b": "c"}, {"X-A": "b\r\nBcc: c@example.com"}, {"X-A": 1}, {"To": ""}):
        google.play(sent["id"], "reply", 400, headers=wrong)


@pytest.mark.parametrize("kind", ["multipart/report", "multipart/mixed; boundary=b", "message/rfc822", "text/html", ""])
def test_a_reply_is_a_text_whatever_its_headers_would_have_it_be(google: Google, ada: Account, kind: str) -> None:
    sent = ada.sent(message("Plan"))
    error = google.play(sent["id"], "reply", 400, headers={"content-Type": kind})["error"]
    assert "plain text" in error


def test_somebody_from_elsewhere_answers_under_their_name(google: Google, ada: Account) -> None:
    sent = ada.sent(message(to="Bo Ek <bo@elsewhere.example>, eve@elsewhere.example"))
    first = mail(ada, google.play(sent["id"], "reply")["id"])
    second = mail(ada, google.play(sent["id"], "reply", reader="eve@elsewhere.example")["id"])
    assert [first["From"], second["From"]] == ["Bo Ek <bo@elsewhere.example>", "eve@elsewhere.example"]
    assert "no reader" in google.play(sent["id"], "reply", 400, reader="mallory@elsewhere.example")["error"]


@pytest.mark.parametrize(
    ("kind", "action", "status", "subject"),
    [
        ("hard", "failed", "5.1.1", "Delivery Status Notification (Failure)"),
        ("full", "failed", "5.2.2", "Delivery Status Notification (Failure)"),
        ("blocked", "failed", "5.7.1", "Delivery Status Notification (Failure)"),
        ("delayed", "delayed", "4.4.1", "Delivery Status Notification (Delay)"),
    ],
)
def test_a_bounce_is_shaped_like_gmails(
    google: Google, ada: Account, kind: str, action: str, status: str, subject: str
) -> None:
    sent = ada.sent(message("Plan", Bcc="hidden@example.org"))
    assigned = ada.header(sent["id"], "Message-ID")
    done = google.play(sent["id"], "bounce", kind=kind)
    assert (done["kind"], done["recipient"], done["thread_id"]) == (kind, "grace@example.com", sent["threadId"])
    bounce = mail(ada, done["id"])
    assert bounce["From"] == "Mail Delivery Subsystem <mailer-daemon@googlemail.com>"
    assert (bounce["To"], bounce["Subject"], bounce["Return-Path"]) == ("ada@example.com", subject, "<>")
    assert (bounce["In-Reply-To"], bounce["References"]) == (assigned, assigned)
    assert bounce["X-Failed-Recipients"] == "grace@example.com"
    assert bounce["Auto-Submitted"] == "auto-replied"
    (found,) = results(ada, done["id"])
    assert found.startswith("mx.google.com; ")
    assert found.endswith("dmarc=pass (p=QUARANTINE sp=QUARANTINE dis=NONE) header.from=googlemail.com")
    assert bounce.get_content_type() == "multipart/report"
    assert bounce.get_param("report-type") == "delivery-status"
    explanation, report, original = bounce.iter_parts()
    assert explanation.get_content_type() == "multipart/related"
    whole, recipient = report.get_payload()
    assert whole["X-Original-Message-ID"] == assigned
    assert (recipient["Final-Recipient"], recipient["Action"]) == ("rfc822; grace@example.com", action)
    assert recipient["Status"] == status
    assert status in recipient["Diagnostic-Code"]
    assert ("Will-Retry-Until" in recipient) == (action == "delayed")
    (inner,) = original.get_payload()
    assert (inner["Message-ID"], inner["Bcc"]) == (assigned, None)


def test_the_status_of_a_bounce_can_be_chosen(google: Google, ada: Account) -> None:
    done = google.play(ada.sent(message())["id"], "bounce", kind="full", status="4.2.2", recipient="x@example.org")
    assert done["recipient"] == "x@example.org"
    recipient = list(mail(ada, done["id"]).iter_parts())[1].get_payload()[1]
    assert (recipient["Status"], "4.2.2" in recipient["Diagnostic-Code"]) == ("4.2.2", True)


def test_a_forged_bounce_is_told_apart_by_googles_own_line(google: Google, ada: Account) -> None:
    sent = ada.sent(message())
    done = google.play(sent["id"], "bounce", kind="forged")
    top, brought = results(ada, done["id"])
    assert "dmarc=fail" in top
    assert "dmarc=pass" not in top
    assert "dmarc=pass" in brought
    assert done["thread_id"] == sent["threadId"]
    assert google.play(sent["id"], "bounce", 400, kind="soft")["error"].startswith('"kind" is one of hard, full')
    assert "nobody gets a report" in google.play(done["id"], "bounce", 400)["error"]


def parts_of(payload: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {payload["mimeType"]: payload}
    for part in payload.get("parts", []):
        found |= {name: one for name, one in parts_of(part).items() if name not in found}
    return found


def test_the_api_shows_what_is_inside_a_bounce(google: Google, ada: Account) -> None:
    """Gmail puts the report into a part within message/delivery-status."""
    sent = ada.sent(message("Plan"))
    id_ = google.play(sent["id"], "bounce")["id"]
    payload = ada.get(f"messages/{id_}").json()["payload"]
    _, report, original = payload["parts"]
    assert (report["mimeType"], report["body"]) == ("message/delivery-status", {"size": 0})
    (text,) = report["parts"]
    assert (text["partId"], text["mimeType"]) == ("1.0", "text/plain")
    shown = base64.urlsafe_b64decode(text["body"]["data"]).decode()
    assert "Final-Recipient: rfc822; grace@example.com\n" in shown.replace("\r\n", "\n")
    assert original["mimeType"] == "message/rfc822"
    (inner,) = original["parts"]
    assert {"name": "Subject", "value": "Plan"} in inner["headers"]
    attachment = ada.get(f"messages/{id_}/attachments/{original['body']['attachmentId']}").json()
    assert attachment["size"] == original["body"]["size"] > 100
    assert ada.found("from:mailer-daemon@googlemail.com subject:delivery") == [id_]
    thread = ada.get(f"threads/{sent['threadId']}", format="metadata").json()
    assert [one["id"] for one in thread["messages"]] == [sent["id"], id_]


def test_a_large_message_comes_back_as_headers(google: Google, ada: Account) -> None:
    assert ada.upload(message("Big") + b"x" * 1_100_000).status_code == 200
    done = google.play(google.deliveries[-1]["gmail_message_id"], "bounce")
    original = list(mail(ada, done["id"]).iter_parts())[2]
    assert original.get_content_type() == "text/rfc822-headers"
    assert "Subject: Big" in original.get_content()


def test_the_history_tells_of_what_came_in(google: Google, ada: Account) -> None:
    sent = ada.sent(message())
    start = ada.get("profile").json()["historyId"]
    reply, bounce = google.play(sent["id"], "reply"), google.play(sent["id"], "bounce")
    wanted = {"startHistoryId": start, "labelId": "INBOX", "historyTypes": "messageAdded"}
    records = ada.get("history", **wanted).json()["history"]
    assert [one["messagesAdded"][0]["message"]["id"] for one in records] == [reply["id"], bounce["id"]]
    assert {"INBOX", "UNREAD"} <= set(records[0]["messagesAdded"][0]["message"]["labelIds"])
    google.play(reply["id"], "open")
    assert ada.get("history", **wanted).json()["history"] == [
        {**one, "messagesAdded": [{"message": {**one["messagesAdded"][0]["message"], "labelIds": labels}}]}
        for one, labels in zip(records, (["INBOX"], ["UNREAD", "INBOX"]), strict=True)
    ]
    (removed,) = ada.get("history", startHistoryId=records[-1]["id"]).json()["history"]
    assert removed["labelsRemoved"][0]["labelIds"] == ["UNREAD"]
    assert ada.get("history", startHistoryId=start, historyTypes="labelRemoved").json()["history"] == [removed]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("bounce@shop.example", "5.1.1"),
        ("NoSuchUser@example.com", "5.1.1"),
        ("full@example.org", "5.2.2"),
        ("blocked+tag@shop.example", "5.7.1"),
        ("delayed@shop.example", "4.4.1"),
    ],
)
def test_some_addresses_bounce_by_themselves(google: Google, ada: Account, address: str, status: str) -> None:
    sent = ada.sent(message(to=f"grace@example.com, {address}"))
    wait_until(lambda: ada.found("in:inbox"))
    (id_,) = ada.found("in:inbox")
    assert ada.header(id_, "X-Failed-Recipients") == address.lower()
    assert ada.get(f"messages/{id_}").json()["threadId"] == sent["threadId"]
    assert f"Status: {status}" in mail(ada, id_).as_string()
    assert "No mail yet" in google.http.get(f"{google.url}/inbox/elsewhere").text


@pytest.mark.parametrize(
    ("address", "auto"),
    [("away@shop.example", "auto-replied"), ("ooo@shop.example", "auto-replied"), ("echo@shop.example", None)],
)
def test_some_addresses_answer_by_themselves(google: Google, ada: Account, address: str, auto: str | None) -> None:
    ada.sent(message("Plan", to=address))
    wait_until(lambda: ada.found("in:inbox"))
    (id_,) = ada.found("in:inbox")
    assert ada.header(id_, "From") == address
    assert ada.header(id_, "Auto-Submitted") == auto
    assert "Plan" in google.http.get(f"{google.url}/inbox/elsewhere").text


def test_a_person_of_such_a_name_is_a_person(google: Google, ada: Account) -> None:
    google.http.post(f"{google.url}/sandbox/people", json={"email": "echo@example.net"}).raise_for_status()
    ada.sent(message(to="echo@example.net, echo@shop.example"))
    wait_until(lambda: ada.found("in:inbox"))
    assert [ada.header(id_, "From") for id_ in ada.found("in:inbox")] == ["echo@shop.example"]


def test_what_cannot_be_played_is_explained(google: Google, ada: Account) -> None:
    id_ = ada.sent(message())["id"]
    assert "no message 00" in google.play("00", "open", 404)["error"]
    assert "unknown: agent" in google.play(id_, "open", 400, agent="x")["error"]
    assert google.play(id_, "open", 400, user_agent="a\nb")["error"] == '"user_agent" is a text'
    answer = google.http.post(f"{google.url}/sandbox/messages/{id_}/open", data="[]")
    assert answer.status_code == 400
