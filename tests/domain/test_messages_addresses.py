"""Which addresses and display names are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.addresses import Address, ascii_email, email_problem, name_problem


@pytest.mark.parametrize(
    "email",
    [
        "a@b.co",
        "ana@example.com",
        "ana@example.test",  # special-use names (RFC 6761) are syntax like any other
        "ana+tag@mail.example.co.uk",
        "o'brien@example.com",
        "!#$%&'*+/?=^_`{|}~-@example.com",
        "a" * 64 + "@example.com",
        "x@" + "a" * 63 + ".example",
        "ana@xn--bcher-kva.example",
        "ana@bücher.example",
        "ana@BÜCHER.example",
        "ana@例え.テスト",
        "UPPER@EXAMPLE.COM",
    ],
)
def test_an_ordinary_address_is_taken(email: str) -> None:
    assert email_problem(email) == ""


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("", "no `@`"),
        ("ana", "no `@`"),
        ("@example.com", "before the `@`"),
        ("ana@", "domain name"),
        ("ana@localhost", "domain name with a dot"),
        ("ana@127.0.0.1", "ends with a letter"),
        ("ana@[127.0.0.1]", "domain name"),
        ("ana@example..com", "domain name"),
        ("ana@example.com.", "domain name"),
        ("ana@-example.com", "domain name"),
        ("ana@exa_mple.com", "domain name"),
        ("ana@" + "a" * 64 + ".com", "domain name"),
        ("a" * 65 + "@example.com", "64"),
        ("a@" + "b" * 60 + "." + ("c" * 60 + ".") * 4 + "com", "254"),
        (".ana@example.com", "before the `@`"),
        ("ana.@example.com", "before the `@`"),
        ("a..b@example.com", "before the `@`"),
        ('"ana b"@example.com', "bare address"),
        ("ana(comment)@example.com", "bare address"),
        ("Ana <ana@example.com>", "bare address"),
        ("ana@example.com, bo@example.com", "bare address"),
        ("ana@example.com;bo@example.com", "bare address"),
        ("ana@example.com bo@example.com", "bare address"),
        (" ana@example.com", "bare address"),
        ("ana@example.com ", "domain name"),
        ("ana@evil.example@example.com", "bare address"),
        ("ana\r\nBcc: x@example.com", "U+000D"),
        ("ana@example.com\n", "U+000A"),
        ("ana\x00@example.com", "U+0000"),
        ("ana\u2028@example.com", "U+2028"),
        ("ana\ud800@example.com", "U+D800"),
        ("ana@exam\u202eple.com", "U+202E"),
        ("jürgen@example.com", "ASCII"),
        ("ana@xn--a.example", "no email address"),
        ("ana@ab--cd.example", "no email address"),
        ("ana@ｅxample.com", "`example.com`"),  # noqa: RUF001 - a full-width letter is the point
        ("ana@example。com", "`example.com`"),
        ("ana@\u200d.com", "no email address"),
        ("ana@a\u0301\u0301.com", ""),
    ],
)
def test_anything_but_a_bare_address_is_refused(email: str, says: str) -> None:
    problem = email_problem(email)
    assert says in problem
    assert bool(problem) == bool(says)


@given(st.from_regex(r"[A-Za-z0-9.+'=?_-]{1,20}@[A-Za-z0-9.-]{1,30}", fullmatch=True))
def test_what_is_decided_here_is_what_email_validator_would_decide_or_stricter(email: str) -> None:
    from email_validator import EmailNotValidError, validate_email

    if email_problem(email) == "":
        try:
            validate_email(email, check_deliverability=False, globally_deliverable=False)
        except EmailNotValidError as error:  # pragma: no cover - a counterexample
            pytest.fail(f"{email}: {error}")


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_no_text_crashes_the_rules(text: str) -> None:
    for value in (text, f"a@{text}", f"{text}@example.com", f"a@{text}.example"):
        if not email_problem(value):
            assert ascii_email(value).isascii()
    name_problem(text)


def test_the_wire_carries_the_ascii_form_of_an_internationalised_domain_and_the_record_what_was_asked() -> None:
    address = Address("ana@bücher.example")
    assert address.email == "ana@bücher.example"
    assert ascii_email(address.email) == "ana@xn--bcher-kva.example"
    assert ascii_email("Ana@Example.com") == "Ana@Example.com"


@pytest.mark.parametrize("name", ["", "Ana", "Müller, Ana (Ä)", 'Ana "A" M.', "山田 太郎", "a@b.co", " Ana ", "👩‍💻"])
def test_any_readable_display_name_is_taken(name: str) -> None:
    assert name_problem(name) == ""


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Ana\r\nBcc: x@example.com", "U+000D"),
        ("Ana\tB", "U+0009"),
        ("Ana\x85", "U+0085"),
        ("Ana\u2029", "U+2029"),
        ("Ana\udc80", "U+DC80"),
        ("Ana\u202e", "U+202E"),
        ("Ana\u2066", "U+2066"),
        ("\ufeffAna", "byte order mark"),
        ("=?utf-8?q?=0A?=", "`=?`"),
        ("   ", "blank"),
        ("a" * 257, "256"),
    ],
)
def test_a_display_name_that_could_deceive_a_reader_is_refused(name: str, says: str) -> None:
    assert says in name_problem(name)
