"""The suppression list's rules: which addresses are one, and which message may still go to a suppressed one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.suppressions import Reason, Suppression, joined, normalised, objection, suppression_id
from tests.services.builders import NOW

UNSUBSCRIBED, HARD_BOUNCE, MANUAL = Reason.UNSUBSCRIBED, Reason.HARD_BOUNCE, Reason.MANUAL
EVERY_SET = [c for n in (1, 2, 3) for c in itertools.combinations(Reason, n)]


def entry(*reasons: Reason, address: str = "bo@elsewhere.example", **more: str) -> Suppression:
    return Suppression(address, reasons, NOW, **more)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bo@Elsewhere.Example", "bo@elsewhere.example"),
        ("bo@BÜCHER.example", "bo@xn--bcher-kva.example"),
        ("bo@bücher.example", "BO@XN--BCHER-KVA.EXAMPLE"),
    ],
)
def test_case_and_the_spelling_of_a_domain_make_no_difference(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert suppression_id(normalised(one)) == suppression_id(normalised(other))


@pytest.mark.parametrize("other", ["b.o@gmail.com", "bo+news@gmail.com", "bo@googlemail.com", "bo_@gmail.com"])
def test_dots_and_plus_are_part_of_an_address(other: str) -> None:
    """A person may unsubscribe bo+news@ and keep bo@."""
    assert normalised(other) != normalised("bo@gmail.com")


def test_who_is_not_on_the_list_gets_everything() -> None:
    assert objection(None, transactional=False) == objection(None, transactional=True) == ""


@pytest.mark.parametrize("reasons", EVERY_SET)
def test_no_mailing_goes_to_whoever_is_on_the_list(reasons: tuple[Reason, ...]) -> None:
    assert "bo@elsewhere.example" in objection(entry(*reasons), transactional=False)


@pytest.mark.parametrize("reasons", EVERY_SET)
def test_a_transactional_message_goes_unless_mail_came_back(reasons: tuple[Reason, ...]) -> None:
    assert bool(objection(entry(*reasons), transactional=True)) == (HARD_BOUNCE in reasons)


def test_an_objection_names_the_reason_that_counts() -> None:
    both = entry(UNSUBSCRIBED, HARD_BOUNCE)

    assert objection(both, transactional=False) == "bo@elsewhere.example unsubscribed"
    assert objection(both, transactional=True) == "mail to bo@elsewhere.example came back for good before"


@given(st.sampled_from(EVERY_SET), st.sampled_from(EVERY_SET))
def test_two_entries_of_an_address_lose_no_reason_whichever_came_first(
    first: tuple[Reason, ...], second: tuple[Reason, ...]
) -> None:
    one, other = entry(*first), entry(*second)

    assert set(joined(one, other).reasons) == {*first, *second}
    assert joined(one, other).reasons == joined(other, one).reasons
    assert joined(joined(one, other), other) == joined(one, other)


def test_what_led_to_the_first_entry_stays_and_a_new_note_replaces_the_old() -> None:
    before = entry(UNSUBSCRIBED, send="snd_1", account="acc_1", note="old")
    after = joined(before, entry(HARD_BOUNCE, send="snd_2", account="acc_2", note="new"))

    assert (after.send, after.account, after.note) == ("snd_1", "acc_1", "new")
    assert joined(before, entry(MANUAL)).note == "old"
