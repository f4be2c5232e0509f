"""A store that fails, or a process that dies, in the middle of a send: still one delivery at most."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from functions.domain.errors import Unavailable
from functions.domain.ports import Create, Document, Update, Write
from tests.e2e.client import Answer, Caller, File, letter, multipart
from tests.e2e.hosts import Inside
from tests.faults.stub import Stub


class Failing:
    """Puts itself before a store's commit, and fails those that hold a write of the given kind to a send. `reads`:
    so many reads after it fail, too."""

    def __init__(self, inside: Inside, kind: type, *, times: int, applied: bool = False, reads: int = 0) -> None:
        self._documents: Any = inside.app.documents._documents  # the store, below what is read ahead
        self._commit = self._documents.commit
        self._kind, self._times, self._applied = kind, times, applied
        self._documents.commit = self
        self._reads, self._failing_reads = reads, 0
        self._get_many = self._documents.get_many
        self._documents.get_many = self.get_many

    def __call__(self, writes: Sequence[Write]) -> list[str]:
        if self._times and any(isinstance(w, self._kind) and "/sends/" in w.path for w in writes):
            self._times -= 1
            self._failing_reads = self._reads
            if self._applied:
                self._commit(writes)
            raise Unavailable("The store is away.")
        return self._commit(writes)

    def get_many(self, paths: Sequence[str]) -> list[Document | None]:
        if self._failing_reads:
            self._failing_reads -= 1
            raise Unavailable("The store is away.")
        return self._get_many(paths)


def test_what_cannot_be_put_on_record_is_not_sent(inside: Inside, caller: Caller, stub: Stub) -> None:
    Failing(inside, Create, times=1)

    caller.send_as("once").problem(503, "unavailable")

    assert stub.connections == 0
    caller.send_as("once").ok()
    assert stub.deliveries == 1


@pytest.mark.parametrize("wait", [True, False])
def test_a_record_whose_answer_was_lost_is_looked_for_and_goes_out(
    inside: Inside, caller: Caller, stub: Stub, wait: bool
) -> None:
    """The store wrote it and did not say so. It is on record, so that is what is said."""
    Failing(inside, Create, times=1, applied=True)

    first = caller.send_as("once", wait=wait).ok(200 if wait else 202)

    again = caller.send_as("once", wait=wait)
    assert (again.ok(200 if wait else 202)["id"], again.headers["Idempotent-Response"]) == (first["id"], "true")
    assert ended(caller, first["id"]) == "sent"
    assert [send["status"] for send in caller.history()] == ["sent"]
    assert stub.deliveries == 1


def ended(caller: Caller, send_id: str) -> str:
    """The status, once the queue has done its part."""
    end = time.monotonic() + 90
    while True:
        status = str(caller.get(f"history/{send_id}/").ok()["status"])
        if status not in ("queued", "sending") or time.monotonic() > end:
            return status
        time.sleep(0.05)


def test_a_record_of_which_nothing_can_be_learned_is_not_sent_twice(inside: Inside, caller: Caller, stub: Stub) -> None:
    """Nor can it be looked for: nothing was sent, and after the lease that is what is said."""
    Failing(inside, Create, times=1, applied=True, reads=1)
    caller.send_as("once").problem(503, "unavailable")

    caller.send_as("once").problem(409, "idempotency_in_progress")
    inside.time.jump(minutes=6)

    assert caller.send_as("once").ok(202)["status"] == "unknown"
    assert stub.deliveries == 0


FILE = File("large.bin", bytes(200_000))


def with_a_file(caller: Caller, **message: Any) -> Answer:
    body, kind = multipart(letter(**message), FILE)
    return caller.post("send/", body, Content_Type=kind, Idempotency_Key="once")


def kept(inside: Inside) -> list[int]:
    """The sizes of the files that lie in the blob store."""
    return [path.stat().st_size for path in inside.blobs]


def test_the_files_of_a_record_of_which_nothing_can_be_learned_are_kept(
    inside: Inside, caller: Caller, stub: Stub
) -> None:
    """The caller hears that it may be on record. It is, and goes out with the only copy there is of its file."""
    Failing(inside, Create, times=1, applied=True, reads=1)
    with_a_file(caller, wait=False).problem(503, "unavailable")

    again = with_a_file(caller, wait=False)

    assert (again.status, again.headers["Idempotent-Response"]) == (202, "true")
    assert kept(inside) == [len(FILE.content)]  # that of the repeated call is dropped
    inside.time.jump(minutes=1)
    inside.app.sweep()  # nobody enqueued it
    assert ended(caller, again.json()["id"]) == "sent"
    assert stub.deliveries == 1


def test_so_are_those_of_one_that_was_to_go_out_at_once(inside: Inside, caller: Caller, stub: Stub) -> None:
    """Nobody called Gmail, and after the lease nobody will. Its owner can have it sent again, with its file."""
    Failing(inside, Create, times=1, applied=True, reads=1)
    with_a_file(caller).problem(503, "unavailable")
    inside.time.jump(minutes=6)
    lost = with_a_file(caller).ok(202)
    assert lost["status"] == "unknown"

    again = caller.post(f"history/{lost['id']}/resend/", {}).ok(202)

    assert ended(caller, again["id"]) == "sent"
    assert stub.deliveries == 1


def test_the_files_of_a_call_that_a_rival_was_faster_than_are_dropped(
    inside: Inside, caller: Caller, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = with_a_file(caller).ok()
    monkeypatch.setattr(inside.app.repeating, "first_answer", lambda *_: None)  # not there yet when it was looked for

    assert with_a_file(caller).ok()["id"] == first["id"]

    assert kept(inside) == [len(FILE.content)]
    assert stub.deliveries == 1


def test_one_failure_to_note_the_outcome_is_made_good(inside: Inside, caller: Caller, stub: Stub) -> None:
    Failing(inside, Update, times=1)

    caller.send_as("once").ok()

    assert caller.history()[0]["status"] == "sent"
    assert stub.deliveries == 1


def test_a_store_that_is_away_after_gmail_took_the_message_is_waited_for(
    inside: Inside, caller: Caller, stub: Stub
) -> None:
    Failing(inside, Update, times=2)

    first = caller.send_as("once").ok()

    assert first["status"] == caller.history()[0]["status"] == "sent"
    assert caller.send_as("once").ok() == first
    assert stub.deliveries == 1


def test_an_outcome_that_was_noted_although_the_store_said_no_stays(inside: Inside, caller: Caller, stub: Stub) -> None:
    Failing(inside, Update, times=1, applied=True)

    first = caller.send_as("once").ok()

    assert caller.history()[0]["status"] == "sent"
    assert caller.send_as("once").ok() == first
    assert stub.deliveries == 1


def test_a_process_that_dies_while_gmail_answers_leaves_an_unknown_send(
    inside: Inside, caller: Caller, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(inside.app.gmail, "send", die)
        with pytest.raises(SystemExit):
            caller.send_as("once")

    caller.send_as("once").problem(409, "idempotency_in_progress")
    assert caller.history()[0]["status"] == "sending"
    inside.time.jump(minutes=6)
    told = caller.send_as("once")
    assert told.ok(202)["status"] == "unknown"
    assert told.headers["Idempotent-Response"] == "true"
    (record,) = caller.history()
    assert (record["status"], record["attempts"][0]["outcome"]) == ("unknown", "unknown")
    assert stub.deliveries == 0


def test_an_account_that_is_disconnected_while_its_message_goes_out_still_has_it_on_record(
    inside: Inside, caller: Caller, stub: Stub
) -> None:
    send = inside.app.gmail.send

    def disconnected_meanwhile(*arguments: Any) -> Any:
        found = send(*arguments)
        worker = threading.Thread(target=lambda: caller.delete("accounts/acc_1/").ok(204))
        worker.start()
        worker.join()
        return found

    inside.app.gmail.send = disconnected_meanwhile  # type: ignore[method-assign]

    caller.send_as("once").ok()

    assert caller.history()[0]["status"] == "sent"
    assert caller.accounts() == []
    assert stub.deliveries == 1
