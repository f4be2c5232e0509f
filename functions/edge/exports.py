"""Answers that are a file of many rows, as CSV or NDJSON, made while they are sent."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from werkzeug.wrappers import Request, Response

TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
BLOCK = 200  # rows that are sent together

# A spreadsheet takes a cell that begins so for a formula, and runs it:
# https://owasp.org/www-community/attacks/CSV_Injection. An apostrophe before it makes it text. A cell that begins with
# an apostrophe itself gets another, so that `plain` finds what stood there. Where a country's spreadsheets part cells
# by semicolons or tabs, our commas part and our quotes hold nothing: there cells and rows begin in the middle of ours.
_ACTIVE = "=+@\uff1d\uff0b\uff0d\uff20'-"  # and the full-width forms
_AT_START, _INSIDE = rf"(?=[\t\r\n{_ACTIVE}])", rf'(?="*[{_ACTIVE}])'
_BEGINS = re.compile(rf"\A{_AT_START}|(?<=[;\t\r\n]){_INSIDE}")
_QUOTED = re.compile(rf"\A'{_AT_START}|(?<=[;\t\r\n])'{_INSIDE}")


def harmless(cell: str) -> str:
    return _BEGINS.sub("'", cell)


def plain(cell: str) -> str:
    """What `harmless` was given."""
    return _QUOTED.sub("", cell)


def file(request: Request, name: str, kind: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    """`kind` is csv or ndjson. The first row is read before the answer begins, so that a store that is away is an
    error; where it goes away later the answer ends without its end, and no client takes it for whole."""
    taken = iter(rows)
    first = list(islice(taken, 1))
    lines = _csv(columns, chain(first, taken)) if kind == "csv" else _ndjson(chain(first, taken))
    body: Iterator[str] = iter(()) if request.method == "HEAD" else _blocks(lines)
    response = Response(body, content_type=TYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """RFC 4180, with CRLF; a list is one cell, its items apart by spaces."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        yield _taken(out)
        writer.writerow([harmless(_cell(row.get(column))) for column in columns])
    yield _taken(out)


def _ndjson(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_cell, value))
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    while block := "".join(islice(lines, BLOCK)):
        yield block
