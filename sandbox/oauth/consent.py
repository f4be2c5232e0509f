"""The consent page, and a way around it for scripted tests."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.oauth import authorization, scopes
from sandbox.oauth.authorization import AuthorizationError, AuthorizationRequest
from sandbox.people import Person
from sandbox.state import current

blueprint = Blueprint("consent", __name__)


@blueprint.get("/o/oauth2/v2/auth")
def ask() -> ResponseReturnValue:
    """`sandbox_person=EMAIL` answers at once, with `sandbox_deny=1` or `sandbox_untick=gmail.readonly` if wanted."""
    sandbox = current()
    sandbox.ledger.count("authorize")
    asked = authorization.read(request.args, sandbox.client)
    if "none" in asked.prompts:
        return redirect(asked.denied("interaction_required"))
    named = request.args.get("sandbox_person")
    if named is None:
        return _page(asked)
    if request.args.get("sandbox_deny") == "1":
        return redirect(asked.denied())
    unticked = [name for text in request.args.getlist("sandbox_untick") for name in text.split(",") if name]
    return _allow(asked, sandbox.people.get(named), scopes.without(asked.scopes, unticked))


@blueprint.post("/o/oauth2/v2/auth")
def answer() -> ResponseReturnValue:
    """The page's form; the request itself is still in the query."""
    sandbox = current()
    asked = authorization.read(request.args, sandbox.client)
    if request.form.get("decision") != "allow":
        return redirect(asked.denied())
    ticked = request.form.getlist("scope")
    granted = [scope for scope in asked.scopes if scope in ticked or scope == scopes.OPENID]
    return _allow(asked, sandbox.people.get(request.form.get("person", "")), granted)


@blueprint.app_errorhandler(AuthorizationError)
def refuse(error: AuthorizationError) -> ResponseReturnValue:
    return render_template("authorization_error.html", error=error), error.code


def _page(asked: AuthorizationRequest) -> str:
    sandbox = current()
    people = sandbox.people.all()
    hinted = asked.login_hint.lower()
    chosen = next((one.email for one in people if hinted in (one.email, one.sub)), None)
    boxes = [(scope, scopes.DESCRIPTIONS[scope]) for scope in asked.scopes if scope != scopes.OPENID]
    return render_template(
        "consent.html",
        people=people,
        chosen=chosen or (people[0].email if people else None),
        boxes=boxes,
        client_id=asked.client_id,
        action="?" + request.query_string.decode("latin-1"),
    )


def _allow(asked: AuthorizationRequest, person: Person | None, granted: list[str]) -> ResponseReturnValue:
    sandbox = current()
    if person is None:
        raise AuthorizationError("invalid_request", "There is no such person in this sandbox.")
    return redirect(asked.allowed(sandbox.grants, person, granted))
