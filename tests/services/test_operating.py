"""What operators do: revoke every token, export an owner, delete an owner; on both stores, and cut off anywhere."""

import ast
import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from functions.adapters import http, values
from functions.domain import records, sends
from functions.domain.accounts import AccountStatus, GmailAccount
from functions.domain.callers import Caller
from functions.domain.errors import BlobMissing, GmailRejected, ReauthRequired, Unavailable
from functions.domain.ids import looks_like
from functions.domain.ports import Create, Data, Document, Documents, Put, Write
from functions.domain.records import replace
from functions.domain.sends import Status
from functions.services import announcing, erasing, trigger_keys
from functions.services.accounts import path
from functions.services.contents import pack_bodies
from functions.services.erasing import Erasing, walk
from functions.services.exporting import Exporting
from functions.services.grants import Grants
from functions.services.restoring import Restoring
from functions.services.revoking import Revoking
from tests.services.fakes import ACCOUNT, OWNER, FlakyDocuments, World

ROOT = Path(__file__).parents[2]
OTHER = "own_other"
SEALED = "v1.1." + "A" * 60


def eraser(
    world: World, documents: Documents | None = None, sleep: Callable[[float], None] = lambda _: None
) -> Erasing:
    store = documents or world.documents
    return Erasing(
        store,
        world.blobs,
        Grants(store, world.oauth, world.clock),
        world.tokens,
        discard=lambda document: store.commit([erasing.Delete(document.path)]) and None,
        disconnected=lambda _: None,
        sleep=sleep,
    )


def revoker(world: World) -> Revoking:
    return Revoking(world.documents, world.oauth, world.tokens, lambda _: None)


def collections() -> tuple[set[str], set[str]]:
    """The collections that the code knows: below an owner, and at the top. From every path that it writes."""
    below, top = set(), set()
    for file in (ROOT / "functions" / "services").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                text = "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
                if found := re.match(r"owners/\{\}/([a-z]+)(?:/|$)", text):
                    below.add(found[1])
                elif found := re.fullmatch(r"([a-z]+)/\{\}", text):
                    top.add(found[1])
    return below, top - {"owners"}


def places(owner: str) -> Iterator[tuple[str, Data]]:
    """A document in each collection that the code knows, for an owner."""
    below, top = collections()
    for name in sorted(below - {"accounts"}):
        yield f"owners/{owner}/{name}/x_{owner}", {"owner": owner, "subject": "Of a person", "secret": SEALED}
    for name in sorted(top - set(erasing.NAMELESS)):
        yield f"{name}/x_{owner}", {"owner": owner, "name": "n", "secret_sha256": "f" * 64, "grant": SEALED}
    yield f"owners/{owner}/templates/gone/versions/1", {"body": "x"}  # of a template that is no more
    yield f"owners/{owner}", {"content_days": 30}


def fill(world: World, *owners: str) -> None:
    writes: list[Write] = [Put(place, data) for owner in owners for place, data in places(owner)]
    world.documents.commit(writes)
    for owner in owners:
        for prefix in erasing.BLOBS:
            world.blobs.write(f"{prefix}/{owner}/x/file", [b"abc"])


def left(world: World, owner: str) -> list[str]:
    """The paths of all that is an owner's, found without the code that is tested."""
    top = [d for name in collections()[1] for d in world.documents.below(name, 1000)]
    own = [d.path for d in top if d.data.get("owner") == owner] + [
        d.path for d in world.documents.below(f"owners/{owner}", 1000)
    ]
    return own + [f"owners/{owner}"] * bool(world.documents.get(f"owners/{owner}"))


def blobs(world: World, owner: str) -> list[str]:
    kept = []
    for prefix in erasing.BLOBS:
        try:
            kept.append(b"".join(world.blobs.read(f"{prefix}/{owner}/x/file")).decode())
        except BlobMissing:
            continue
    return kept


# Completeness: what the code can write is what is deleted and exported.


def test_every_collection_outside_of_the_owners_is_known_to_the_deletion() -> None:
    below, top = collections()
    assert {"accounts", "sends", "events", "contents", "templates", "suppressions"} <= below  # the search finds them
    assert top == set(erasing.ELSEWHERE) | set(erasing.NAMELESS)


def test_every_blob_lies_below_its_owner() -> None:
    """All names that begin a blob: `<prefix>/{owner}/…`."""
    found = set()
    for file in [*(ROOT / "functions" / "services").glob("*.py"), *(ROOT / "functions" / "edge").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant) and len(node.values) > 1:
                value, start = node.values[1], node.values[0].value
                if isinstance(value, ast.FormattedValue) and re.fullmatch(r"[a-z]+/", start) and len(node.values) > 2:
                    assert "owner" in ast.unparse(value.value), (file.name, ast.unparse(node))
                    found.add(start.rstrip("/"))
    assert found - {"owners"} == set(erasing.BLOBS)


# Deleting.


def test_what_a_function_still_writes_from_memory_is_deleted_too(shared: World) -> None:
    """A trigger is believed in for some seconds after it is gone."""
    fill(shared, OWNER)
    waited: list[float] = []

    def late(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 1:
            shared.documents.commit([Put(f"owners/{OWNER}/received/whd_late", {"owner": OWNER})])
            shared.blobs.write(f"sends/{OWNER}/x/file", [b"abc"])

    eraser(shared, sleep=late).erase(OWNER)

    assert left(shared, OWNER) == []
    assert blobs(shared, OWNER) == []
    assert waited == [erasing.MEMORY.total_seconds()] * 2
    assert max(trigger_keys.FRESH, announcing.FRESH) < erasing.MEMORY


def test_what_is_read_at_once_fits_into_one_answer_however_large_it_is(world: World) -> None:
    class Asked(FlakyDocuments):
        most = 0

        def below(self, place: str, limit: int, after: str = "") -> list[Document]:
            self.most = max(self.most, limit)
            return super().below(place, limit, after)

    asked = Asked(world.documents)
    eraser(world, asked).erase(OWNER)
    assert asked.most
    assert asked.most * values.MAX_STORED * 4 / 3 < http.MAX_ANSWER  # bytes come as base64


def test_an_owner_is_deleted_whole_and_nobody_else(shared: World) -> None:
    fill(shared, OWNER, OTHER, f"{OWNER}2")
    before = sorted(left(shared, OTHER)), sorted(left(shared, f"{OWNER}2"))
    counted = eraser(shared).counts(OWNER)

    done = eraser(shared).erase(OWNER)

    assert left(shared, OWNER) == []
    assert blobs(shared, OWNER) == []
    assert done == counted
    assert done["accounts"] == 1
    assert (sorted(left(shared, OTHER)), sorted(left(shared, f"{OWNER}2"))) == before
    assert len(blobs(shared, OTHER)) == len(erasing.BLOBS)
    assert eraser(shared).erase(OWNER) == {}  # once more does no harm


def test_its_tokens_are_revoked_before_their_record_goes(world: World) -> None:
    token = world.tokens.refresh_token(world.account())
    world.oauth.revoke = away = Away()  # type: ignore[method-assign]

    with pytest.raises(Unavailable):
        eraser(world).erase(OWNER)
    assert world.documents.get(path(OWNER, ACCOUNT))

    away.there = True
    eraser(world).erase(OWNER)
    assert away.revoked == [token]
    assert world.documents.get(path(OWNER, ACCOUNT)) is None


def test_a_google_account_that_another_owner_connected_keeps_its_grant(world: World) -> None:
    data = world.documents.get(path(OWNER, ACCOUNT))
    assert data
    world.documents.commit([Create(path(OTHER, "acc_theirs"), {**data.data, "owner": OTHER, "id": "acc_theirs"})])

    eraser(world).erase(OWNER)

    assert world.oauth.revoked == []
    assert world.documents.get(path(OTHER, "acc_theirs"))


def test_an_account_of_another_owner_whose_grant_is_dead_keeps_none_from_being_given_back(world: World) -> None:
    token, theirs = world.tokens.refresh_token(world.account()), world.documents.get(path(OWNER, ACCOUNT))
    assert theirs
    dead = {"owner": OTHER, "id": "acc_theirs", "status": AccountStatus.REAUTH_REQUIRED.value}
    world.documents.commit([Create(path(OTHER, "acc_theirs"), {**theirs.data, **dead})])

    eraser(world).erase(OWNER)

    assert world.oauth.revoked == [token]


@pytest.mark.parametrize(("minutes", "revoked"), [(1, 0), (0, 1)])
def test_a_google_account_that_another_owner_may_yet_confirm_keeps_its_grant(
    world: World, minutes: int, revoked: int
) -> None:
    until = world.clock() + timedelta(minutes=minutes)
    parked = {"owner": OTHER, "sub": world.account().sub, "grant": SEALED, "expires_at": until}
    world.documents.commit([Create("pending/pnd_theirs", parked)])

    eraser(world).erase(OWNER)

    assert len(world.oauth.revoked) == revoked


@pytest.mark.parametrize("other", ["deleted", "disconnected"])
def test_of_two_owners_who_go_at_the_same_moment_one_gives_the_grant_back(
    world: World, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    """Neither leaves it to the other."""
    theirs = replace(world.account(), owner=OTHER, id="acc_theirs")
    theirs = replace(theirs, refresh_token=world.tokens.seal(theirs, "refresh_token", "theirs"))
    world.documents.commit([Create(path(OTHER, theirs.id), records.to_data(theirs))])
    first, needed = eraser(world), Grants.needed

    def meanwhile(grants: Grants, *args: str) -> bool:
        found = needed(grants, *args)
        if grants is first._grants and world.documents.get(path(OTHER, theirs.id)):
            if other == "deleted":
                eraser(world).erase(OTHER)
            else:
                world.disconnecting.disconnect(Caller(OTHER, "user"), theirs.id)
        return found

    monkeypatch.setattr(Grants, "needed", meanwhile)
    first.erase(OWNER)

    assert world.oauth.revoked == ["theirs"]
    assert left(world, OWNER) == []
    assert world.documents.get(path(OTHER, theirs.id)) is None


def test_a_token_that_google_no_longer_knows_is_no_obstacle(world: World) -> None:
    def refuse(_: str) -> None:
        raise GmailRejected("invalid_token")

    world.oauth.revoke = refuse  # type: ignore[method-assign]
    eraser(world).erase(OWNER)
    assert left(world, OWNER) == []


@pytest.mark.parametrize("written", [False, True])
def test_a_deletion_that_is_cut_off_is_finished_by_the_next(
    world: World, written: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "PAGE", 3)
    fill(world, OWNER)
    flaky = FlakyDocuments(world.documents, written=written)
    tries = 0
    while left(world, OWNER) and tries < 50:
        flaky.commits, flaky.fail = 0, {tries % 4}
        tries += 1
        try:
            eraser(world, flaky).erase(OWNER)
        except Unavailable:
            continue
    assert 1 < tries < 50


def test_a_parked_grant_is_given_back(world: World) -> None:
    fill(world, OWNER, OTHER)
    given_back: list[str] = []
    made = eraser(world)
    made._discard = lambda document: given_back.append(document.path)

    made.erase(OWNER)
    assert given_back == [f"pending/x_{OWNER}"]


# Exporting.


def test_an_export_has_every_record_and_no_secret(shared: World) -> None:
    fill(shared, OWNER, OTHER)
    bodies = pack_bodies("The text", "<p>The HTML</p>")
    shared.documents.commit([Put(f"owners/{OWNER}/contents/snd_1", {"bodies": bodies, "at": shared.clock()})])

    rows = list(Exporting(eraser(shared)).rows(OWNER))

    text = "\n".join(map(json.dumps, rows))
    assert {row["path"] for row in rows} == {
        place for place in left(shared, OWNER) if not place.startswith("pending/") and "/payloads/" not in place
    }
    assert OTHER not in text
    assert "v1.1." not in text
    assert "f" * 64 not in text
    assert shared.account().refresh_token not in text
    (content,) = [row["data"] for row in rows if row["path"].endswith("contents/snd_1")]
    assert content["text"] == "The text"
    assert content["html"] == "<p>The HTML</p>"
    assert content["at"].endswith("Z")


# Revoking.


class Away:
    """Google's revoke endpoint, away at first."""

    def __init__(self) -> None:
        self.there = False
        self.revoked: list[str] = []

    def __call__(self, token: str) -> None:
        if not self.there:
            raise Unavailable("Google is away.")
        self.revoked.append(token)


def test_every_token_is_revoked_and_every_account_wants_to_be_connected_again(shared: World) -> None:
    shared.connect("acc_two", "two@example.com")
    tokens = {shared.tokens.refresh_token(shared.account(name)) for name in (ACCOUNT, "acc_two")}

    assert revoker(shared).waiting() == 2
    assert revoker(shared).revoke_all() == {"revoked": 2}

    assert set(shared.oauth.revoked) == tokens
    for name in (ACCOUNT, "acc_two"):
        account = shared.account(name)
        assert (account.status, account.refresh_token, account.access_token) == (AccountStatus.REAUTH_REQUIRED, "", "")
    assert revoker(shared).waiting() == 0
    assert revoker(shared).revoke_all() == {}


def test_revoking_goes_on_where_it_was_cut_off(world: World) -> None:
    world.connect("acc_two", "two@example.com")
    world.oauth.revoke = away = Away()  # type: ignore[method-assign]

    assert revoker(world).revoke_all() == {"failed": 2}
    assert revoker(world).waiting() == 2
    assert world.account().status is AccountStatus.CONNECTED  # nothing is said that is not so

    away.there = True
    assert revoker(world).revoke_all() == {"revoked": 2}


def test_a_token_that_cannot_be_opened_is_counted_and_goes_out_of_use(world: World) -> None:
    def unreadable(_: GmailAccount) -> str:
        raise ReauthRequired("The key is gone.")

    world.tokens.refresh_token = unreadable  # type: ignore[method-assign]

    assert revoker(world).revoke_all() == {"unreadable": 1}
    assert world.account().status is AccountStatus.REAUTH_REQUIRED
    assert world.oauth.revoked == []


def test_what_is_connected_again_meanwhile_keeps_its_new_token(world: World) -> None:
    def reconnected(_: str) -> None:
        world.change_account(refresh_token=world.tokens.seal(world.account(), "refresh_token", "the new one"))

    world.oauth.revoke = reconnected  # type: ignore[method-assign]

    assert revoker(world).revoke_all() == {"failed": 1}
    assert world.account().status is AccountStatus.CONNECTED
    assert revoker(world).waiting() == 1


def test_sends_are_held_after_it_and_go_out_once_connected_again(world: World) -> None:
    send = world.queue(send_at=world.clock() + timedelta(hours=1))
    revoker(world).revoke_all()
    world.run(hours=2)
    assert world.record(send).status.value in ("queued", "scheduled")
    assert world.mailbox.deliveries(send) == 0


def test_walking_goes_on_though_what_was_seen_is_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "PAGE", 2)
    fill(world, OWNER)
    seen = []
    for document in walk(world.documents, f"owners/{OWNER}"):
        seen.append(document.path)
        world.documents.commit([erasing.Delete(document.path)])
    assert len(seen) == len(set(seen))
    assert not world.documents.below(f"owners/{OWNER}", 10)
    assert looks_like("own", OWNER)


# After records were restored.


class Backup:
    """The sends' records, as they were at some moment."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.made_at = world.clock()
        self.kept = world.documents.below(f"owners/{OWNER}/sends", 100)

    def restore(self) -> None:
        self.world.documents.commit([Put(document.path, document.data) for document in self.kept])
        self.world.tasks.all.clear()


def restoring(world: World) -> Restoring:
    return Restoring(world.documents, world.outbox, world.clock, os.urandom)


def test_what_went_out_after_the_backup_is_found_and_not_sent_again(world: World) -> None:
    gone, later = world.queue(), world.queue(send_at=world.clock() + timedelta(hours=9))
    backup = Backup(world)
    world.run(minutes=10)
    assert world.mailbox.deliveries(gone) == 1
    world.clock.pass_(hours=5)
    backup.restore()

    assert len(restoring(world).in_doubt(scheduled=False)) == 1
    assert restoring(world).doubt(backup.made_at, scheduled=False) == 1
    world.run(hours=2)

    assert world.record(gone).status is Status.SENT
    assert world.record(gone).gmail_message_id
    assert world.mailbox.deliveries(gone) == 1
    assert world.record(later).status is Status.SCHEDULED
    world.run(hours=3)
    assert world.mailbox.deliveries(later) == 1


def test_without_it_a_restored_send_would_go_out_twice(world: World) -> None:
    """Why the command has to run first."""
    gone = world.queue()
    backup = Backup(world)
    world.run(minutes=10)
    backup.restore()
    world.run(hours=2)
    assert world.mailbox.deliveries(gone) == 2


@pytest.mark.parametrize(("wish", "times"), [("hold", 0), ("resend", 1)])
def test_what_did_not_go_out_is_left_to_its_owner(world: World, wish: str, times: int) -> None:
    waiting = world.queue(if_unknown=wish)
    backup = Backup(world)
    backup.restore()

    restoring(world).doubt(backup.made_at, scheduled=False)
    world.run(hours=2)

    assert world.record(waiting).status is Status.UNKNOWN
    assert world.mailbox.deliveries(waiting) == 0
    again = world.record(waiting).resent_as
    assert (world.mailbox.deliveries(again) if again else 0) == times


def test_what_was_moved_after_the_backup_is_looked_for_where_that_is_asked(world: World) -> None:
    moved = world.queue(send_at=world.clock() + timedelta(hours=3))
    backup = Backup(world)
    world.set(moved, status=Status.QUEUED, due_at=world.clock(), send_at=None)
    world.tasks.enqueue(OWNER, moved)
    world.run(minutes=10)
    assert world.mailbox.deliveries(moved) == 1
    backup.restore()

    assert restoring(world).doubt(backup.made_at, scheduled=True) == 1
    world.run(hours=4)
    assert world.record(moved).status is Status.SENT
    assert world.mailbox.deliveries(moved) == 1


def test_an_attempt_that_was_under_way_is_looked_for_and_never_repeated(world: World) -> None:
    running = world.queue()
    found = world.outbox.find(OWNER, running)
    assert found
    world.outbox.save(found, sends.claim(found.send, "atm_1", world.clock()))
    backup = Backup(world)

    assert restoring(world).doubt(backup.made_at, scheduled=False) == 1
    world.run(hours=1)
    assert world.record(running).status is Status.UNKNOWN
    assert world.mailbox.deliveries(running) == 0
