"""GET /api/gmail/history/, one send of it, and what its owner can still do: cancel, move, resend; export and counts."""

from collections.abc import Mapping

from werkzeug.wrappers import Response

from functions.domain import times
from functions.edge import bodies, history_queries, history_views, queries, views
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond
from functions.edge.inputs import parse_move, parse_retention

endpoint = Endpoint("/api/gmail/history")
BATCH = "bat_"  # a batch stands where its sends stand


@endpoint.route("GET", "/", USER_OR_KEY["read"])
def history(call: Call) -> Response:
    limit, after = bodies.paging(call.request)
    asked = history_queries.history(call.request)
    page = call.app.history.page(
        call.caller, _by_id(call, asked.equals), since=asked.since, until=asked.until, limit=limit, after=after
    )
    return respond({"sends": [history_views.send(s) for s in page.sends], "next_page_token": page.next})


@endpoint.route("GET", "/export/", USER_OR_KEY["read"])
def export(call: Call) -> Response:
    from functions.edge import exports

    asked = history_queries.history(call.request, "format")
    kind = queries.export_format(call.request.args.get("format", ""))
    sends = call.app.history.all(call.caller, _by_id(call, asked.equals), since=asked.since, until=asked.until)
    row = history_views.exported if kind == "csv" else history_views.send
    return exports.file(call.request, "history", kind, history_views.EXPORTED, (row(s) for s in sends))


@endpoint.route("GET", "/stats/", USER_OR_KEY["read"])
def stats(call: Call) -> Response:
    by, span, equals = history_queries.statistics(call.request, call.app.clock())
    rows = call.app.statistics.rows(call.caller, by, span, _by_id(call, equals))
    return respond({"by": by, "since": times.text(span.since), "until": times.text(span.until),
                    "stats": [history_views.statistic(r) for r in rows]})  # fmt: skip


@endpoint.route("GET", "/settings/", USER_OR_KEY["read"])
def settings(call: Call) -> Response:
    return respond(history_views.retention(call.app.owners.settings(call.caller.owner)))


@endpoint.route("PUT", "/settings/", USER_OR_KEY["manage"])
def keep(call: Call) -> Response:
    call.caller.require_all_accounts()
    days = parse_retention(bodies.read_json(call.request, 4096))
    return respond(history_views.retention(call.app.owners.keep(call.caller.owner, *days)))


@endpoint.route("GET", "/{send_id}/", USER_OR_KEY["read"])
def detail(call: Call) -> Response:
    if call.ids["send_id"].startswith(BATCH):
        if queries.includes(call.request, "mime"):
            queries.wrong("include", "is for one send: a batch has a message for each of its sends")
        return respond(history_views.batch(call.app.history.batch(call.caller, call.ids["send_id"])))
    found = call.app.history.get(call.caller, call.ids["send_id"])
    body = history_views.send(found, call.app.history.events(found))
    if queries.includes(call.request, "mime"):
        body["mime"] = views.mime(call.app.history.mime(found))
    return respond(body)


@endpoint.route("PATCH", "/{send_id}/", USER_OR_KEY["send"])
def move(call: Call) -> Response:
    call.app.history.get(call.caller, call.ids["send_id"])  # what is not there is not found, whatever the body says
    at = parse_move(bodies.read_json(call.request, 4096), call.app.clock())
    return respond(history_views.send(call.app.controlling.reschedule(call.caller, call.ids["send_id"], at)))


@endpoint.route("POST", "/{send_id}/cancel/", USER_OR_KEY["send"])
def cancel(call: Call) -> Response:
    wanted = call.ids["send_id"]
    if wanted.startswith(BATCH):
        cancelled = call.app.controlling.cancel_batch(call.caller, wanted)
        return respond({**history_views.batch(call.app.history.batch(call.caller, wanted)), "cancelled": cancelled})
    return respond(history_views.send(call.app.controlling.cancel(call.caller, wanted)))


@endpoint.route("POST", "/{send_id}/resend/", USER_OR_KEY["send"])
def resend(call: Call) -> Response:
    made, fresh = call.app.controlling.resend(call.caller, call.ids["send_id"])
    return respond(history_views.send(made), 202, {} if fresh else {"Idempotent-Response": "true"})


def _by_id(call: Call, equals: Mapping[str, str]) -> dict[str, str]:
    """An account can be named by its address."""
    found = dict(equals)
    if "@" in found.get("account", ""):
        found["account"] = call.app.accounts.resolve(call.caller, found["account"]).id
    return found
