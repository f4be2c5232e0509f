"""What every function has around its handlers: routing, callers, CORS, problem documents, log lines.

A route is refused unless it says who may call it; there is no default.
"""

import io
import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from werkzeug.wrappers import Request, Response

from functions.domain.callers import Caller, Scope
from functions.domain.errors import IntegrationError, MethodNotAllowed, NotFound
from functions.edge import bodies, cors, problems
from functions.edge.authentication import authenticate, authenticate_platform
from functions.runtime import events
from functions.runtime.wiring import App


class Who(NamedTuple):
    """Who may call a route: anyone, users only, users and API keys with a scope, or the platform itself."""

    anyone: bool = False
    sealed: bool = False  # anyone with a link of ours, which the handler opens before it reads the body
    keys: Scope | None = None
    platform: bool = False
    push: bool = False  # of the platform: Pub/Sub, not the queue


ANYONE = Who(anyone=True)
SEALED = Who(anyone=True, sealed=True)
USER = Who()
PLATFORM = Who(platform=True)  # Cloud Tasks and Cloud Scheduler: by OIDC token, and nobody else
PUBSUB = Who(platform=True, push=True)  # Pub/Sub, in the same way
USER_OR_KEY: Mapping[Scope, Who] = {
    "send": Who(keys="send"),
    "read": Who(keys="read"),
    "manage": Who(keys="manage"),
}


class Call(NamedTuple):
    """One request on its way to a handler. `ids` are the path's parameters."""

    request: Request
    app: App
    ids: Mapping[str, str]
    request_id: str
    authenticated: Caller | None

    @property
    def caller(self) -> Caller:
        if self.authenticated is None:
            raise RuntimeError("a route for anyone has no caller")
        return self.authenticated


# Seconds for what is left of a refused body. A stranger's may be slow on purpose: it keeps no thread from others.
PATIENCE, STRANGERS = 300.0, 5.0
READING = 20.0  # seconds for a body that anyone may send; those whose webhooks these are wait for 5 to 30 themselves
_KNOWN = "gmail.known"  # of a request's environment: who sent it may do so

_UNLESS_GIVEN = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)

Handler = Callable[[Call], Response]
Refusal = Callable[[Request, IntegrationError, str], Response]  # with the request's id
Ahead = Callable[[Request, App], AbstractContextManager[None]]


def _nothing(_request: Request, _app: App) -> AbstractContextManager[None]:
    return nullcontext()


class Route(NamedTuple):
    method: str
    pattern: str  # below the endpoint's prefix: "/", "/{id}/", "/{id}/cancel/"
    who: Who
    handler: Handler
    ahead: Ahead = _nothing

    def match(self, tail: str) -> dict[str, str] | None:
        return _ids(_segments(self.pattern), _segments(tail))


class Endpoint:
    """The routes of one function. Each answers at its full path, and at the bare tail when called at its own URL.

    `refuse` makes the answer to an error, where it is not always a problem document.
    """

    def __init__(self, prefix: str, refuse: Refusal | None = None) -> None:
        self.prefix = prefix
        self._refuse = refuse or (lambda _, error, request_id: problems.response(error, request_id))
        self.routes: list[Route] = []
        self._segments: list[list[str]] = []  # of each route's pattern

    def route(self, method: str, pattern: str, who: Who, ahead: Ahead = _nothing) -> Callable[[Handler], Handler]:
        """`ahead` may read what the call is going to need, before its caller is looked up."""

        def register(handler: Handler) -> Handler:
            self.routes.append(Route(method, pattern, who, handler, ahead))
            # Fixed names before parameters: /export/ is no id.
            self.routes.sort(key=lambda route: route.pattern.count("{"))
            self._segments = [_segments(route.pattern) for route in self.routes]
            return handler

        return register

    def owns(self, path: str) -> bool:
        """Whether this is a full path of this function."""
        return path == self.prefix or path.startswith(self.prefix + "/")

    def tail(self, path: str) -> str:
        """The part of the path that the routes are about."""
        if self.prefix and self.owns(path):
            return path[len(self.prefix) :] or "/"
        return path

    def allowed(self, path: str) -> list[str]:
        """The methods this path takes here; empty where it is none of ours."""
        return _methods(self._matching(path))

    def _platforms(self) -> bool:
        """Whether nobody but the platform has any business here."""
        return all(route.who.platform for route in self.routes)

    def _matching(self, path: str) -> list[tuple[Route, dict[str, str]]]:
        """The routes of a path, each with its parameters; a fixed name is no parameter, whatever the method."""
        given, found, pattern = _segments(self.tail(path)), [], None
        for route, wanted in zip(self.routes, self._segments, strict=True):
            if pattern in (None, route.pattern) and (ids := _ids(wanted, given)) is not None:
                found.append((route, ids))
                pattern = route.pattern
        return found

    def __call__(self, request: Request, app: App, *, methods: list[str] | None = None) -> Response:
        """`methods`: what the path takes in all, where several functions share it."""
        started = time.monotonic()
        request_id = app.new_id("req")
        events.begin(request, request_id, app.settings.project)
        cause: BaseException | None = None
        try:
            response = self._answer(request, app, request_id, methods)
        except IntegrationError as error:
            cause = error
            response = self._refuse(request, error, request_id)
        except Exception as error:  # noqa: BLE001 - the last line: whatever it is becomes a 500 without a trace
            cause = error
            response = self._refuse(request, IntegrationError(), request_id)
        wait = 0.0 if self._platforms() else PATIENCE if request.environ.get(_KNOWN) else STRANGERS
        finish(request, response, app, request_id, wait)
        events.request(request, response, time.monotonic() - started, cause)
        return response

    def _answer(self, request: Request, app: App, request_id: str, methods: list[str] | None) -> Response:
        matching = self._matching(request.path)
        method = "GET" if request.method == "HEAD" else request.method
        for route, ids in matching:
            if route.method == method:
                with _ahead(route, request, app):
                    caller = _authorize(request, app, route.who)
                    request.environ[_KNOWN] = caller is not None
                    return route.handler(Call(request, app, ids, request_id, caller))
        methods = methods or _methods(matching)
        if not methods:
            raise NotFound("There is nothing at this path.")
        if request.method == "OPTIONS":
            return Response(status=204, headers={"Allow": ", ".join([*methods, "OPTIONS"])})
        raise MethodNotAllowed(methods)


def _methods(matching: list[tuple[Route, dict[str, str]]]) -> list[str]:
    return sorted({route.method for route, _ in matching})


def _ahead(route: Route, request: Request, app: App) -> AbstractContextManager[None]:
    """What a route reads ahead; nothing for a stranger, whose body has to come in time."""
    stranger = route.who.anyone and not route.who.sealed
    return bodies.within(request, READING) if stranger else route.ahead(request, app)


def _authorize(request: Request, app: App, who: Who) -> Caller | None:
    if who.anyone:
        return None
    if who.platform:
        authenticate_platform(request, app, push=who.push)
        return None
    caller = authenticate(request, app)
    if caller.kind == "key":
        if who.keys is None:
            from functions.domain.errors import Forbidden

            raise Forbidden("API keys can't be used here.", remedy="Call with a user's ID token.")
        caller.require(who.keys)
    return caller


def finish(request: Request, response: Response, app: App, request_id: str, wait: float) -> None:
    """What every answer gets, and the end of the request's body, for which it waits so many seconds. None where the
    platform alone calls: its bodies have been read, and a stranger's would only keep a place from it."""
    if wait:
        bodies.discard(request, wait)
    # The framework reads what is left of a body into memory before it answers: leave it nothing.
    request.stream = io.BytesIO()
    headers = response.headers
    headers["X-Request-Id"] = request_id
    if app.settings.revision:  # a deployment asks for it, to see whose answer it got
        headers["X-Revision"] = app.settings.revision
    given = {name.lower() for name, _ in headers}
    for name, value in _UNLESS_GIVEN:
        if name.lower() not in given:
            headers.add(name, value)
    cors.allow(request, response, app.settings.allowed_origins)


def respond(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(text, status=status, headers=dict(headers or {}), content_type="application/json")


def _segments(path: str) -> list[str]:
    return path.rstrip("/").split("/")[1:]


def _ids(wanted: list[str], given: list[str]) -> dict[str, str] | None:
    """The parameters of a path, where it has this pattern."""
    # An address may have slashes before its @, and WSGI has decoded them by now: they are the last parameter's own.
    if wanted[-1:] == ["{address}"] and len(given) > len(wanted) and "@" in given[-1]:
        given = [*given[: len(wanted) - 1], "/".join(given[len(wanted) - 1 :])]
    if len(wanted) != len(given):
        return None
    ids = {}
    for want, have in zip(wanted, given, strict=True):
        if want.startswith("{"):
            ids[want[1:-1]] = have
        elif want != have:
            return None
    return ids
