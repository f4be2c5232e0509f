"""What an owner chooses, for all accounts together and for one: no change loses another that comes at the same time."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.sqlite import SqliteDocuments
from functions.domain import records
from functions.domain.accounts import AccountChange, GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import Forbidden, InvalidRequest, NotFound, PreconditionFailed
from functions.domain.owners import OwnerSettings
from functions.domain.ports import Create, Delete, Documents, Update
from functions.services.accounts import Accounts, path
from functions.services.owners import Owners
from tests.services.builders import account

ME = Caller("own_1", "user")


@pytest.fixture
def documents(tmp_path: Path) -> SqliteDocuments:
    return SqliteDocuments(tmp_path / "gmail.db", declared())


@pytest.fixture
def accounts(documents: Documents) -> Accounts:
    for each in (account(), account(id="acc_2", sub="2", email="grace@gmail.com")):
        documents.commit([Create(path(each.owner, each.id), records.to_data(each))])
    return Accounts(documents)


def at_once(*calls: Callable[[], object]) -> list[Exception]:
    errors: list[Exception] = []
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the test wants them all
            errors.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_an_owner_who_chose_nothing_has_the_defaults(documents: Documents) -> None:
    assert Owners(documents).settings("own_1") == OwnerSettings("", 90, 400)


def test_settings_and_the_default_account_do_not_erase_each_other(documents: Documents, accounts: Accounts) -> None:
    accounts.change(ME, "acc_2", AccountChange(is_default=True))
    assert Owners(documents).keep("own_1", 30, 60) == OwnerSettings("acc_2", 30, 60)
    accounts.change(ME, "acc_1", AccountChange(is_default=True))

    assert Owners(documents).settings("own_1") == OwnerSettings("acc_1", 30, 60)


def test_a_field_that_a_newer_release_keeps_stays(documents: Documents) -> None:
    documents.commit([Create("owners/own_1", {"default_account": "acc_1", "of_the_future": [1]})])

    Owners(documents).keep("own_1", 30, 60)

    document = documents.get("owners/own_1")
    assert document
    assert document.data["of_the_future"] == [1]


def test_first_settings_that_come_at_the_same_moment_all_count(open_store: Callable[[], Documents]) -> None:
    stores = [open_store() for _ in range(3)]
    fields = [{"content_days": 1}, {"event_days": 2}, {"default_account": "acc_1"}]

    errors = at_once(*(lambda s=s, f=f: Owners(s).change("own_1", f) for s, f in zip(stores, fields, strict=True)))  # type: ignore[misc]

    assert errors == []
    assert Owners(stores[0]).settings("own_1") == OwnerSettings("acc_1", 1, 2)


def test_what_goes_with_a_setting_must_hold_or_nothing_is_written(documents: Documents) -> None:
    with pytest.raises(PreconditionFailed):
        Owners(documents).change("own_1", {"default_account": "acc_9"}, Update("owners/own_1/accounts/acc_9", {}))

    assert documents.get("owners/own_1") is None


def test_changes_of_one_account_at_the_same_moment_all_count(open_store: Callable[[], Documents]) -> None:
    stores = [open_store() for _ in range(4)]
    stores[0].commit([Create(path("own_1", "acc_1"), records.to_data(account()))])
    changes = [
        AccountChange(fields={"name": "Countess"}),
        AccountChange(fields={"track_opens": True}),
        AccountChange(fields={"daily_limit": 7}),
        AccountChange(is_default=True, fields={"track_clicks": True}),
    ]

    def change(store: Documents, wanted: AccountChange) -> None:
        Accounts(store).change(ME, "acc_1", wanted)

    errors = at_once(*(lambda s=s, c=c: change(s, c) for s, c in zip(stores, changes, strict=True)))  # type: ignore[misc]

    assert errors == []
    found = Accounts(stores[0]).get(ME, "acc_1")
    expected = replace(account(), name="Countess", track_opens=True, track_clicks=True, daily_limit=7)
    assert found == expected
    assert Owners(stores[0]).settings("own_1").default_account == "acc_1"


def test_the_default_can_be_handed_on_but_not_given_up(accounts: Accounts) -> None:
    assert accounts.default_id("own_1") == "acc_1"  # connected first

    with pytest.raises(InvalidRequest) as caught:
        accounts.change(ME, "acc_1", AccountChange(is_default=False))
    assert [e.pointer for e in caught.value.errors] == ["/is_default"]
    accounts.change(ME, "acc_2", AccountChange(is_default=False))  # it is not anyway
    accounts.change(ME, "acc_2", AccountChange(is_default=True))

    assert accounts.default_id("own_1") == "acc_2"


@pytest.mark.usefixtures("accounts")
def test_an_account_that_is_disconnected_meanwhile_does_not_become_the_default(documents: Documents) -> None:
    class Late(Accounts):
        def get(self, caller: Caller, account_id: str) -> GmailAccount:
            found = super().get(caller, account_id)
            documents.commit([Delete(path("own_1", account_id))])
            return found

    with pytest.raises(NotFound):
        Late(documents).change(ME, "acc_2", AccountChange(is_default=True))

    assert Owners(documents).settings("own_1").default_account == ""


def test_a_key_for_some_accounts_changes_them_but_not_what_others_send_from(accounts: Accounts) -> None:
    key = Caller("own_1", "key", accounts=frozenset({"acc_2"}))

    assert accounts.change(key, "acc_2", AccountChange(fields={"name": "G"})).name == "G"
    with pytest.raises(Forbidden):
        accounts.change(key, "acc_2", AccountChange(is_default=True))
    with pytest.raises(NotFound):
        accounts.change(key, "acc_1", AccountChange(fields={"name": "G"}))
