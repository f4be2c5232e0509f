"""Free text: which words a message is found by, in whatever language, and however they are typed."""
# ruff: noqa: RUF001 -- letters that look like others are what this is about

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain import search
from functions.domain.addresses import Address
from tests.full import examples

ADA = Address("ada+x@ex-ample.com", "Ada Lovelace")


def finds(query: str, subject: str = "", *recipients: Address) -> bool:
    """As the history asks: every word of the query is a label of the send."""
    asked = search.asked(query)
    return bool(asked) and set(asked) <= set(search.labels(subject, recipients, ()))


@pytest.mark.parametrize(
    ("query", "subject"),
    [
        ("invoice", "Your INVOICE for March"),
        ("march invoice", "Your invoice for March"),
        ("INV 2026", "INV-2026/001"),
        ("inv-2026/001", "INV-2026/001"),
        ("42", "order_42"),
        ("don't", "Don't miss it"),
        # Accents, and letters that are no accented ones.
        ("grusse", "Grüße aus Köln"),
        ("GRÜSSE", "Grüße aus Köln"),
        ("strasse", "Straße"),
        ("STRASSE", "straße"),
        ("lodz", "Łódź"),
        ("Sorensen", "Sørensen"),
        ("hoa don", "Hóa đơn"),
        ("cafe\u0301", "Café"),
        ("еще", "Ещё раз"),
        # Turkish has two letters i, and upper case of both looks like one.
        ("istanbul", "İSTANBUL"),
        ("İstanbul", "istanbul"),
        ("ısparta", "ISPARTA"),
        ("ISPARTA", "ısparta"),
        # Greek writes its last sigma in another way.
        ("ΟΔΟΣ", "οδός"),
        # Forms that only look different.
        ("fine", "\ufb01ne"),
        ("abc 12", "\uff21\uff22\uff23 \uff11\uff12"),
        ("bold", "\U0001d401old"),
        ("donaudampf", "Donau\u00addampf"),
        # Arabic and Hebrew: with and without vowels, stretched, with either kind of alef and of digits.
        ("كتاب", "كِتَابٌ"),
        ("كتاب", "كتـــاب"),
        ("احمد", "أحمد"),
        ("مدرسه", "مدرسة"),
        ("2026", "٢٠٢٦"),
        ("שלום", "שָׁלוֹם"),
        ("می\u200cخواهم", "میخواهم"),
        # Scripts without spaces, found by any part of two characters and more, or by one.
        ("請求書", "請求書のお知らせ"),
        ("お知らせ", "請求書のお知らせ"),
        ("求書", "請求書のお知らせ"),
        ("書", "請求書のお知らせ"),
        ("発票", "您的発票2026年"),
        ("ﾃﾞｰﾀ", "データの更新"),
        ("แจ้ง", "ใบแจ้งหนี้"),
        # Korean hangs particles on its words.
        ("송장", "송장을 보냅니다"),
        ("हिन्दी", "हिन्दी में समाचार"),
        # Pictures.
        ("🎉", "🎉 Sale"),
        ("sale 🎉", "🎉Sale🎉"),
        ("❤", "With ❤️"),
        ("👍", "Thanks 👍🏽"),
        ("1", "1️⃣ step"),
    ],
)
def test_a_subject_is_found_however_its_words_are_typed(query: str, subject: str) -> None:
    assert finds(query, subject)


@pytest.mark.parametrize(
    ("query", "subject"),
    [
        ("invoices", "Your invoice"),
        ("voice", "Your invoice"),
        ("invoice april", "Your invoice for March"),
        ("かき", "かぎ"),
        ("請求", "求請"),
        ("🎉", "😀 Sale"),
        ("हिन्दी", "हिन्द"),
    ],
)
def test_other_words_are_not_found(query: str, subject: str) -> None:
    assert not finds(query, subject)


@pytest.mark.parametrize("query", ["", " ", "!!!", "- – —", "\u200b", "…", "´`", "\u0301"])
def test_what_has_no_word_finds_nothing(query: str) -> None:
    assert search.asked(query) == []


@pytest.mark.parametrize(
    "query",
    [
        "ada+x@ex-ample.com",
        "ADA+X@Ex-Ample.com",
        "<ada+x@ex-ample.com>,",
        "Ada Lovelace <ada+x@ex-ample.com>",
        "lovelace",
        "ex-ample.com",
        "@ex-ample.com",
        "ada+x",
        "ada ample",
    ],
)
def test_a_recipient_is_found_by_the_address_as_typed_by_its_parts_and_by_name(query: str) -> None:
    assert finds(query, "Hello", ADA)


@pytest.mark.parametrize("query", ["ada@ex-ample.com", "x+ada@ex-ample.com", "ada+x@ex-ample.co", "com.ample"])
def test_a_whole_address_is_no_other_one(query: str) -> None:
    assert finds(query, "Hello", ADA) is (query == "com.ample")


def test_a_whole_address_is_found_among_any_number_of_recipients() -> None:
    many = [Address(f"person-{n}@customer{n}.example", f"Name{n} Surname{n}") for n in range(200)]
    assert finds("person-199@customer199.example", "Hello", *many)
    assert len(search.word_labels("Hello", tuple(many))) == search.LABELS_LIMIT


def test_a_long_subject_is_found_by_all_of_itself() -> None:
    subject = " ".join(f"word{n}" for n in range(150))
    assert finds(subject, subject)
    assert finds("請求書のお知らせ" * 30, "請求書のお知らせ" * 30)
    distinct = "".join(chr(0x4E00 + n) for n in range(300))
    assert finds(distinct, distinct)
    assert len(search.word_labels(subject, ())) == search.SUBJECT_LIMIT


def test_a_long_word_is_cut_in_the_message_and_in_the_search() -> None:
    word = "x" * 300
    assert finds(word, f"See {word}")
    assert all(len(label) <= len("word:") + search.WORD_LENGTH for label in search.word_labels(f"See {word}", ()))


def test_the_subject_comes_before_the_recipients_where_there_are_too_many_words() -> None:
    found = search.word_labels("one two", tuple(Address(f"a{n}@b.example") for n in range(500)))
    assert found[:2] == ["word:one", "word:two"]


WORDS = "abcXYZ éßİıłΣςйё 書のガか한국 ไทยี้ كِتا ٣५1 🎉❤️👍🏽 -+_.@'\u200d\u00ad"


@settings(max_examples=examples(300))
@given(st.text(st.sampled_from(WORDS) | st.characters(codec="utf-8"), max_size=60))
def test_every_text_is_found_by_itself(text: str) -> None:
    assert {label for label in search.asked(text) if label.startswith("word:")} <= set(search.word_labels(text, ()))


@settings(max_examples=examples(300))
@given(st.text(st.sampled_from(WORDS), max_size=60))
def test_every_text_is_found_in_capitals_and_in_small_letters(text: str) -> None:
    for typed in (text.upper(), text.lower()):
        assert {label for label in search.asked(typed) if label.startswith("word:")} <= set(
            search.word_labels(text, ())
        )


@settings(max_examples=examples(200))
@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_plain_text_has_the_same_words_by_the_short_way(text: str) -> None:
    """ASCII is not folded; among other letters it is."""
    assert search.words(text) == [word for word in search.words(f"{text} Ж") if word != "ж"]


@pytest.mark.parametrize("sent", ["Bo@bücher.example", "bo@xn--bcher-kva.example"])
@pytest.mark.parametrize("asked", ["bo@bücher.example", "BO@XN--bcher-kva.example", "bo@bu\u0308cher.example"])
def test_an_address_is_found_however_its_domain_is_written(sent: str, asked: str) -> None:
    assert finds(asked, "Hello", Address(sent))
    assert f"to:{search.recipient(asked)}" in search.labels("Hello", (Address(sent),), ())


def test_what_is_no_address_stays_as_it_is() -> None:
    assert search.recipient("Bo at Elsewhere") == "bo at elsewhere"
