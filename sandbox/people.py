"""The persons who have an account at the pretend Google."""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.store import Store

# Mail to addresses that belong to nobody here is shown in this inbox.
ELSEWHERE = "elsewhere"

_ADDRESS = re.compile(r"[^@\s<>\"(),:;\\/?#%]+@[^@\s<>\"(),:;\\/?#%]+")


@dataclass(frozen=True)
class Alias:
    email: str
    name: str
    verified: bool = True


@dataclass(frozen=True)
class Person:
    """`sub` is Google's stable id of the person (21 digits); `signature` is HTML."""

    email: str
    name: str
    sub: str
    aliases: tuple[Alias, ...] = ()
    signature: str = ""

    def may_send_as(self, address: str) -> bool:
        """Whether Gmail keeps this From: the account's own address or a verified alias."""
        address = address.lower()
        return address == self.email or any(alias.verified and alias.email == address for alias in self.aliases)


def stable_sub(email: str) -> str:
    """The same 21 digits for the same address, on every machine."""
    return "1" + str(int(hashlib.sha256(email.encode()).hexdigest(), 16))[:20]


def person(email: str, name: str, aliases: Iterable[Alias] = (), signature: str = "") -> Person:
    """Raises ValueError when `email` is no plain address."""
    email = email.strip().lower()
    if not _ADDRESS.fullmatch(email) or email == ELSEWHERE:
        raise ValueError(f"not an email address: {email!r}")
    return Person(email, name.strip() or email, stable_sub(email), tuple(aliases), signature)


FIRST_PEOPLE = (
    person(
        "ada@example.com",
        "Ada Lovelace",
        (Alias("countess@example.com", "Ada, Countess of Lovelace"),),
        "<div>Ada Lovelace<br><i>Analytical Engines</i></div>",
    ),
    # The alias is not verified yet: Gmail replaces it as a From.
    person("grace@example.com", "Grace Hopper", (Alias("admiral@example.com", "Admiral Hopper", verified=False),)),
    person("alan@example.org", "Alan Turing"),
    person("zoe@example.net", "Zoë Ñandú", (), "<div>Zoë Ñandú · ✉️</div>"),
)


class People:
    def __init__(self, store: Store) -> None:
        self._store = store
        if store.row("SELECT 1 FROM people") is None:
            for one in FIRST_PEOPLE:
                self.add(one)

    def add(self, one: Person) -> None:
        """Adds or replaces by address. Raises ValueError when the address is someone's alias."""
        owner = self.owner_of(one.email)
        if owner is not None and owner.email != one.email:
            raise ValueError(f"{one.email} is an alias of {owner.email}")
        aliases = json.dumps([vars(alias) for alias in one.aliases])
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO people (email, sub, name, aliases, signature, history_floor) VALUES (?, ?, ?, ?, ?, 0)"
                " ON CONFLICT (email) DO UPDATE SET name = excluded.name, aliases = excluded.aliases,"
                " signature = excluded.signature",
                (one.email, one.sub, one.name, aliases, one.signature),
            )

    def all(self) -> list[Person]:
        return [_read(row) for row in self._store.rows("SELECT * FROM people ORDER BY position")]

    def get(self, email: str) -> Person | None:
        row = self._store.row("SELECT * FROM people WHERE email = ?", (email.strip().lower(),))
        return None if row is None else _read(row)

    def owner_of(self, address: str) -> Person | None:
        """Whose inbox `address` reaches: by address, by alias, or with a `+tag`, as at Gmail."""
        local, _, domain = address.strip().lower().partition("@")
        wanted = f"{local.partition('+')[0]}@{domain}"
        for one in self.all():
            if wanted == one.email or any(alias.email == wanted for alias in one.aliases):
                return one
        return None


def _read(row: sqlite3.Row) -> Person:
    aliases = tuple(Alias(**alias) for alias in json.loads(row["aliases"]))
    return Person(row["email"], row["name"], row["sub"], aliases, row["signature"])
