"""A small client of the API: users, keys, and the browser that goes to Google and comes back."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Protocol
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

from werkzeug.datastructures import Headers

from tests.e2e.google import Person
from tests.e2e.journal import Journal


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        assert "json" in self.headers.get("Content-Type", ""), (self.status, self.body[:500])
        return json.loads(self.body)

    def ok(self, status: int = 200) -> Any:
        """The JSON of an answer that has to have this status; None where there is no body."""
        assert self.status == status, (self.status, self.text[:2000])
        return self.json() if self.body else None

    def problem(self, status: int, code: str) -> dict[str, Any]:
        """The problem document, once its shape is found to be right (RFC 9457)."""
        assert self.status == status, (self.status, self.text[:2000])
        assert self.headers["Content-Type"] == "application/problem+json"
        found: dict[str, Any] = self.json()
        assert (found["status"], found["code"]) == (status, code), found
        assert found["type"]
        assert found["title"]
        assert found["detail"]
        assert found["remedy"]
        assert found["request_id"] == self.headers["X-Request-Id"]
        return found

    def pointers(self, status: int, code: str) -> list[str]:
        return [error["pointer"] for error in self.problem(status, code)["errors"]]

    @property
    def query(self) -> dict[str, str]:
        """Of where it redirects to."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.headers["Location"]).query).items()}


class Host(Protocol):
    """A way of running the functions."""

    public_url: str
    journal: Journal

    def request(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """`target` is a full path with its query."""
        ...


@dataclass
class Caller:
    """Whoever has this bearer token; nobody, if it is empty."""

    host: Host
    token: str = ""

    def __post_init__(self) -> None:
        self.host.journal.secret(self.token)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        cookie: str = "",
    ) -> Answer:
        """`path` below /api/gmail/, or from the root if it begins with a slash; `body` is JSON unless it is bytes."""
        sent = dict(headers or {})
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if cookie:
            sent["Cookie"] = cookie
        if body is not None and not isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        target = path if path.startswith("/") else f"/api/gmail/{path}"
        if query:
            target += "?" + urlencode(query)
        return self.host.request(method, target, list(sent.items()), body or b"")

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.call("POST", path, body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)

    def accounts(self) -> list[dict[str, Any]]:
        return list(self.get("accounts/").ok()["accounts"])

    def history(self, **query: Any) -> list[dict[str, Any]]:
        return list(self.get("history/", **query).ok()["sends"])

    def send(self, **message: Any) -> Answer:
        """A message that is complete without the caller naming anything."""
        return self.post("send/", letter(**message))

    def send_as(self, key: str, **message: Any) -> Answer:
        return self.post("send/", letter(**message), Idempotency_Key=key)

    def connect(self, person: Person) -> dict[str, Any]:
        """Connect an account in a browser of its own."""
        outcome = Browser(self.host).connect(self, person)
        return dict(self.get(f"accounts/{outcome['account']}/").ok())

    def key(self, *scopes: str, **more: Any) -> "Caller":
        made = self.post("keys/", {"name": "a key", "scopes": list(scopes), **more}).ok(201)
        self.host.journal.secret(made["key"], made["key"].rpartition("_")[2])
        return Caller(self.host, made["key"])


def letter(**changed: Any) -> dict[str, Any]:
    """`sender` stands for the field `from`; a field that is None is left out."""
    message = {"to": ["bo@elsewhere.example"], "subject": "Hello", "text": "Good morning", **changed}
    if "sender" in message:
        message["from"] = message.pop("sender")
    return {name: value for name, value in message.items() if value is not None}


@dataclass
class Browser:
    """Keeps the cookies of the API's host, and follows one redirect at a time."""

    host: Host
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, url: str, accept: str = "text/html", token: str = "") -> Answer:
        """A page of the API's own host."""
        assert url.startswith(self.host.public_url + "/"), url
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        caller = Caller(self.host, token)
        answer = caller.call("GET", url.removeprefix(self.host.public_url), headers={"Accept": accept}, cookie=cookie)
        for line in answer.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel.value:
                    self.host.journal.secret(morsel.value)
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return answer

    def start(self, caller: Caller, **query: str) -> str:
        """The URL of Google's consent page."""
        url = f"{self.host.public_url}/api/gmail/authorize/" + (f"?{urlencode(query)}" if query else "")
        answer = self.get(url, accept="application/json", token=caller.token)
        found: str = answer.ok()["authorization_url"]
        self.host.journal.secret(parse_qs(urlsplit(found).query)["state"][0])
        return found

    def consent(self, url: str, person: Person, *, deny: bool = False, untick: str = "", **changed: str | None) -> str:
        """Answer Google's page; where Google then sends the browser. `changed` parameters of the request that are None
        are left out."""
        asked: dict[str, str | None] = {
            **dict(parse_qsl(urlsplit(url).query)),
            "sandbox_person": person.email,
            **changed,
        }
        if deny:
            asked["sandbox_deny"] = "1"
        if untick:
            asked["sandbox_untick"] = untick
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        answer = fetch("GET", url.partition("?")[0] + "?" + query)
        assert answer.status == 302, answer.text
        self.host.journal.secret(answer.query.get("code"))
        return str(answer.headers["Location"])

    def link(self, caller: Caller, person: Person, return_to: str = "", **consent: Any) -> str:
        """The callback URL that a person's consent ends in."""
        started = self.start(caller, **({"return_to": return_to} if return_to else {}))
        return self.consent(started, person, **consent)

    def connect(self, caller: Caller, person: Person) -> dict[str, str]:
        """The callback's JSON answer."""
        found: dict[str, str] = self.get(self.link(caller, person), accept="application/json").ok()
        return found


def fetch(method: str, url: str, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> Answer:
    """One request on a connection of its own, with no redirect followed."""
    import http.client

    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=60)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in [*headers, ("Connection", "close")]:
            connection.putheader(name, value.encode() if isinstance(value, str) else value)
        if body or method not in ("GET", "HEAD", "OPTIONS", "DELETE"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        return Answer(response.status, Headers(response.getheaders()), response.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class File:
    """A part of a multipart form. `encoded`: how the name is written: raw, rfc2231 or percent (as browsers do)."""

    filename: str
    content: bytes
    content_type: str = "application/octet-stream"
    content_id: str = ""
    encoded: str = "raw"

    def head(self) -> str:
        if self.encoded == "rfc2231":
            name = f"filename*=UTF-8''{quote(self.filename)}"
        elif self.encoded == "percent":
            name = 'filename="{}"'.format(self.filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A"))
        else:
            name = 'filename="{}"'.format(self.filename.replace("\\", "\\\\").replace('"', '\\"'))
        identity = f"Content-ID: <{self.content_id}>\r\n" if self.content_id else ""
        return (
            f'Content-Disposition: form-data; name="attachments"; {name}\r\n'
            f"Content-Type: {self.content_type}\r\n{identity}\r\n"
        )


def multipart(message: Mapping[str, Any], *files: File, boundary: str = "") -> tuple[bytes, str]:
    """The body and its Content-Type."""
    boundary = boundary or uuid.uuid4().hex
    parts = [b'Content-Disposition: form-data; name="message"\r\n\r\n' + json.dumps(message).encode()]
    parts += [file.head().encode() + file.content for file in files]
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    return body + b"--%s--\r\n" % boundary.encode(), f"multipart/form-data; boundary={boundary}"
