"""What goes onto the suppression list: one entry, or many as JSON, CSV or NDJSON. One wrong row, and none is taken."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn

from werkzeug.wrappers import Request

from functions.domain import times
from functions.domain.addresses import email_problem
from functions.domain.characters import label_problem
from functions.domain.errors import FieldError, InvalidJson, InvalidRequest, UnsupportedMediaType
from functions.domain.fields import Fields, Problems
from functions.domain.suppressions import NOTE_LIMIT, Reason, Suppression, normalised
from functions.edge import bodies, exports

ROWS_LIMIT = 10_000
BODY_LIMIT = 8 << 20  # bytes
COLUMNS = ("address", "reason", "note", "created_at")
# An exported list comes back in as it went out: what only says where an entry came from is read over.
EXPORTED = (*COLUMNS, "id", "reasons", "send")
_NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")

Row = tuple[str, Any]  # the JSON pointer of a row, and what stands there


def read(request: Request, now: datetime) -> tuple[list[Suppression], bool]:
    """The entries, and whether there may be many. In CSV and NDJSON pointers count lines: /line/17/address.

    Raises InvalidRequest, InvalidJson, PayloadTooLarge, UnsupportedMediaType.
    """
    kind = request.mimetype
    if kind == "text/csv":
        return _entries(_csv_rows(_text(request)), now), True
    if kind in _NDJSON:
        return _entries(_ndjson_rows(_text(request)), now), True
    if not bodies.is_json(kind):
        raise UnsupportedMediaType("This takes application/json, text/csv or application/x-ndjson.")
    body = bodies.parse_object(bodies.read(request, BODY_LIMIT))
    if "suppressions" not in body:
        problems = Problems()
        entry = _entry(body, "", COLUMNS, problems, now)
        problems.raise_as(InvalidRequest)
        return [entry] if entry else [], False
    problems = Problems()
    fields = Fields(body, "", problems, ("suppressions",))
    rows = list(fields.items("suppressions", ROWS_LIMIT))
    if not fields.has("suppressions"):
        fields.wrong("suppressions", "This must be a list.")
    problems.raise_as(InvalidRequest)
    return _entries(iter(rows), now), True


def _text(request: Request) -> str:
    try:
        return bodies.read(request, BODY_LIMIT).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InvalidRequest(f"The body is not UTF-8 at byte {exc.start}.") from exc


def _entries(rows: Iterator[Row], now: datetime) -> list[Suppression]:
    problems = Problems()
    found = []
    for number, (at, row) in enumerate(rows):
        if number == ROWS_LIMIT:
            problems.add("", f"At most {ROWS_LIMIT} rows are allowed; give the rest in further requests.")
            break
        if entry := _entry(row, at, EXPORTED, problems, now):
            found.append(entry)
    problems.raise_as(InvalidRequest)
    return found


def _entry(row: Any, at: str, known: tuple[str, ...], problems: Problems, now: datetime) -> Suppression | None:
    fields = Fields(row, at, problems, known)
    address = fields.text("address", email_problem, required=True)
    reason = fields.choice("reason", [r.value for r in Reason])
    note = fields.text("note", label_problem, limit=NOTE_LIMIT)
    created = fields.text("created_at", lambda value: _time_problem(value, now))
    if address is None:
        return None
    created_at = times.parse(created) if created else None
    reasons = _all_reasons(fields, reason)
    return Suppression(normalised(address), reasons, created_at or now, note=note or "")


def _all_reasons(fields: Fields, reason: str | None) -> tuple[Reason, ...]:
    """`reasons` of an exported entry, which are several words of one cell in CSV; else `reason`; else manual."""
    value = fields.data.get("reasons")
    named = value.split(" ") if isinstance(value, str) else value if value is not None else []
    if not isinstance(named, list) or not all(name in list(Reason) for name in named):
        fields.wrong("reasons", f"These must be some of: {', '.join(Reason)}.")
        named = []
    wanted = {*named, *([reason] if reason else [])} or {Reason.MANUAL}
    return tuple(r for r in Reason if r in wanted)


def _time_problem(value: str, now: datetime) -> str:
    found = times.parse(value)
    if found is None:
        return "This must be an RFC 3339 time such as 2027-01-31T12:00:00Z."
    return "This lies in the future." if found > now else ""


def _ndjson_rows(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"/line/{number}", bodies.parse_object(line.encode())
            except InvalidJson as exc:
                raise InvalidJson(f"Line {number}: {exc.detail}") from exc


def _csv_rows(text: str) -> Iterator[Row]:
    """With a header that names its columns; or without, where the first cell is an address, in the order of COLUMNS."""
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","  # as spreadsheets write it in half of Europe
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    try:
        for cells in reader:
            at = f"/line/{reader.line_num}"
            if not any(cells):
                continue
            if not columns:
                columns = _header(cells, at)
                if columns is not COLUMNS:
                    continue
            if len(cells) > len(columns):
                _wrong(at, f"This line has {len(cells)} cells, and there are {len(columns)} columns.")
            yield at, _row(columns, cells)
    except csv.Error as exc:
        _wrong(f"/line/{reader.line_num}", f"This is no CSV: {exc}.")


def _header(cells: list[str], at: str) -> tuple[str, ...]:
    if "@" in cells[0]:
        return COLUMNS
    named = [cell.strip().lower() for cell in cells]
    columns = tuple("address" if name == "email" else name for name in named)
    for name in columns:
        if name not in EXPORTED:
            _wrong(at, f"The column `{name[:60]}` is not known here; known are: {', '.join(EXPORTED)}.")
    if "address" not in columns or len(set(columns)) < len(columns):
        _wrong(at, "The header must name a column `address`, and each column once.")
    return columns


def _row(columns: tuple[str, ...], cells: list[str]) -> Mapping[str, str]:
    """Empty cells are absent."""
    found = {column: exports.plain(cell.strip()) for column, cell in zip(columns, cells, strict=False)}
    return {column: cell for column, cell in found.items() if cell}


def _wrong(at: str, detail: str) -> NoReturn:
    raise InvalidRequest(f"{at}: {detail}", errors=[FieldError(at, detail)])
