"""The reading half of the Gmail API."""

import base64
import time
from email.message import EmailMessage

import pytest

from tests.sandbox.client import Account, Google, error, message


def test_search_understands_what_programs_ask(ada: Account, grace: Account) -> None:
    first = ada.sent(message("Quarterly report", body="Numbers for November"))["id"]
    second = ada.sent(message("Lunch", to="alan@example.org"))["id"]
    assert ada.found("in:sent") == [second, first]
    assert ada.found("in:inbox") == []
    assert ada.found("to:grace@example.com") == [first]
    assert ada.found("-to:grace@example.com in:anywhere") == [second]
    assert ada.found("subject:report november") == [first]
    assert ada.found('subject:"quarterly report"') == [first]
    assert ada.found("subject:repo") == []  # whole words
    assert ada.found("from:ada@example.com newer_than:1d") == [second, first]
    assert ada.found(f"after:{int(time.time()) + 60}") == []
    assert ada.found(f"after:{int(time.time()) - 60} before:2099/01/01") == [second, first]
    assert len(grace.found("is:unread label:inbox")) == 1


def test_lists_are_paged_newest_first(ada: Account) -> None:
    sent = [ada.sent(message(f"Number {n}"))["id"] for n in range(5)]
    first = ada.get("messages", maxResults=2, labelIds="SENT").json()
    second = ada.get("messages", maxResults=3, pageToken=first["nextPageToken"]).json()
    assert [one["id"] for one in first["messages"] + second["messages"]] == sent[::-1]
    assert "nextPageToken" not in second
    empty = ada.get("messages", q="subject:nothing").json()
    assert empty == {"resultSizeEstimate": 0}


def test_a_message_comes_in_four_formats(ada: Account) -> None:
    built = EmailMessage()
    built["To"], built["Subject"] = "grace@example.com", "With <file>"
    built.set_content("Hello & goodbye")
    built.add_alternative("<p>Hello</p>", subtype="html")
    built.add_attachment(b"\x00\x01\x02", maintype="application", subtype="pdf", filename="añb.pdf")
    id_ = ada.sent(built.as_bytes())["id"]
    minimal = ada.get(f"messages/{id_}", format="minimal").json()
    assert minimal["snippet"] == "Hello &amp; goodbye"
    assert "payload" not in minimal
    metadata = ada.get(f"messages/{id_}", format="metadata", metadataHeaders=["subject", "Message-Id"]).json()
    assert {one["name"] for one in metadata["payload"]["headers"]} == {"Subject", "Message-ID"}
    full = ada.get(f"messages/{id_}").json()["payload"]
    assert full["mimeType"] == "multipart/mixed"
    body, attachment = full["parts"]
    assert base64.urlsafe_b64decode(body["parts"][0]["body"]["data"]).strip() == b"Hello & goodbye"
    assert attachment["filename"] == "añb.pdf"
    content = ada.get(f"messages/{id_}/attachments/{attachment['body']['attachmentId']}").json()
    assert base64.urlsafe_b64decode(content["data"]) == b"\x00\x01\x02"
    raw = base64.urlsafe_b64decode(ada.get(f"messages/{id_}", format="raw").json()["raw"])
    assert b"Hello & goodbye" in raw
    assert error(ada.get(f"messages/{id_}", format="other"))[0] == 400
    assert error(ada.get("messages/0000000000000000"))[:2] == (404, "notFound")


def test_nobody_reads_another_mailbox(google: Google, ada: Account, grace: Account) -> None:
    id_ = ada.sent(message())["id"]
    assert grace.get(f"messages/{id_}").status_code == 404
    url = f"{google.url}/gmail/v1/users/{{}}/messages/{id_}"
    assert google.http.get(url.format("ada@example.com"), headers=ada.headers).status_code == 200
    assert error(google.http.get(url.format("ada@example.com"), headers=grace.headers))[0] == 403


def test_a_thread_lists_its_messages(ada: Account) -> None:
    first = ada.sent(message("Plan"))
    assigned = ada.header(first["id"], "Message-ID") or ""
    second = ada.sent(message("Re: Plan", References=assigned), threadId=first["threadId"])
    thread = ada.get(f"threads/{first['threadId']}", format="metadata").json()
    assert [one["id"] for one in thread["messages"]] == [first["id"], second["id"]]
    assert ada.get("threads/0000000000000000").status_code == 404


def test_history_tells_what_was_added_since(google: Google, ada: Account) -> None:
    start = ada.get("profile").json()["historyId"]
    assert ada.get("history", startHistoryId=start).json() == {"historyId": start}
    sent = [ada.sent(message(to=to))["id"] for to in ("grace@example.com", "ada@example.com", "x@y.example")]
    answer = ada.get("history", startHistoryId=start, labelId="SENT", historyTypes="messageAdded", maxResults=2).json()
    rest = ada.get("history", startHistoryId=start, pageToken=answer["nextPageToken"]).json()
    added = [one["messagesAdded"][0]["message"] for one in answer["history"] + rest["history"]]
    assert [one["id"] for one in added] == sent
    assert int(answer["historyId"]) > int(start)
    inbox = ada.get("history", startHistoryId=start, labelId="INBOX").json()["history"]
    assert [one["messages"][0]["id"] for one in inbox] == [sent[1]]
    assert error(ada.get("history", startHistoryId="999999999"))[:2] == (404, "notFound")
    assert ada.get("history").status_code == 400
    google.http.post(f"{google.url}/sandbox/people/ada@example.com/expire-history").raise_for_status()
    assert ada.get("history", startHistoryId=start).status_code == 404
    fresh = ada.get("profile").json()["historyId"]
    assert ada.get("history", startHistoryId=fresh).status_code == 200


def test_aliases_and_signatures_are_listed(google: Google, ada: Account) -> None:
    primary, alias = ada.get("settings/sendAs").json()["sendAs"]
    assert primary["isPrimary"]
    assert "verificationStatus" not in primary
    assert "Analytical" in primary["signature"]
    assert (alias["sendAsEmail"], alias["verificationStatus"]) == ("countess@example.com", "accepted")
    pending = google.account("grace@example.com").get("settings/sendAs").json()["sendAs"][1]
    assert pending["verificationStatus"] == "pending"


def test_labels_watch_and_stop(ada: Account) -> None:
    assert {"INBOX", "SENT"} <= {one["id"] for one in ada.get("labels").json()["labels"]}
    answer = ada.post("watch", {"topicName": "projects/p/topics/t", "labelIds": ["INBOX"]}).json()
    assert int(answer["expiration"]) / 1000 == pytest.approx(time.time() + 7 * 86400, abs=60)
    assert answer["historyId"].isdigit()
    assert ada.post("watch", {}).status_code == 400
    assert ada.post("stop").status_code == 204


def test_an_unknown_path_is_an_error_in_googles_shape(ada: Account) -> None:
    assert error(ada.get("nothing"))[:2] == (404, "notFound")
