"""Records to documents and back, for anything that a record may hold."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.adapters import values
from functions.domain import records
from functions.domain.accounts import AccountStatus, GmailAccount, StoredAlias
from functions.domain.keys import ApiKey
from functions.domain.messages import Address
from functions.domain.records import replace
from functions.domain.sends import AttachmentInfo, Attempt, Send, Status
from tests.full import examples
from tests.services.builders import account, send

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it
addresses = st.builds(Address, text, text)
several = {"max_size": 3}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def tuples(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, **several).map(tuple)


aliases = st.builds(StoredAlias, text, text, st.booleans(), st.booleans(), st.booleans(), text)
attempts = st.builds(Attempt, text, moments, text, text, text)
infos = st.builds(AttachmentInfo, text, text, st.integers(0, 2**40), text, text)
accounts = st.builds(
    GmailAccount,
    id=text, owner=text, sub=text, email=text, name=text, scopes=tuples(text), connected_at=moments,
    refresh_token=text, status=st.sampled_from(AccountStatus), problem_code=text, access_token=text,
    access_token_expires_at=st.none() | moments, last_sent_at=st.none() | moments, aliases=tuples(aliases),
    aliases_read_at=st.none() | moments,
)  # fmt: skip
sends = st.builds(
    Send,
    id=text, owner=text, status=st.sampled_from(Status), account=text, sender=addresses, to=tuples(addresses),
    cc=tuples(addresses), bcc=tuples(addresses), subject=text, created_at=moments, reply_to=tuples(addresses),
    attachments=tuples(infos), size=st.integers(0, 2**40), tags=tuples(text),
    metadata=st.dictionaries(text, text, **several), labels=tuples(text), template=st.none() | text,
    trigger=st.none() | text, batch=st.none() | text, send_at=st.none() | moments, sent_at=st.none() | moments,
    due_at=st.none() | moments, attempt_id=text, lease_until=st.none() | moments, attempts=tuples(attempts),
    gmail_message_id=st.none() | text, gmail_thread_id=st.none() | text, in_reply_to_send=st.none() | text,
    fingerprint=text, answered=text, answered_due=st.none() | moments, opens=st.integers(0, 2**31),
    replies=st.integers(0, 2**31),
)  # fmt: skip
keys = st.builds(
    ApiKey,
    id=text, owner=text, name=text, secret_sha256=text, scopes=tuples(text), accounts=st.none() | tuples(text),
    created_at=moments, expires_at=st.none() | moments, last_used_at=st.none() | moments,
)  # fmt: skip


def test_a_send_is_stored_without_what_every_send_has() -> None:
    plain = records.to_data(replace(send(), attempts=(Attempt("atm_1", NOW),)))
    assert {"id", "status", "to", "created_at"} <= plain.keys()
    assert plain["attempts"] == [{"id": "atm_1", "at": NOW}]
    assert not {"template", "batch", "opens", "composed", "metadata"} & plain.keys()


def test_what_goes_back_to_its_default_is_written() -> None:
    before = replace(send(), waits_for="paced", composed=False)
    assert records.changes(before, replace(before, waits_for="", composed=True)) == {"waits_for": "", "composed": True}


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])
@given(accounts | sends | keys)
def test_a_record_comes_back_as_it_was(record: Any) -> None:
    """Through the very text that a store keeps."""
    data = records.to_data(record)

    assert records.from_data(type(record), data) == record
    assert records.from_data(type(record), values.loads(values.dumps(data))) == record


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(sends, sends))
def test_the_changes_make_one_record_of_the_other(pair: tuple[Send, Send]) -> None:
    before, after = pair
    changed = records.changes(before, after)

    assert records.from_data(Send, {**records.to_data(before), **changed}) == after
    assert records.changes(before, before) == {}


def test_a_field_of_a_newer_release_is_ignored() -> None:
    data = {**records.to_data(send()), "invented_next_year": [1, {"a": 2}]}

    assert records.from_data(Send, data) == send()


def test_a_field_that_an_older_release_did_not_write_takes_its_default() -> None:
    data = records.to_data(account())
    for name in ("aliases", "aliases_read_at", "problem_code", "status"):
        del data[name]

    assert records.from_data(GmailAccount, data) == account()


def test_a_required_field_that_is_missing_is_an_error() -> None:
    data = records.to_data(account())
    del data["sub"]

    with pytest.raises(TypeError):
        records.from_data(GmailAccount, data)


@pytest.mark.parametrize("record", [account(), send()])
def test_nothing_but_plain_values_reaches_the_store(record: Any) -> None:
    """Statuses are strings, tuples lists: what Firestore takes."""

    def check(value: Any) -> None:
        assert type(value) in (dict, list, str, int, float, bool, bytes, datetime, type(None)) or isinstance(value, str)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(inner)

    check(records.to_data(record))
