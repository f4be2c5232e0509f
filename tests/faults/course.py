"""A webhook on its way to a mail, in which one call of store, blobs, queue or Gmail goes wrong."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from functions.adapters.declared_indexes import declared
from functions.adapters.http import RequestFailed
from functions.adapters.sqlite import SqliteDocuments
from functions.domain.errors import Unauthenticated, Unavailable
from functions.domain.hook_deliveries import HookDelivery
from functions.domain.ports import Documents
from functions.domain.sends import Send
from functions.services.receiving import Answer
from tests.services.fakes import CALLER
from tests.services.trigger_world import MAPPING, PAYLOAD, HookWorld

ATTEMPTS = 5  # of the sender
STORE = ("get", "get_many", "commit", "query")
WORDS = {**PAYLOAD, "words": [os.urandom(20).hex() for _ in range(12_000)]}
LARGE = {f"w{n}": f"join(' ', words[{n * 1200}:{n * 1200 + 1200}])" for n in range(10)}
MESSAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # what is posted, and the trigger's fields
    "a message": (PAYLOAD, {}),
    "no message": ({**PAYLOAD, "order": {}}, {}),
}
MORE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a large one": (
        WORDS,
        {
            "mapping": replace(
                MAPPING,
                variables={
                    **MAPPING.variables,
                    **{f"w{n}": f"join(' ', words[{n * 1200}:{n * 1200 + 1200}])" for n in range(10)},
                },
            ),
            "html": "<p>{{ number }} {{ name }} {{ w0 }}</p>",
        },
    ),
    "a template": (PAYLOAD, {"template": True}),
}


class Died(BaseException):
    """The process is gone: nothing of it goes on."""


@dataclass
class Faults:
    """`how` at step `at`: `away` (it is not done, and says so), `silent` (it is done, and says it is not), `dies
    before` and `dies after` it; or `meanwhile`, just before it, somebody does something else."""

    how: str = ""
    at: int = -1
    meanwhile: Callable[[], None] = lambda: None
    steps: list[str] = field(default_factory=list)
    on: bool = False

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **more: Any) -> Any:
            if not self.on:
                return call(*given, **more)
            self.steps.append(name)
            now = len(self.steps) - 1 == self.at
            if now and self.how == "away":
                raise _away(name, begun=False)
            if now and self.how == "dies before":
                raise Died
            if now and self.how == "meanwhile":
                self.on = False
                self.meanwhile()
                self.on = True
            found = call(*given, **more)
            if now and self.how == "silent":
                raise _away(name, begun=True)
            if now and self.how == "dies after":
                raise Died
            return found

        return step


def _away(name: str, *, begun: bool) -> Exception:
    if name == "Gmail":
        return RequestFailed("ConnectionResetError", body_begun=begun)
    return Unavailable("It is away.")


class Store:
    """A store as one process sees it."""

    def __init__(self, inner: Documents, faults: Faults) -> None:
        self._inner = inner
        for name in STORE:
            setattr(self, name, faults.around(name, getattr(inner, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Course:
    """One webhook from its sender to the end, with a successor for every process that dies."""

    def __init__(self, directory: Path, message: str, faults: Faults) -> None:
        directory.mkdir()
        self.payload, given = {**MESSAGES, **MORE}[message]
        store: Any = Store(SqliteDocuments(directory / "gmail.db", declared()), faults)
        self.faults = faults
        self.world = HookWorld(store, directory)
        self.world.connect()
        fields = {**given, "template": self.world.template()} if "template" in given else given
        self.hook = self.world.trigger(**fields)
        self.world.tasks.enqueue = faults.around("enqueue", self.world.tasks.enqueue)  # type: ignore[method-assign]
        self.world.mailbox.request = faults.around("Gmail", self.world.mailbox.request)  # type: ignore[method-assign]
        self._blobs()
        faults.on = True

    def _blobs(self) -> None:
        blobs: Any = self.world.blobs
        for name in ("write", "delete"):
            setattr(blobs, name, self.faults.around(f"blob {name}", getattr(blobs, name)))

    def successor(self) -> None:
        self.world = self.world.beside(self.world.documents)
        self._blobs()

    def post(self) -> Answer | None:
        """As senders do: again and again, until there is a 2xx; and once more, for good measure."""
        answers: list[Answer] = []
        for _ in range(ATTEMPTS):
            try:
                answers.append(self.hook.post(self.payload, "msg_1", at=self.world))
            except Unavailable:
                pass
            except Unauthenticated:  # its trigger was deleted meanwhile
                break
            except Died:
                self.successor()
            if len(answers) == 2:
                assert answers[0].send == answers[1].send
                assert answers[0].delivery == answers[1].delivery
                assert answers[1].repeated
                break
            self.world.clock.pass_(seconds=7)
        return answers[0] if answers else None

    def end(self) -> None:
        for _ in range(2):
            try:
                self.world.run(minutes=90)
            except Died:
                self.successor()
        self.faults.on = False

    def record(self, answer: Answer) -> Send:
        return self.world.record(answer.send or "")

    def sends(self) -> list[Send]:
        page = self.world.history.page(CALLER, {}, since=None, until=None, limit=100, after=None)
        return list(page.sends)

    def log(self) -> list[HookDelivery]:
        return list(self.world.hook_log.page(CALLER, self.hook.made, "", 100, None).deliveries)
