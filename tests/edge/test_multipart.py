"""What is read of a multipart body, small as it is here: larger files are tried with a store behind them."""

from collections.abc import Sequence
from typing import cast

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from functions.domain.errors import FieldError, InvalidMessage, InvalidRequest
from functions.domain.ports import Blobs
from functions.edge import multipart

MESSAGE = b'Content-Disposition: form-data; name="message"\r\n\r\n{}'
# A browser's field for files in which none was chosen (HTML §4.10.22.4).
NOT_CHOSEN = (
    b'Content-Disposition: form-data; name="attachments"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n'
)


def read(*parts: bytes) -> Sequence[tuple[str, str, int]]:
    """Name, type and size of each file of a form."""
    body = b"".join(b"--b\r\n%s\r\n" % part for part in (MESSAGE, *parts)) + b"--b--\r\n"
    builder = EnvironBuilder(method="POST", data=body, content_type="multipart/form-data; boundary=b")
    form = multipart.read(Request(builder.get_environ()), cast(Blobs, None), "x")
    return [(file.filename, file.content_type, file.size) for file in form.files]


def file(kind: str) -> bytes:
    head = 'Content-Disposition: form-data; name="attachments"; filename="a.csv"'
    return f"{head}\r\nContent-Type: {kind}\r\n\r\nx".encode()


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("text/csv", "text/csv"),
        ("text/csv; charset=windows-1252", "text/csv; charset=windows-1252"),
        ('TEXT/CSV;Charset="UTF-8"', "text/csv; charset=UTF-8"),
        ("text/csv; header=present; charset=utf-8", "text/csv; charset=utf-8"),
        ("text/csv; header=present", "text/csv"),
        ('text/csv; charset="a b"', "text/csv"),
        ("text/csv; charset=", "text/csv"),
        ("application/octet-stream; charset=utf-8", ""),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_a_files_type_keeps_its_charset_and_no_other_parameter(kind: str, found: str) -> None:
    assert read(file(kind)) == [("a.csv", found, 1)]


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "Base64 ", "x-uuencode"])
def test_a_part_that_is_encoded_is_refused_rather_than_sent_as_it_is(encoding: str) -> None:
    """RFC 7578 §4.7: no part of a form is."""
    encoded = file("text/csv").replace(b"\r\n\r\n", f"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode())
    for parts in ([encoded], [NOT_CHOSEN, encoded]):
        with pytest.raises(InvalidRequest, match="Content-Transfer-Encoding"):
            read(*parts)


@pytest.mark.parametrize("encoding", ["binary", "8bit", "7BIT", ""])
def test_a_part_may_say_that_it_is_not_encoded(encoding: str) -> None:
    """As many libraries do."""
    plain = file("text/csv").replace(b"\r\n\r\n", f"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode())
    assert read(plain) == [("a.csv", "text/csv", 1)]


def test_a_field_in_which_no_file_was_chosen_is_no_file() -> None:
    assert read(NOT_CHOSEN) == []
    assert read(NOT_CHOSEN.replace(b'; filename=""', b"")) == []  # as programs send it
    assert read(NOT_CHOSEN, file("text/csv"), NOT_CHOSEN) == [("a.csv", "text/csv", 1)]


@pytest.mark.parametrize(
    "part", [NOT_CHOSEN + b"content", b'Content-Disposition: form-data; name="attachments"\r\n\r\ncontent']
)
def test_a_file_without_a_name_is_refused_with_its_place(part: bytes) -> None:
    with pytest.raises(InvalidMessage) as raised:
        read(part)
    assert raised.value.errors == (FieldError("/attachments", "A part named `attachments` has no file name."),)
