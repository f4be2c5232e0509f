"""The suppression list over HTTP: put on it, found, exported, given back, removed; and what it keeps from going out."""

import csv
import io
import json
import uuid
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.client import Answer, Caller
from tests.e2e.google import Google, Person

FIELDS = {"id", "address", "reason", "reasons", "note", "send", "created_at"}
BO, CY = "bo@elsewhere.example", "cy@elsewhere.example"


def add(caller: Caller, address: str = BO, **more: Any) -> dict[str, Any]:
    return dict(caller.post("suppressions/", {"address": address, **more}).ok(201))


def give(caller: Caller, text: str, kind: str) -> Answer:
    return caller.call("POST", "suppressions/", text.encode(), headers={"Content-Type": kind})


def listed(caller: Caller, **query: Any) -> list[str]:
    return [s["address"] for s in caller.get("suppressions/", **query).ok()["suppressions"]]


def export(caller: Caller, kind: str, **query: str) -> str:
    answer = caller.get("suppressions/export/", format=kind, **query)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Disposition"] == f'attachment; filename="suppressions.{kind}"'
    return answer.text


def test_an_address_that_is_added_is_described_listed_and_found(caller: Caller) -> None:
    made = add(caller, "Bo@Elsewhere.example", note="asked by phone")

    assert made.keys() == FIELDS
    assert (made["address"], made["reason"], made["reasons"]) == (BO, "manual", ["manual"])
    assert (made["note"], made["send"]) == ("asked by phone", None)
    assert caller.get("suppressions/").ok() == {"suppressions": [made], "next_page_token": None}
    assert listed(caller, address="BO@elsewhere.example", reason="manual") == [BO]
    assert listed(caller, address=CY) == listed(caller, reason="unsubscribed") == []


def test_the_newest_entry_is_listed_first_and_the_list_comes_in_pages(caller: Caller) -> None:
    for name in "abc":
        add(caller, f"{name}@x.example")

    first = caller.get("suppressions/", page_size=2).ok()
    second = caller.get("suppressions/", page_size=2, page_token=first["next_page_token"]).ok()

    found = first["suppressions"] + second["suppressions"]
    assert [s["address"] for s in found] == ["c@x.example", "b@x.example", "a@x.example"]
    assert second["next_page_token"] is None


def test_an_address_added_again_keeps_its_entry_and_gains_the_reason(caller: Caller) -> None:
    first = add(caller, reason="hard_bounce", note="550 5.1.1")

    again = caller.post("suppressions/", {"address": BO, "reason": "unsubscribed"}).ok(200)

    assert again == {**first, "reason": "unsubscribed", "reasons": ["unsubscribed", "hard_bounce"]}
    assert listed(caller, reason="hard_bounce") == listed(caller, reason="unsubscribed") == [BO]


@pytest.mark.parametrize(
    "address",
    [
        *(BO, "Bo@ELSEWHERE.example", "o'neil+news@x.example", "50%off@x.example", "bo@xn--bcher-kva.example"),
        *("a/b@x.example", "sales/eu/export@x.example"),
    ],
)
def test_an_address_is_removed_by_its_percent_encoded_name(caller: Caller, address: str) -> None:
    add(caller, address)

    caller.delete(f"suppressions/{quote(address, safe='')}/").ok(204)

    assert listed(caller) == []
    caller.delete(f"suppressions/{quote(address, safe='')}/").problem(404, "not_found")


def test_no_address_of_a_path_comes_into_the_log(caller: Caller) -> None:
    name = uuid.uuid4().hex[:24]
    address = f"{name}/bo-{name}@x.example"
    add(caller, address)

    assert caller.delete(f"suppressions/{quote(address, safe='')}/").status == 204
    assert name not in caller.host.journal.written()


def test_only_an_address_has_slashes_in_a_path(caller: Caller) -> None:
    made = add(caller, "sales/eu@x.example")

    for path in (f"{made['id']}/more/", "export/more/", "sales/eu/"):
        caller.delete(f"suppressions/{path}").problem(404, "not_found")
    caller.delete(f"history/snd_x/{BO}/").problem(404, "not_found")
    assert listed(caller) == ["sales/eu@x.example"]
    caller.delete(f"suppressions/{made['id']}/").ok(204)
    assert listed(caller) == []


CSV = """address,reason,note
bo@elsewhere.example,unsubscribed,
CY@elsewhere.example,,"left, in May"

bo@elsewhere.example,hard_bounce,
"""
NDJSON = """{"address": "bo@elsewhere.example", "reasons": ["unsubscribed", "hard_bounce"]}

{"address": "CY@elsewhere.example", "note": "left, in May"}
"""
ROWS = [
    {"address": BO, "reason": "unsubscribed"},
    {"address": "CY@elsewhere.example", "note": "left, in May"},
    {"address": BO, "reason": "hard_bounce"},
]


@pytest.mark.parametrize(
    ("kind", "text", "rows"),
    [
        ("text/csv", CSV, 3),
        ("text/csv; charset=utf-8", "\ufeff" + CSV.replace("\n", "\r\n"), 3),
        ("text/csv", "note;Email;reason\nx;bo@elsewhere.example;unsubscribed\n", None),
        ("text/csv", CSV.partition("\n")[2], 3),
        ("application/x-ndjson", NDJSON, 2),
        ("application/json", json.dumps({"suppressions": ROWS}), 3),
    ],
    ids=["csv", "csv of a spreadsheet", "csv with semicolons", "csv without a header", "ndjson", "json"],
)
def test_many_come_at_once_in_the_form_they_are_at_hand_in(
    caller: Caller, kind: str, text: str, rows: int | None
) -> None:
    counts = give(caller, text, kind).ok(200)

    if rows is None:
        assert counts == {"rows": 1, "added": 1, "changed": 0, "unchanged": 0}
        return
    assert counts == {"rows": rows, "added": 2, "changed": 0, "unchanged": 0}
    found = {s["address"]: s for s in caller.get("suppressions/").ok()["suppressions"]}
    assert found[BO]["reasons"] == ["unsubscribed", "hard_bounce"]
    assert (found[CY]["reasons"], found[CY]["note"]) == (["manual"], "left, in May")
    assert give(caller, text, kind).ok(200) == {"rows": rows, "added": 0, "changed": 0, "unchanged": 2}


def test_what_is_exported_can_be_given_back_and_is_the_same(caller: Caller, stranger: Caller) -> None:
    """Formulas, apostrophes and separators among it."""
    add(caller, "=cmd@x.example", note="+1 555 0100", reason="hard_bounce", created_at="2024-02-03T04:05:06Z")
    add(caller, "'=cmd@x.example", note="'quoted', \"twice\"")
    add(caller, "-minus@x.example", note="@home; =1+1;=2;'=3")
    add(caller, reason="unsubscribed", note="ü 你好")
    add_again = caller.post("suppressions/", {"address": BO, "reason": "hard_bounce"})
    assert add_again.status == 200
    mine = caller.get("suppressions/").ok()["suppressions"]
    assert len(mine) == 4

    for kind, media in (("csv", "text/csv"), ("ndjson", "application/x-ndjson")):
        assert give(stranger, export(caller, kind), media).ok(200)["added"] == 4
        theirs = stranger.get("suppressions/").ok()["suppressions"]
        assert sorted(theirs, key=lambda s: s["address"]) == sorted(mine, key=lambda s: s["address"])
        for entry in theirs:
            stranger.delete(f"suppressions/{entry['id']}/").ok(204)


def test_no_cell_of_the_exported_csv_is_a_formula_to_a_spreadsheet(caller: Caller) -> None:
    for address, note in (("=1@x.example", "=1+1"), ("+1@x.example", "+1"), ("-1@x.example", "-1"), (BO, "@SUM(A1)")):
        add(caller, address, note=note)

    header, *rows = csv.reader(io.StringIO(export(caller, "csv")))

    assert header[0] == "address"
    assert len(rows) == 4
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))] == []


def test_the_export_has_every_entry_and_can_be_limited_to_a_reason(caller: Caller) -> None:
    give(caller, "\n".join(f"p{n}@x.example,{'unsubscribed' if n % 3 else ''}" for n in range(1100)), "text/csv").ok()

    lines = [json.loads(line) for line in export(caller, "ndjson").splitlines()]
    assert len({line["address"] for line in lines}) == len(lines) == 1100
    assert lines[0].keys() == FIELDS
    assert len(export(caller, "csv", reason="manual").splitlines()) == 1 + 367
    assert export(caller, "ndjson", reason="hard_bounce") == ""


@pytest.mark.parametrize(
    ("kind", "text", "pointers"),
    [
        ("text/csv", "address,reason\nbo@elsewhere.example,\nnobody,\ncy@elsewhere.example,left\n",
         ["/line/3/address", "/line/4/reason"]),
        ("text/csv", "bo@elsewhere.example\nbo@elsewhere.example,manual,n,2020-01-01T00:00:00Z,x\n", ["/line/2"]),
        ("text/csv", "address,color\nbo@elsewhere.example,red\n", ["/line/1"]),
        ("text/csv", 'address\n"bo@elsewhere.example', ["/line/2"]),
        ("application/x-ndjson", '{"address": "bo@elsewhere.example"}\n{"address": "x"}\n', ["/line/2/address"]),
        ("application/json", '{"suppressions": [{"address": "bo@elsewhere.example"}, {"adress": "cy@x.example"}]}',
         ["/suppressions/1/adress", "/suppressions/1/address"]),
    ],
    ids=["wrong cells", "too many cells", "unknown column", "open quote", "ndjson", "json"],
)  # fmt: skip
def test_of_many_with_a_wrong_one_none_is_taken_and_the_wrong_one_is_named(
    caller: Caller, kind: str, text: str, pointers: list[str]
) -> None:
    assert give(caller, text, kind).pointers(400, "invalid_request") == pointers
    assert listed(caller) == []


def test_keys_read_the_list_or_change_it_as_their_scopes_say(caller: Caller) -> None:
    made = add(caller)
    reader, manager, sender = caller.key("read"), caller.key("manage"), caller.key("send")

    assert listed(reader) == [BO]
    assert BO in export(reader, "csv")
    reader.post("suppressions/", {"address": CY}).problem(403, "forbidden")
    reader.delete(f"suppressions/{made['id']}/").problem(403, "forbidden")
    manager.get("suppressions/").problem(403, "forbidden")
    manager.get("suppressions/export/").problem(403, "forbidden")
    manager.delete(f"suppressions/{BO}/").ok(204)
    add(manager, CY)
    sender.get("suppressions/").problem(403, "forbidden")


def test_the_list_is_its_owners_alone(caller: Caller, stranger: Caller) -> None:
    made = add(caller)

    assert listed(stranger) == listed(stranger, address=BO) == []
    assert export(stranger, "ndjson") == ""
    for wanted in (BO, made["id"]):
        stranger.delete(f"suppressions/{wanted}/").problem(404, "not_found")
    assert listed(caller) == [BO]


def test_nothing_goes_to_who_is_on_the_list_but_what_is_transactional(
    caller: Caller, ada: Person, google: Google
) -> None:
    caller.connect(ada)
    add(caller, reason="unsubscribed")
    add(caller, CY, reason="hard_bounce")

    assert caller.send(to=["a@x.example", "Bo@Elsewhere.example"]).pointers(422, "invalid_message") == ["/to/1"]
    assert caller.send(cc=[CY], to=["a@x.example"]).pointers(422, "invalid_message") == ["/cc/0"]
    assert caller.send(to=[CY], transactional=True).pointers(422, "invalid_message") == ["/to/0"]
    assert google.deliveries(ada) == []
    assert caller.history() == []
    caller.send(to=[BO], transactional=True).ok()
    caller.delete(f"suppressions/{BO}/").ok(204)
    caller.send(to=[BO]).ok()
    assert len(google.deliveries(ada)) == 2
