"""GET and POST /api/gmail/templates/; GET, PUT and DELETE /{id}/; publish, preview, versions, duplicate, archive."""

from werkzeug.wrappers import Response

from functions.domain.templates import KINDS, Template
from functions.edge import bodies, queries, template_inputs, template_views
from functions.edge.endpoint import USER_OR_KEY, Call, Endpoint, respond

endpoint = Endpoint("/api/gmail/templates")


@endpoint.route("GET", "/", USER_OR_KEY["read"])
def templates(call: Call) -> Response:
    limit, after = bodies.paging(call.request)
    query = queries.known(call.request, "kind", "archived", *queries.PAGING)
    kind = queries.one_of("kind", query["kind"], KINDS)
    archived = queries.one_of("archived", query["archived"], ("true", "false")) == "true"
    page = call.app.templates.page(call.caller.owner, kind=kind, archived=archived, limit=limit, after=after)
    return respond({"templates": [template_views.template(t) for t in page.templates], "next_page_token": page.next})


@endpoint.route("POST", "/", USER_OR_KEY["manage"])
def create(call: Call) -> Response:
    fields = template_inputs.parse_template(bodies.read_json(call.request, template_inputs.BODY_LIMIT))
    return _written(call, call.app.templates.create(call.caller.owner, fields), 201)


@endpoint.route("POST", "/preview/", USER_OR_KEY["read"])
def preview(call: Call) -> Response:
    asked = template_inputs.parse_preview(bodies.read_json(call.request, template_inputs.BODY_LIMIT))
    return respond(template_views.preview(call.app.template_previews.preview(call.caller.owner, asked)))


@endpoint.route("GET", "/{id}/", USER_OR_KEY["read"])
def template(call: Call) -> Response:
    return respond(template_views.template(call.app.templates.get(call.caller.owner, call.ids["id"])))


@endpoint.route("PUT", "/{id}/", USER_OR_KEY["manage"])
def replace(call: Call) -> Response:
    found = call.app.templates.get(call.caller.owner, call.ids["id"])  # not there: not found, whatever the body says
    fields = template_inputs.parse_template(bodies.read_json(call.request, template_inputs.BODY_LIMIT), found.kind)
    return _written(call, call.app.templates.replace(call.caller.owner, call.ids["id"], fields))


@endpoint.route("DELETE", "/{id}/", USER_OR_KEY["manage"])
def delete(call: Call) -> Response:
    call.app.templates.delete(call.caller.owner, call.ids["id"])
    return Response(status=204)


@endpoint.route("POST", "/{id}/publish/", USER_OR_KEY["manage"])
def publish(call: Call) -> Response:
    return respond(template_views.template(call.app.templates.publish(call.caller.owner, call.ids["id"])))


@endpoint.route("POST", "/{id}/duplicate/", USER_OR_KEY["manage"])
def duplicate(call: Call) -> Response:
    return _written(call, call.app.templates.duplicate(call.caller.owner, call.ids["id"]), 201)


@endpoint.route("POST", "/{id}/archive/", USER_OR_KEY["manage"])
def archive(call: Call) -> Response:
    found = call.app.templates.archive(call.caller.owner, call.ids["id"], archived=True)
    return respond(template_views.template(found))


@endpoint.route("POST", "/{id}/unarchive/", USER_OR_KEY["manage"])
def unarchive(call: Call) -> Response:
    found = call.app.templates.archive(call.caller.owner, call.ids["id"], archived=False)
    return respond(template_views.template(found))


@endpoint.route("GET", "/{id}/versions/", USER_OR_KEY["read"])
def versions(call: Call) -> Response:
    queries.paging_only(call.request)
    limit, after = bodies.paging(call.request)
    page = call.app.templates.versions(call.caller.owner, call.ids["id"], limit, after)
    return respond({"versions": [template_views.version(v) for v in page.versions], "next_page_token": page.next})


@endpoint.route("GET", "/{id}/versions/{version}/", USER_OR_KEY["read"])
def version(call: Call) -> Response:
    found = call.app.templates.version(call.caller.owner, call.ids["id"], call.ids["version"])
    return respond(template_views.version(found))


def _written(call: Call, found: Template, status: int = 200) -> Response:
    """With what is wrong with it: only where somebody wrote, for it takes the template engine to see."""
    return respond(template_views.written(found, call.app.templates.problems(found)), status)
