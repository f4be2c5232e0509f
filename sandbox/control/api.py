"""The control API under /sandbox/."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.control.faults import InvalidRule
from sandbox.people import Alias, Person, person
from sandbox.state import current

blueprint = Blueprint("control", __name__, url_prefix="/sandbox")


class InvalidControl(Exception):
    """`args[0]` says what is wrong; `code` is the HTTP status."""

    def __init__(self, text: str, code: int = 400) -> None:
        super().__init__(text)
        self.code = code


@blueprint.app_errorhandler(InvalidControl)
def explain(error: InvalidControl) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), error.code


@blueprint.get("/ledger")
def ledger() -> Response:
    return jsonify(current().ledger.read())


@blueprint.post("/reset")
def reset() -> Response:
    """Forgets mail, ledger and faults; with `?all=1` grants and watches too."""
    sandbox = current()
    sandbox.faults.clear()
    sandbox.pushes.reset()
    sandbox.mailboxes.reset()
    sandbox.ledger.reset()
    if request.args.get("all") == "1":
        sandbox.grants.forget_all()
        sandbox.pushes.stop(None)
    return Response(status=204)


@blueprint.get("/faults")
def list_faults() -> Response:
    return jsonify({"faults": current().faults.read()})


@blueprint.post("/faults")
def add_faults() -> tuple[Response, int]:
    """Takes one rule or a list of them, all or none."""
    given = _json()
    try:
        added = current().faults.add(given if isinstance(given, list) else [given])
    except InvalidRule as exc:
        raise InvalidControl(str(exc)) from exc
    return jsonify({"faults": added}), 201


@blueprint.delete("/faults")
def clear_faults() -> Response:
    current().faults.clear()
    return Response(status=204)


@blueprint.get("/people")
def list_people() -> Response:
    return jsonify({"people": [_shown(one) for one in current().people.all()]})


@blueprint.post("/people")
def add_person() -> tuple[Response, int]:
    """`{"email", "name"?, "aliases"?: [{"email", "name"?, "verified"?}], "signature"?: HTML}`"""
    given = _json()
    if not isinstance(given, dict) or not isinstance(given.get("email"), str):
        raise InvalidControl('a person needs an "email"')
    try:
        aliases = [
            Alias(person(one["email"], "").email, str(one.get("name", "")), bool(one.get("verified", True)))
            for one in given.get("aliases", [])
        ]
        added = person(given["email"], str(given.get("name", "")), aliases, str(given.get("signature", "")))
        current().people.add(added)
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise InvalidControl(f"not a person: {exc}") from exc
    return jsonify(_shown(added)), 201


@blueprint.post("/people/<email>/revoke")
def revoke(email: str) -> Response:
    """The person removes all access in their Google account."""
    current().grants.revoke(_person(email).email)
    return Response(status=204)


@blueprint.post("/people/<email>/expire-history")
def expire_history(email: str) -> Response:
    """Every history id given out so far becomes too old: history.list answers 404."""
    current().mailboxes.expire_history(_person(email).email)
    return Response(status=204)


def _person(email: str) -> Person:
    found = current().people.get(email)
    if found is None:
        raise InvalidControl(f"there is no {email} here", 404)
    return found


def _json() -> Any:
    given = request.get_json(force=True, silent=True)
    if given is None:
        raise InvalidControl("the body is no JSON")
    return given


def _shown(one: Person) -> dict[str, Any]:
    return {**vars(one), "aliases": [vars(alias) for alias in one.aliases]}
