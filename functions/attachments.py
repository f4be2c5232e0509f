"""/api/gmail/attachments/: files that are uploaded once, for any number of sends."""

from werkzeug.wrappers import Response

from functions.edge import bodies, queries, views
from functions.edge.endpoint import SEALED, USER_OR_KEY, Call, Endpoint, respond
from functions.edge.upload_bodies import received, take

endpoint = Endpoint("/api/gmail/attachments")


@endpoint.route("POST", "/", USER_OR_KEY["send"])
def upload(call: Call) -> Response:
    attachment, signed = received(call)
    return respond(views.attachment(attachment) | (views.signed_upload(signed) if signed else {}), 201)


@endpoint.route("PUT", "/upload/", SEALED)
def upload_past(call: Call) -> Response:
    """The signed URL of a laptop; in the cloud the URL is the bucket's, and there is nothing here."""
    take(call)
    return Response(status=200)


@endpoint.route("POST", "/{id}/complete/", USER_OR_KEY["send"])
def complete(call: Call) -> Response:
    return respond(views.attachment(call.app.uploading.complete(call.caller, call.ids["id"])))


@endpoint.route("GET", "/", USER_OR_KEY["read"])
def attachments(call: Call) -> Response:
    queries.paging_only(call.request)
    limit, after = bodies.paging(call.request)
    page = call.app.attachments.page(call.caller, limit, after)
    return respond({"attachments": [views.attachment(a) for a in page.attachments], "next_page_token": page.next})


@endpoint.route("GET", "/{id}/", USER_OR_KEY["read"])
def attachment(call: Call) -> Response:
    return respond(views.attachment(call.app.attachments.get(call.caller, call.ids["id"])))


@endpoint.route("GET", "/{id}/content/", USER_OR_KEY["read"])
def content(call: Call) -> Response:
    return views.download(*call.app.attachments.content(call.caller, call.ids["id"]))


@endpoint.route("DELETE", "/{id}/", USER_OR_KEY["send"])
def delete(call: Call) -> Response:
    call.app.attachments.delete(call.caller, call.ids["id"])
    return Response(status=204)
