"""Attachments over HTTP: three ways to upload, and any number of sends that refer to what was uploaded."""

import base64
import gzip
import hashlib
import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.http import parse_options_header

from functions.domain import archives
from functions.domain.attachments import FILE_LIMIT
from tests.domain.test_archives import zipped
from tests.e2e.client import Answer, Caller, File, multipart
from tests.e2e.google import Google, Person
from tests.e2e.test_sending import NAMES, files

PDF = b"%PDF-1.7 " + bytes(range(256)) * 40
SHAPE = {"id", "status", "filename", "content_type", "size", "sha256", "created_at", "expires_at"}


def form(*given: File, **fields: str) -> tuple[bytes, str]:
    """A form of files and fields alone."""
    lines = b""
    for name, value in fields.items():
        lines += b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value.encode())
    for file in given:
        lines += b"--b\r\n" + file.head().replace('"attachments"', '"file"').encode() + file.content + b"\r\n"
    return lines + b"--b--\r\n", "multipart/form-data; boundary=b"


def upload(caller: Caller, name: str = "a.pdf", content: bytes = PDF, **query: Any) -> Any:
    return raw(caller, name, content, **query).ok(201)


def raw(caller: Caller, name: str, content: bytes, kind: str = "application/octet-stream", **query: Any) -> Answer:
    return caller.call(
        "POST", "attachments/", content, query={"filename": name, **query}, headers={"Content-Type": kind}
    )


def reserve(caller: Caller, content: bytes = PDF, **more: Any) -> Any:
    return caller.post("attachments/", {"filename": "a.pdf", "size": len(content), **more}).ok(201)


def put(caller: Caller, upload: Any, content: bytes) -> Answer:
    """As a client does it that knows nothing but what it was told: no token of its own."""
    assert upload["url"].startswith(caller.host.public_url)
    target = upload["url"].removeprefix(caller.host.public_url)
    return caller.host.request(upload["method"], target, list(upload["headers"].items()), content)


def ahead(**by: float) -> str:
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


# On every hosting


def test_a_file_in_a_form_is_sent_any_number_of_times(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    body, kind = form(File("report.pdf", PDF, "application/pdf"))

    made = caller.post("attachments/", body, Content_Type=kind).ok(201)

    assert made.keys() == SHAPE
    assert (made["filename"], made["content_type"], made["status"]) == ("report.pdf", "application/pdf", "ready")
    assert (made["size"], made["sha256"]) == (len(PDF), hashlib.sha256(PDF).hexdigest())
    for _ in range(2):
        sent = caller.send(attachments=[{"id": made["id"]}]).ok()
        assert files(google.sent(ada)) == {"report.pdf": PDF}
        (recorded,) = caller.get(f"history/{sent['id']}/").ok()["attachments"]
        assert recorded["sha256"] == made["sha256"]


def test_a_large_file_lies_in_the_store_once(hosting: Any, caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    content = os.urandom(3_000_000)
    before = len(hosting.blobs)
    made = upload(caller, "big.bin", content)

    for _ in range(3):
        caller.send(attachments=[{"id": made["id"]}]).ok()
        assert files(google.sent(ada)) == {"big.bin": content}

    assert len(hosting.blobs) == before + 1


def test_a_file_that_goes_past_the_functions(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    made = reserve(caller, sha256=hashlib.sha256(PDF).hexdigest())
    caller.host.journal.secret(made["upload"]["url"].partition("token=")[2])
    assert made.keys() == SHAPE | {"upload"}
    assert made["status"] == "waiting"
    path = f"attachments/{made['id']}/"
    caller.send(attachments=[{"id": made["id"]}]).problem(422, "invalid_message")
    caller.post(path + "complete/", {}).problem(409, "conflict")

    assert put(caller, made["upload"], PDF).status == 200

    done = caller.post(path + "complete/", {}).ok()
    assert (done["status"], done["size"], done["id"]) == ("ready", len(PDF), made["id"])
    assert "upload" not in done
    caller.send(attachments=[{"id": made["id"]}]).ok()
    assert files(google.sent(ada)) == {"a.pdf": PDF}


def test_a_file_is_listed_described_and_downloaded(caller: Caller) -> None:
    one, two = upload(caller), upload(caller, "b.html", b"<script>alert(1)</script>")

    assert caller.get("attachments/").ok() == {"attachments": [two, one], "next_page_token": None}
    assert caller.get(f"attachments/{one['id']}/").ok() == one
    answer = caller.get(f"attachments/{two['id']}/content/")
    assert (answer.status, answer.body) == (200, b"<script>alert(1)</script>")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename=b.html"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Length"] == "25"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    head = caller.call("HEAD", f"attachments/{two['id']}/content/")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "25")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_is_downloaded_under_it(caller: Caller, name: str) -> None:
    """Over a real connection: headers have no characters beyond Latin-1."""
    made = upload(caller, name)

    answer = caller.get(f"attachments/{made['id']}/content/")

    assert (answer.status, answer.body) == (200, PDF)
    assert answer.headers["Content-Disposition"].isascii()
    assert parse_options_header(answer.headers["Content-Disposition"]) == ("attachment", {"filename": name})


def test_a_deleted_file_is_gone_but_for_sends_that_were_accepted(caller: Caller, ada: Person, google: Google) -> None:
    caller.connect(ada)
    made = upload(caller)
    sent = caller.send(attachments=[{"id": made["id"]}], send_at=ahead(hours=1)).ok(202)

    assert caller.delete(f"attachments/{made['id']}/").status == 204

    caller.get(f"attachments/{made['id']}/").problem(404, "not_found")
    caller.get(f"attachments/{made['id']}/content/").problem(404, "not_found")
    caller.delete(f"attachments/{made['id']}/").problem(404, "not_found")
    assert caller.get("attachments/").ok()["attachments"] == []
    assert caller.send(attachments=[{"id": made["id"]}]).pointers(422, "invalid_message") == ["/attachments/0/id"]
    moved = caller.call("PATCH", f"history/{sent['id']}/", {"send_at": "2020-01-01T00:00:00Z"})
    moved.ok()
    for _ in range(100):
        if caller.get(f"history/{sent['id']}/").ok()["status"] == "sent":
            break
        time.sleep(0.1)
    assert files(google.sent(ada)) == {"a.pdf": PDF}


# In this process


@pytest.mark.parametrize("name", NAMES)
def test_any_file_name_comes_back_as_it_was(user: Caller, name: str) -> None:
    encoded = quote(name, safe="")
    by_header = user.call(
        "POST",
        "attachments/",
        PDF,
        headers={"Content-Type": "application/pdf", "Content-Disposition": f"attachment; filename*=UTF-8''{encoded}"},
    ).ok(201)
    by_query = upload(user, name)
    assert by_header["filename"] == by_query["filename"] == name
    assert by_header["content_type"] == "application/pdf"
    answer = user.get(f"attachments/{by_query['id']}/content/")
    assert parse_options_header(answer.headers["Content-Disposition"]) == ("attachment", {"filename": name})


@pytest.mark.parametrize(
    ("kind", "name", "stored"),
    [
        ("application/octet-stream", "a.png", "image/png"),
        ("application/x-www-form-urlencoded", "a.csv", "text/csv"),
        ("image/jpeg", "a.png", "image/jpeg"),
        ("text/plain; charset=utf-8", "a.txt", "text/plain; charset=utf-8"),
        ("application/octet-stream", "a.unknown", "application/octet-stream"),
        ("application/octet-stream", "a.json", "application/json"),
        ("application/json", "a.json", "application/json"),
        ("application/geo+json", "a.json", "application/geo+json"),
    ],
)
def test_the_type_is_the_callers_or_follows_from_the_name(user: Caller, kind: str, name: str, stored: str) -> None:
    assert raw(user, name, b"x", kind).ok(201)["content_type"] == stored


@pytest.mark.parametrize(
    ("given", "days"),
    [({}, 30), ({"expires_in": "86400"}, 1), ({"expires_at": "300 days"}, 300), ({"expires_in": "60"}, 0)],
)
def test_a_file_expires_when_it_was_asked_to(user: Caller, given: dict[str, str], days: int) -> None:
    if "expires_at" in given:
        given = {"expires_at": ahead(days=days)}  # from now, not from when the tests were collected
    body, kind = form(File("a.pdf", PDF), **given)
    for made in (
        upload(user, **given),
        user.post("attachments/", body, Content_Type=kind).ok(201),
        reserve(user, **{n: int(v) if n == "expires_in" else v for n, v in given.items()}),
    ):
        left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
        assert timedelta(0) < left < timedelta(days=days, minutes=2)
        assert left > timedelta(days=days) - timedelta(minutes=2)


def test_fields_may_stand_behind_the_file(user: Caller) -> None:
    parts = form(File("a.pdf", PDF))[0].removesuffix(b"--b--\r\n") + form(expires_in="60")[0]
    made = user.post("attachments/", parts, Content_Type="multipart/form-data; boundary=b").ok(201)
    assert datetime.fromisoformat(made["expires_at"]) < datetime.now(UTC) + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"filename": "setup.exe"}, "/filename"),
        ({"filename": "a/b.pdf"}, "/filename"),
        ({"filename": "\u202efdp.pdf"}, "/filename"),
        ({"filename": ""}, "/filename"),
        ({"filename": "a.pdf", "expires_in": "59"}, "/expires_in"),
        ({"filename": "a.pdf", "expires_in": "99999999"}, "/expires_in"),
        ({"filename": "a.pdf", "expires_in": "soon"}, "/expires_in"),
        ({"filename": "a.pdf", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"filename": "a.pdf", "expires_at": "2999-01-01T00:00:00Z"}, "/expires_at"),
        ({"filename": "a.pdf", "expires_at": "tomorrow"}, "/expires_at"),
        ({"filename": "a.pdf", "expires_at": ahead(days=1), "expires_in": "60"}, "/expires_in"),
        ({"filename": "a.pdf", "colour": "red"}, "/colour"),
    ],
)
def test_what_is_wrong_with_an_upload_is_named_and_nothing_is_kept(
    inside: Any, user: Caller, query: dict[str, str], pointer: str
) -> None:
    answer = user.call("POST", "attachments/", PDF, query=query, headers={"Content-Type": "application/octet-stream"})
    assert answer.pointers(400, "invalid_request") == [pointer]
    assert user.get("attachments/").ok()["attachments"] == []
    assert inside.blobs == []


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/filename", "/size"]),
        ({"filename": "x.bat", "size": 1}, ["/filename"]),
        ({"filename": "a.pdf", "size": 0}, ["/size"]),
        ({"filename": "a.pdf", "size": 36_700_161}, ["/size"]),
        ({"filename": "a.pdf", "size": "1"}, ["/size"]),
        ({"filename": "a.pdf", "size": 1, "content_type": "message/rfc822"}, ["/content_type"]),
        ({"filename": "a.pdf", "size": 1, "sha256": "abc"}, ["/sha256"]),
        ({"filename": "a.pdf", "size": 1, "expires_in": "60"}, ["/expires_in"]),
        ({"filename": "a.pdf", "size": 1, "content": "YQ=="}, ["/content"]),
    ],
)
def test_what_is_wrong_with_a_request_for_a_url_is_named(user: Caller, body: Any, pointers: list[str]) -> None:
    assert user.post("attachments/", body).pointers(400, "invalid_request") == pointers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--\r\n",
        form(expires_in="60")[0],
        form(File("a.pdf", PDF), File("b.pdf", PDF))[0],
        form(File("a.pdf", PDF), colour="red")[0],
        form(File("", PDF))[0],
        form(File("a.pdf", PDF))[0][:-20],
        form(File("a.pdf", PDF), expires_in="1" * 2000)[0],
    ],
    ids=["empty", "no parts", "no file", "two files", "unknown field", "no name", "cut off", "long field"],
)
def test_a_form_that_is_not_one_file_leaves_nothing(inside: Any, user: Caller, body: bytes) -> None:
    answer = user.post("attachments/", body, Content_Type="multipart/form-data; boundary=b")
    assert answer.status in (400, 413), answer.text
    assert "code" in answer.json()
    assert user.get("attachments/").ok()["attachments"] == []
    assert inside.blobs == []


EVIL = zipped("docs/readme.txt", "docs/setup.exe")


def test_a_refused_type_in_an_archive_is_refused_whichever_way_it_comes(inside: Any, user: Caller, ada: Person) -> None:
    user.connect(ada)
    as_form, kind = form(File("a.zip", EVIL))
    as_message, message_kind = multipart({"to": ["a@b.example"], "subject": "s", "text": "t"}, File("a.zip", EVIL))
    encoded = {"filename": "a.zip", "content": base64.b64encode(EVIL).decode()}
    reserved = reserve(user, EVIL, filename="a.zip")
    put(user, reserved["upload"], EVIL)
    for answer, status, pointer in (
        (raw(user, "a.zip", EVIL), 400, "/content"),
        (raw(user, "photo.jpg", EVIL), 400, "/content"),
        (user.post("attachments/", as_form, Content_Type=kind), 400, "/content"),
        (user.post(f"attachments/{reserved['id']}/complete/", {}), 400, "/content"),
        (user.send(attachments=[encoded]), 422, "/attachments/0/content"),
        (user.post("send/", as_message, Content_Type=message_kind), 422, "/attachments/0/content"),
    ):
        code = "invalid_request" if status == 400 else "invalid_message"
        assert answer.pointers(status, code) == [pointer]
        assert "docs/setup.exe" in answer.text
        assert "mail/answer/6590" in answer.text
    user.post(f"attachments/{reserved['id']}/complete/", {}).problem(404, "not_found")
    assert len(inside.blobs) == 1  # the URL of this one could still be used: the sweep takes it later
    assert user.history() == []


def test_a_large_archive_of_a_multipart_send_is_looked_into(inside: Any, user: Caller, ada: Person) -> None:
    """One that goes through the blob store."""
    user.connect(ada)
    large = zipped("noise.bin", data=os.urandom(300_000)) + zipped("setup.exe")
    body, kind = multipart({"to": ["a@b.example"], "subject": "s", "text": "t"}, File("a.zip", large))
    answer = user.post("send/", body, Content_Type=kind)
    assert answer.pointers(422, "invalid_message") == ["/attachments/0/content"]
    assert inside.blobs == []


def test_looking_into_archives_ends_for_a_request_as_a_whole(
    user: Caller, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever way its files come, or a hundred of them would cost a hundred times as much."""
    user.connect(ada)
    monkeypatch.setattr(archives, "UNPACKED_LIMIT", 1 << 20)
    message = {"to": ["a@b.example"], "subject": "s", "text": "t", "dry_run": True}
    bomb, encoded = gzip.compress(bytes(2 << 20)), base64.b64encode(EVIL).decode()
    inline = [{"filename": "b.zip", "content": encoded}]

    body, kind = multipart({**message, "attachments": inline}, File("a.gz", b"small"))
    assert user.post("send/", body, Content_Type=kind).pointers(422, "invalid_message") == ["/attachments/0/content"]
    body, kind = multipart({**message, "attachments": inline}, File("a.gz", bomb))
    user.post("send/", body, Content_Type=kind).ok()
    body, kind = multipart(message, File("a.gz", bomb), File("b.zip", EVIL))
    user.post("send/", body, Content_Type=kind).ok()
    first = {"filename": "a.gz", "content": base64.b64encode(bomb).decode()}
    user.send(attachments=[first, *inline], dry_run=True).ok()
    user.send(attachments=inline, dry_run=True).problem(422, "invalid_message")


@pytest.mark.parametrize("name", ["naïve résumé.txt", "見積書.xlsx", "📎 clip.png"])
def test_a_name_that_stands_in_the_header_as_it_is_arrives(caller: Caller, name: str) -> None:
    """As curl writes it: in UTF-8, which servers take for Latin-1."""
    header = f'attachment; filename="{name}"'
    answer = caller.call("POST", "attachments/", b"x", headers={"Content-Disposition": header})
    assert answer.ok(201)["filename"] == name


def test_a_form_with_an_encoded_part_leaves_nothing(inside: Any, user: Caller) -> None:
    body, kind = form(File("a.txt", base64.b64encode(b"hello")))
    encoded = body.replace(b"Content-Type:", b"Content-Transfer-Encoding: base64\r\nContent-Type:")
    user.post("attachments/", encoded, Content_Type=kind).problem(400, "invalid_request")
    assert inside.blobs == []


CHARSETS = [
    ("text/csv; charset=windows-1252", "text/csv; charset=windows-1252"),
    ('TEXT/CSV;Charset="UTF-8"', "text/csv; charset=UTF-8"),
    ("text/csv; header=present; charset=utf-8", "text/csv; charset=utf-8"),
    ("text/csv; header=present", "text/csv"),
    ('text/csv; charset="a\\"; filename=\\"b.exe"', "text/csv"),
    ('text/csv; charset="utf-8\tb"', "text/csv"),
    ("text/csv; charset=utf-8; charset=utf-16", "text/csv; charset=utf-16"),
    ("text/csv; charset=ü", "text/csv"),
    ("text/csv; charset=", "text/csv"),
    (f"text/csv; charset={'a' * 41}", "text/csv"),
    ("application/octet-stream; charset=utf-8", "application/pdf"),
    ("application/x-www-form-urlencoded; charset=utf-8", "application/pdf"),
    ("application/json; charset=utf-8", "application/json; charset=utf-8"),
]


@pytest.mark.parametrize(("kind", "found"), CHARSETS)
def test_a_file_that_is_the_body_keeps_the_charset_of_its_type_and_no_other_parameter(
    user: Caller, kind: str, found: str
) -> None:
    made = raw(user, "a.pdf", b"x", kind).ok(201)

    assert made["content_type"] == found
    assert user.get(f"attachments/{made['id']}/").ok()["content_type"] == found


def test_the_charset_of_a_file_arrives_with_it(user: Caller, ada: Person, google: Google) -> None:
    user.connect(ada)
    kind = "text/csv; charset=windows-1252"
    made = raw(user, "a.csv", "Straße".encode("cp1252"), kind).ok(201)

    user.send(attachments=[{"id": made["id"]}]).ok()

    (part,) = google.sent(ada).iter_attachments()
    assert (part.get_content_type(), part.get_content_charset()) == ("text/csv", "windows-1252")
    assert part.get_content() == "Straße"


def test_an_upload_url_is_good_once_for_its_size_and_for_nothing_else(user: Caller) -> None:
    made = reserve(user)["upload"]
    put(user, made, PDF + b"x").problem(400, "invalid_request")
    put(user, made, PDF[:-1]).problem(400, "invalid_request")
    put(user, {**made, "url": made["url"] + "x"}, PDF).problem(403, "forbidden")
    put(user, {**made, "url": made["url"].partition("?")[0]}, PDF).problem(403, "forbidden")
    assert put(user, made, PDF).status == 200
    put(user, made, PDF).problem(409, "conflict")


def test_in_the_cloud_nobody_uploads_to_the_functions_url(make_inside: Any, user: Caller) -> None:
    made = reserve(user)["upload"]
    cloud = make_inside(BLOBS_URL="gs://bucket")
    there = Caller(cloud, "")
    there.host.public_url = user.host.public_url
    put(there, made, PDF).problem(404, "not_found")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(user: Caller) -> None:
    answer = user.call(
        "POST",
        "attachments/",
        b"x" * (FILE_LIMIT + 1),
        query={"filename": "a.bin"},
        headers={"Content-Type": "application/octet-stream"},
    )
    answer.problem(413, "payload_too_large")
    assert user.get("attachments/").ok()["attachments"] == []


def test_scopes(user: Caller) -> None:
    """Whoever may send may upload what is to be sent; to see what lies there takes reading."""
    sender, reader, manager = user.key("send"), user.key("read"), user.key("manage")
    made = upload(sender)
    path = f"attachments/{made['id']}/"
    for caller, method, where in (
        (sender, "GET", "attachments/"),
        (sender, "GET", path),
        (sender, "GET", path + "content/"),
        (reader, "DELETE", path),
        (reader, "POST", path + "complete/"),
        (manager, "GET", path),
        (manager, "DELETE", path),
    ):
        caller.call(method, where).problem(403, "forbidden")
    raw(reader, "a.pdf", PDF).problem(403, "forbidden")
    assert reader.get(path).ok() == made
    assert sender.delete(path).status == 204


def test_a_key_for_one_account_has_only_what_it_uploaded(user: Caller, ada: Person) -> None:
    account = user.connect(ada)
    limited = user.key("send", "read", accounts=[account["id"]])
    owners, mine = upload(user), upload(limited)

    assert [a["id"] for a in limited.get("attachments/").ok()["attachments"]] == [mine["id"]]
    limited.get(f"attachments/{owners['id']}/").problem(404, "not_found")
    limited.get(f"attachments/{owners['id']}/content/").problem(404, "not_found")
    limited.delete(f"attachments/{owners['id']}/").problem(404, "not_found")
    refused = limited.send(account=account["id"], attachments=[{"id": owners["id"]}])
    assert refused.pointers(422, "invalid_message") == ["/attachments/0/id"]
    limited.send(account=account["id"], attachments=[{"id": mine["id"]}]).ok()


def test_another_owners_file_can_not_be_sent(user: Caller, attacker: Caller, ada: Person) -> None:
    attacker.connect(ada)
    made = upload(user)
    for named in (made["id"], "att_0"):
        answer = attacker.send(attachments=[{"id": named}])
        assert answer.pointers(422, "invalid_message") == ["/attachments/0/id"]
        problem = json.loads(answer.text.replace(answer.headers["X-Request-Id"], ""))
        assert "There is no attachment with this id." in problem["detail"]


def test_an_inline_picture_by_reference(user: Caller, ada: Person, google: Google) -> None:
    user.connect(ada)
    made = upload(user, "logo.png", b"\x89PNG")
    user.send(
        html='<img src="cid:logo">', attachments=[{"id": made["id"], "content_id": "logo", "filename": "x.png"}]
    ).ok()
    (part,) = [p for p in google.sent(ada).walk() if p.get("Content-ID") == "<logo>"]
    assert (part.get_filename(), part.get_payload(decode=True)) == ("x.png", b"\x89PNG")
