"""Reads `infra/indexes.json`: the domain keeps the rules and does no I/O, and both stores want the same file."""

from functools import cache
from pathlib import Path

from functions.domain.indexes import Indexes, parse

FILE = Path(__file__).parents[2] / "infra" / "indexes.json"


@cache
def declared() -> Indexes:
    return parse(FILE.read_text(encoding="utf-8"))
