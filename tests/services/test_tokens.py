"""Access tokens: refreshed once however many ask, never used when refused, and sealed to one record."""

import base64
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.adapters.declared_indexes import declared
from functions.adapters.read_ahead import ReadAhead
from functions.adapters.sealing import KeyRing
from functions.adapters.sqlite import SqliteDocuments
from functions.domain import records
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.errors import InvalidCredentials, NotFound, ReauthRequired, Unavailable
from functions.domain.google_ports import AccessToken
from functions.domain.ports import Create, Delete, Document, Put, Update
from functions.domain.scopes import REQUESTED_SCOPES, SEND
from functions.services import tokens
from functions.services.accounts import path
from functions.services.tokens import Tokens
from tests.services.builders import NOW, Clock, MemorySecrets, account


class OAuth:
    """Counts refreshes and numbers the tokens it gives; answers with `error` instead, if there is one."""

    def __init__(self) -> None:
        self.refreshed: list[str] = []
        self.error: Exception | None = None
        self.rotated: str | None = None
        self.scopes: tuple[str, ...] = ()
        self.before: Callable[[], object] = lambda: None
        self.answered: Callable[[], object] = lambda: None  # while the answer is on its way

    def refresh(self, refresh_token: str) -> AccessToken:
        self.before()
        self.refreshed.append(refresh_token)
        if self.error:
            raise self.error
        number = len(self.refreshed)
        fresh = AccessToken(f"access-{number}", NOW + timedelta(hours=number), self.scopes, self.rotated)
        self.answered()
        return fresh


class Rotating(OAuth):
    """Takes each refresh token once, and gives another one with it."""

    def refresh(self, refresh_token: str) -> AccessToken:
        if refresh_token in self.refreshed:
            self.refreshed.append(refresh_token)
            raise ReauthRequired
        self.rotated = f"refresh-{len(self.refreshed) + 2}"
        return super().refresh(refresh_token)


class House:
    """Two instances of the service over one store."""

    def __init__(self, directory: Path, oauth: OAuth | None = None) -> None:
        self.oauth = oauth or OAuth()
        self.pauses: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None  # during the next pause
        self.clock = Clock()
        self.secrets = MemorySecrets()
        self.ring = KeyRing(self.secrets, "tokens", create=True)
        self.documents = SqliteDocuments(directory / "gmail.db", declared())
        self.tokens = self.instance()

    def instance(self) -> Tokens:
        return Tokens(self.documents, self.oauth, self.ring, self.clock, sleep=self.sleep)  # type: ignore[arg-type]

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()

    def store(self, **changed: Any) -> GmailAccount:
        made = account(**changed)
        made = replace(made, refresh_token=self.tokens.seal(made, "refresh_token", f"refresh-{made.id}"))
        self.documents.commit([Create(path(made.owner, made.id), records.to_data(made))])
        return made

    def reconnect(self, found: GmailAccount, token: str = "access-again", **changed: Any) -> GmailAccount:
        """Its owner connects it anew, with whatever else they grant."""
        again = replace(
            found,
            refresh_token=self.tokens.seal(found, "refresh_token", "refresh-again"),
            access_token=self.tokens.seal(found, "access_token", token) if token else "",
            access_token_expires_at=NOW + timedelta(hours=1) if token else None,
            **changed,
        )
        self.documents.commit([Put(path(found.owner, found.id), records.to_data(again))])
        return again

    def stored(self, found: GmailAccount) -> GmailAccount:
        document = self.documents.get(path(found.owner, found.id))
        assert isinstance(document, Document)
        return records.from_data(GmailAccount, document.data)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def rotating(tmp_path: Path) -> House:
    return House(tmp_path, Rotating())


def test_the_first_call_refreshes_and_the_next_ones_do_not(house: House) -> None:
    ada = house.store()

    assert [house.tokens.access_token(ada) for _ in range(3)] == ["access-1"] * 3
    assert house.oauth.refreshed == ["refresh-acc_1"]


def test_another_instance_takes_the_token_from_the_record(house: House) -> None:
    ada = house.store()
    house.tokens.access_token(ada)

    assert house.instance().access_token(house.stored(ada)) == "access-1"
    assert len(house.oauth.refreshed) == 1


def test_the_record_holds_no_token_that_can_be_read(house: House) -> None:
    ada = house.store()
    house.tokens.access_token(ada)

    text = str(house.documents.get(path(ada.owner, ada.id)))

    assert "access-1" not in text
    assert "refresh-acc_1" not in text


@pytest.mark.parametrize(("minutes", "refreshes"), [(58.9, 1), (59.1, 2), (61, 2)])
def test_a_token_is_not_used_in_its_last_minute(house: House, minutes: float, refreshes: int) -> None:
    ada = house.store()
    house.tokens.access_token(ada)

    house.clock.now = NOW + timedelta(minutes=minutes)
    house.tokens.access_token(house.stored(ada))

    assert len(house.oauth.refreshed) == refreshes


def test_twenty_threads_at_once_refresh_once(house: House) -> None:
    ada = house.store()
    begin, others_wait = threading.Barrier(20), threading.Event()
    house.oauth.before = lambda: others_wait.wait(30)

    def call(_: int) -> str:
        if begin.wait(30) == 0:
            threading.Timer(0.1, others_wait.set).start()  # until then all of them pile up
        return house.tokens.access_token(ada)

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(call, range(20))) == {"access-1"}
    assert len(house.oauth.refreshed) == 1


def test_twenty_threads_whose_token_was_refused_refresh_once(house: House) -> None:
    ada = house.store()
    refused = house.tokens.access_token(ada)
    begin = threading.Barrier(20)

    def call(_: int) -> str:
        begin.wait(30)
        return house.tokens.access_token(ada, refused=refused)

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(call, range(20))) == {"access-2"}
    assert len(house.oauth.refreshed) == 2


def test_two_accounts_do_not_wait_for_each_other(house: House) -> None:
    ada, bo = house.store(), house.store(id="acc_2")
    inside, leave = threading.Event(), threading.Event()

    def block_the_first() -> None:
        if not inside.is_set():
            inside.set()
            assert leave.wait(30)

    house.oauth.before = block_the_first
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(house.tokens.access_token, ada)
        assert inside.wait(30)
        assert house.tokens.access_token(bo)
        leave.set()
        assert first.result(30)


def test_the_tokens_that_were_fetched_first_are_forgotten_and_come_from_the_record(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 3)
    accounts = [house.store(id=f"acc_{n}", sub=str(n)) for n in range(6)]
    given = [house.tokens.access_token(one) for one in accounts]
    assert list(house.tokens._cache) == ["acc_3", "acc_4", "acc_5"]
    assert len(house.tokens._turns) == 0

    assert [house.tokens.access_token(house.stored(one)) for one in accounts] == given
    assert len(house.oauth.refreshed) == 6


def test_tokens_that_have_expired_are_forgotten_at_the_next_one(house: House) -> None:
    for number in range(3):  # they live for one, two and three hours
        house.tokens.access_token(house.store(id=f"acc_{number}", sub=str(number)))
    house.clock.now = NOW + timedelta(hours=2)
    house.tokens.access_token(house.store(id="acc_new", sub="new"))
    assert list(house.tokens._cache) == ["acc_2", "acc_new"]


def test_an_earlier_grants_token_is_not_used_for_a_later_one(house: House) -> None:
    ada = house.store()
    assert house.tokens.access_token(ada) == "access-1"
    again = house.reconnect(ada, token="")
    assert house.tokens.access_token(again) == "access-2"
    assert house.oauth.refreshed == ["refresh-acc_1", "refresh-again"]


def test_after_a_refusal_the_records_token_is_not_trusted_either(house: House) -> None:
    """It may be as dead as the refused one; only a refresh tells whether the grant is."""
    ada = house.store()
    refused = house.tokens.access_token(ada)
    other = house.instance()
    other.access_token(ada, refused=refused)
    assert house.stored(ada).access_token != ada.access_token

    assert house.tokens.access_token(house.stored(ada), refused=refused) == "access-3"


def test_a_call_whose_token_is_refused_is_made_once_more_with_a_fresh_one(house: House) -> None:
    ada = house.store()
    used: list[str] = []

    def call(token: str) -> str:
        used.append(token)
        if len(used) == 1:
            raise ReauthRequired
        return "answer"

    assert house.tokens.with_token(ada, call) == "answer"
    assert used == ["access-1", "access-2"]
    assert house.stored(ada).status is AccountStatus.CONNECTED


def test_a_call_whose_fresh_token_is_refused_too_marks_the_account(house: House) -> None:
    ada = house.store()

    def call(_: str) -> None:
        raise ReauthRequired

    with pytest.raises(ReauthRequired):
        house.tokens.with_token(ada, call)
    assert house.stored(ada).status is AccountStatus.REAUTH_REQUIRED


def test_a_dead_grant_marks_the_account_and_forgets_the_access_token(house: House) -> None:
    ada = house.store()
    house.tokens.access_token(ada)
    house.oauth.error = ReauthRequired()
    house.clock.now += timedelta(hours=2)

    with pytest.raises(ReauthRequired, match=ada.email):
        house.tokens.access_token(house.stored(ada))

    found = house.stored(ada)
    assert found.status is AccountStatus.REAUTH_REQUIRED
    assert (found.access_token, found.access_token_expires_at) == ("", None)
    assert found.refresh_token == ada.refresh_token


@pytest.mark.parametrize("error", [Unavailable(), InvalidCredentials()])
def test_what_is_not_the_grants_fault_changes_nothing(house: House, error: Exception) -> None:
    ada = house.store()
    house.oauth.error = error

    with pytest.raises(type(error)):
        house.tokens.access_token(ada)

    assert house.stored(ada) == ada


def test_an_account_that_was_reconnected_meanwhile_is_not_marked(house: House) -> None:
    ada = house.store()
    fresh = house.tokens.seal(ada, "refresh_token", "a new one")
    house.documents.commit([Update(path(ada.owner, ada.id), {"refresh_token": fresh})])

    house.tokens.mark_dead(ada)

    assert house.stored(ada).status is AccountStatus.CONNECTED


def test_an_account_that_was_disconnected_meanwhile_is_not_found_and_not_written_again(house: House) -> None:
    ada = house.store()
    house.documents.commit([Delete(path(ada.owner, ada.id))])

    with pytest.raises(NotFound):
        house.tokens.access_token(ada)
    house.tokens.mark_dead(ada)

    assert house.documents.get(path(ada.owner, ada.id)) is None


def test_a_refresh_token_that_google_rotates_is_kept(house: House) -> None:
    ada = house.store()
    house.oauth.rotated = "rotated"
    house.tokens.access_token(ada)

    assert house.tokens.refresh_token(house.stored(ada)) == "rotated"


def test_none_returned_overwrites_nothing(house: House) -> None:
    ada = house.store()
    house.tokens.access_token(ada)

    assert house.tokens.refresh_token(house.stored(ada)) == "refresh-acc_1"
    assert house.stored(ada).scopes == ada.scopes


def test_scopes_that_google_has_narrowed_are_noted(house: House) -> None:
    ada = house.store()
    house.oauth.scopes = (SEND,)
    house.tokens.access_token(ada)

    assert house.stored(ada).scopes == (SEND,)


@pytest.mark.parametrize("other", [{"owner": "own_2"}, {"id": "acc_2"}, {"sub": "22"}])
def test_a_token_moved_to_another_record_cannot_be_opened(house: House, other: dict[str, str]) -> None:
    """Whoever can write to the store can't make one account send with another's grant."""
    ada = house.store()
    thief = account(**other, refresh_token=ada.refresh_token, email="thief@example.com")

    with pytest.raises(ReauthRequired):
        house.tokens.refresh_token(thief)
    assert house.oauth.refreshed == []


def test_an_access_token_cannot_pose_as_a_refresh_token(house: House) -> None:
    ada = house.store()
    house.tokens.access_token(ada)
    swapped = replace(ada, refresh_token=house.stored(ada).access_token)

    with pytest.raises(ReauthRequired):
        house.tokens.refresh_token(swapped)


def test_an_access_token_moved_to_another_record_is_not_used(house: House) -> None:
    ada, bo = house.store(), house.store(id="acc_2")
    house.tokens.access_token(ada)
    found = house.stored(ada)
    swapped = replace(bo, access_token=found.access_token, access_token_expires_at=found.access_token_expires_at)

    assert house.instance().access_token(swapped) == "access-2"
    assert house.oauth.refreshed == ["refresh-acc_1", "refresh-acc_2"]


# Others change the record


def test_who_reconnects_during_a_refresh_keeps_the_new_grant(house: House) -> None:
    """Its access token may read, which the one of the earlier grant may not."""
    ada = house.store(scopes=(SEND,))
    house.oauth.scopes = (SEND,)
    made: list[GmailAccount] = []
    house.oauth.answered = lambda: made.append(house.reconnect(ada, scopes=REQUESTED_SCOPES))

    assert house.tokens.access_token(ada) == "access-again"

    assert [house.stored(ada)] == made
    assert house.tokens.access_token(house.stored(ada)) == "access-again"
    assert house.oauth.refreshed == ["refresh-acc_1"]


def test_an_old_record_in_hand_leads_to_the_new_grant(house: House) -> None:
    ada = house.store()
    house.reconnect(ada)
    assert house.tokens.access_token(ada) == "access-again"

    assert house.tokens.access_token(ada, refused="access-again") == "access-1"
    assert house.oauth.refreshed == ["refresh-again"]


def test_what_others_write_during_a_refresh_stays_and_so_does_the_token(house: House) -> None:
    ada = house.store()
    house.oauth.answered = lambda: house.documents.commit([Update(path(ada.owner, ada.id), {"name": "Countess"})])

    assert house.tokens.access_token(ada) == "access-1"

    assert house.stored(ada).name == "Countess"
    assert house.instance().access_token(house.stored(ada)) == "access-1"
    assert len(house.oauth.refreshed) == 1


def test_an_account_that_is_disconnected_during_a_refresh_is_not_written_again(house: House) -> None:
    ada = house.store()
    house.oauth.answered = lambda: house.documents.commit([Delete(path(ada.owner, ada.id))])

    with pytest.raises(NotFound):
        house.tokens.access_token(ada)
    assert house.documents.get(path(ada.owner, ada.id)) is None


def test_what_another_instance_has_just_fetched_is_used(house: House) -> None:
    ada = house.store()
    house.instance().access_token(ada)

    assert house.tokens.access_token(ada) == "access-1"
    assert len(house.oauth.refreshed) == 1


def test_a_grant_found_dead_during_a_refresh_stays_dead(house: House) -> None:
    """All tokens were revoked, say, after Google gave this one."""
    ada = house.store()
    house.oauth.answered = lambda: house.instance().mark_dead(ada)

    with pytest.raises(ReauthRequired):
        house.tokens.access_token(ada)

    assert house.stored(ada) == ada.needs_reauth()


def test_of_a_grant_that_is_dead_by_now_google_is_not_asked(house: House) -> None:
    ada = house.store()
    house.tokens.mark_dead(ada)

    with pytest.raises(ReauthRequired, match=ada.email):
        house.tokens.access_token(ada)
    assert house.oauth.refreshed == []


def test_who_reconnects_while_google_refuses_the_earlier_grant_is_not_marked(house: House) -> None:
    ada = house.store()
    house.oauth.error = ReauthRequired()
    house.meanwhile = lambda: house.reconnect(ada)

    assert house.tokens.access_token(ada) == "access-again"
    assert house.stored(ada).status is AccountStatus.CONNECTED


def test_a_change_in_the_same_moment_does_not_keep_a_dead_grant_from_being_marked(house: House) -> None:
    ada = house.store()
    house.oauth.error = ReauthRequired()
    commit, names = house.documents.commit, ["Countess"]

    def contended(writes: Any) -> Any:
        if names:
            commit([Update(path(ada.owner, ada.id), {"name": names.pop()})])
        return commit(writes)

    house.documents.commit = contended  # type: ignore[method-assign]
    with pytest.raises(ReauthRequired):
        house.tokens.access_token(ada)
    assert house.stored(ada) == replace(ada.needs_reauth(), name="Countess")


# A token server that rotates refresh tokens


def test_threads_with_an_expired_token_post_a_refresh_token_once(rotating: House) -> None:
    ada = rotating.store()
    begin = threading.Barrier(4)

    def call(_: int) -> str:
        begin.wait(30)
        return rotating.tokens.access_token(ada)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(call, range(4))) == {"access-1"}
    assert rotating.oauth.refreshed == ["refresh-acc_1"]


def test_a_request_goes_on_with_the_record_that_it_has_read(rotating: House) -> None:
    ada = rotating.store()

    assert [rotating.tokens.with_token(ada, str) for _ in range(3)] == ["access-1"] * 3

    rotating.clock.now += timedelta(hours=2)
    assert rotating.tokens.with_token(ada, str) == "access-2"
    assert rotating.oauth.refreshed == ["refresh-acc_1", "refresh-2"]
    assert rotating.tokens.refresh_token(rotating.stored(ada)) == "refresh-3"


def test_another_instance_goes_on_with_the_record_that_it_has_read(rotating: House) -> None:
    ada = rotating.store()
    rotating.instance().access_token(ada)

    assert rotating.tokens.with_token(ada, str) == "access-1"
    assert rotating.oauth.refreshed == ["refresh-acc_1"]


def test_who_comes_second_waits_for_what_the_first_writes_down(rotating: House) -> None:
    """The first has the answer, and its commit is on the way, when the second is refused."""
    ada = rotating.store()
    other, waits, written = rotating.instance(), threading.Event(), threading.Event()

    def pause() -> None:
        waits.set()
        assert written.wait(30)

    with ThreadPoolExecutor(1) as pool:
        second: list[Future[str]] = []

        def race() -> None:
            rotating.meanwhile = pause
            second.append(pool.submit(other.access_token, ada))
            assert waits.wait(30)

        rotating.oauth.answered = race
        assert rotating.tokens.access_token(ada) == "access-1"
        written.set()
        assert second[0].result(30) == "access-1"
    assert rotating.oauth.refreshed == ["refresh-acc_1"] * 2
    assert rotating.stored(ada).status is AccountStatus.CONNECTED
    assert rotating.pauses == [tokens.PAUSE]


def test_a_refresh_that_succeeded_wins_over_who_was_refused_for_being_second(rotating: House) -> None:
    ada = rotating.store()

    def race() -> None:
        with pytest.raises(ReauthRequired):
            rotating.instance().access_token(ada)
        assert rotating.stored(ada).status is AccountStatus.REAUTH_REQUIRED

    rotating.oauth.answered = race
    assert rotating.tokens.access_token(ada) == "access-1"

    found = rotating.stored(ada)
    assert (found.status, found.problem_code) == (AccountStatus.CONNECTED, "")
    assert rotating.tokens.refresh_token(found) == "refresh-2"


def test_a_record_that_was_read_ahead_is_not_believed_against_the_store(rotating: House) -> None:
    """What a request has fetched ahead it is given again, until something is written."""
    ada = rotating.store()
    ahead = ReadAhead(rotating.documents)
    reading = Tokens(ahead, rotating.oauth, rotating.ring, rotating.clock, sleep=rotating.sleep)  # type: ignore[arg-type]

    with ahead.ahead([path(ada.owner, ada.id)]):
        rotating.tokens.access_token(ada)
        assert reading.access_token(ada) == "access-1"

    assert rotating.stored(ada).status is AccountStatus.CONNECTED


def test_a_rotated_grant_whose_fresh_token_gmail_refuses_marks_the_account_too(rotating: House) -> None:
    ada = rotating.store()

    def call(_: str) -> None:
        raise ReauthRequired

    with pytest.raises(ReauthRequired):
        rotating.tokens.with_token(ada, call)
    assert rotating.stored(ada).status is AccountStatus.REAUTH_REQUIRED


# Without the key


def test_a_key_that_is_only_disabled_costs_nobody_their_grant(house: House) -> None:
    ada = house.store()
    house.secrets.add("tokens", base64.b64encode(os.urandom(32)))
    house.secrets.disabled = {"1"}
    house.ring = KeyRing(house.secrets, "tokens", create=False)

    with pytest.raises(Unavailable, match="Version 1 of the secret tokens is disabled"):
        house.instance().access_token(ada)
    with pytest.raises(Unavailable):
        house.instance().with_token(ada, str)
    assert house.stored(ada) == ada

    house.secrets.disabled.clear()
    house.ring = KeyRing(house.secrets, "tokens", create=False)
    assert house.instance().access_token(ada) == "access-1"


@pytest.mark.parametrize("lost", ["destroyed", "another"])
def test_a_grant_that_cannot_be_opened_is_not_called_dead(house: House, lost: str) -> None:
    """Only Google knows; and a key may come back, as from a copy of a laptop's files."""
    ada = house.store()
    kept = house.secrets.versions["tokens"]
    key = {"1": base64.b64encode(os.urandom(32))} if lost == "another" else {}
    house.secrets.versions["tokens"] = {**key, "2": base64.b64encode(os.urandom(32))}
    house.ring = KeyRing(house.secrets, "tokens", create=False)

    with pytest.raises(ReauthRequired, match="can't be read any more"):
        house.instance().access_token(ada)
    assert house.stored(ada) == ada
    assert house.oauth.refreshed == []

    house.secrets.versions["tokens"] = kept
    house.ring = KeyRing(house.secrets, "tokens", create=False)
    assert house.instance().access_token(ada) == "access-1"
