"""Messages read from Gmail: through google-api-python-client, on our own connections."""

import base64
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from functions.adapters.gmail_errors import read_failure
from functions.adapters.gmail_settings import READ_TIMEOUT, GmailSettings
from functions.adapters.http import Answer, Http, RequestFailed
from functions.domain.errors import NotFound, Unavailable
from functions.domain.google_ports import FoundMessage, Look
from functions.domain.ports import Clock

R = TypeVar("R")

MAX_PAGES = 5  # of the mailbox's history that one look reads
MAX_LOOKED_AT = 100  # messages; each costs 20 quota units
# How far Gmail's clock and ours may differ, when messages are asked for by time.
CLOCKS = timedelta(minutes=15)
# Before an attempt, and twice that after its begin: where its message nearly always is. An account sends 60 a minute.
NEAR = timedelta(seconds=30)


class GmailReads(GmailSettings):
    def __init__(self, http: Http, url: str, clock: Clock) -> None:
        super().__init__(http, url, clock)
        self._lock = threading.Lock()
        self._client: Any = None

    def headers(self, token: str, message_id: str, names: Sequence[str]) -> dict[str, str]:
        return self._call(
            token,
            lambda users: users.messages().get(
                userId="me", id=message_id, format="metadata", metadataHeaders=list(names)
            ),
            lambda found: {h["name"].lower(): h["value"] for h in found.get("payload", {}).get("headers", ())},
        )

    def raw(self, token: str, message_id: str) -> bytes:
        return self._call(
            token,
            lambda users: users.messages().get(userId="me", id=message_id, format="raw"),
            lambda found: base64.urlsafe_b64decode(found["raw"] + "=="),
        )

    def sent_since(self, token: str, history_id: str, at: datetime, mark: str, to: str = "") -> Look:
        # What was sent to this recipient first: in the history of a busy account it may be too far back.
        found, complete = self._search_sent(token, to, at - CLOCKS)
        if not complete:  # alarms, say, of which hundreds go to one person: the attempt's own minute before the others
            near, _ = self._search_sent(token, to, at - NEAR, at + 2 * NEAR)
            found = [*near[::-1], *found]
        ids = list(dict.fromkeys([*found, *self._added_to_sent(token, history_id)]))
        messages = []
        for message_id in ids[:MAX_LOOKED_AT]:
            try:
                messages.append(self._found(token, message_id))
            except NotFound:  # deleted by now: nobody can say any more what it was
                complete = False
                continue
            if mark in messages[-1].content_type:
                break
        return Look(tuple(messages), complete)

    def _added_to_sent(self, token: str, history_id: str) -> list[str]:
        """By the mailbox's history, which has no index to lag; newest first. Nothing where the id is too old."""
        ids: list[str] = []
        page = None
        for _ in range(MAX_PAGES if history_id else 0):
            try:
                more, page = self._history(token, history_id, page)
            except NotFound:
                break
            ids += more
            if not page:
                break
        return ids[::-1]

    def _history(self, token: str, history_id: str, page: str | None) -> tuple[list[str], str | None]:
        return self._call(
            token,
            lambda users: users.history().list(
                userId="me",
                startHistoryId=history_id,
                labelId="SENT",
                historyTypes=["messageAdded"],
                maxResults=500,
                pageToken=page,
            ),
            lambda found: (
                [a["message"]["id"] for h in found.get("history", ()) for a in h.get("messagesAdded", ())],
                found.get("nextPageToken"),
            ),
        )

    def _search_sent(
        self, token: str, to: str, since: datetime, until: datetime | None = None
    ) -> tuple[list[str], bool]:
        """What the index has, newest first, and whether that is all of it. Once it has caught up, this alone tells."""
        query = f"in:sent after:{int(since.timestamp())}" + (f" before:{int(until.timestamp())}" if until else "")
        query += f" to:{to}" if to else ""
        return self._call(
            token,
            lambda users: users.messages().list(userId="me", q=query, maxResults=MAX_LOOKED_AT),
            lambda found: ([m["id"] for m in found.get("messages", ())], "nextPageToken" not in found),
        )

    def _found(self, token: str, message_id: str) -> FoundMessage:
        names = ["Content-Type", "To", "Subject"]
        return self._call(
            token,
            lambda users: users.messages().get(userId="me", id=message_id, format="metadata", metadataHeaders=names),
            _found,
        )

    def _call(self, token: str, method: Any, read: Callable[[dict[str, Any]], R]) -> R:
        """What `read` makes of the answer to one read through the official client.

        Raises what `read_failure` makes; Unavailable.
        """
        from googleapiclient.errors import HttpError

        request = method(self._users())
        request.headers["authorization"] = f"Bearer {token}"
        try:
            return read(request.execute(num_retries=0))
        except HttpError as exc:
            answer = Answer(int(exc.resp.status), dict(exc.resp), exc.content)
            raise read_failure(answer, self._clock()) from exc
        except RequestFailed as exc:
            raise Unavailable(f"Gmail can't be reached ({exc}).", retry_after=10) from exc
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Unavailable("Gmail's answer can't be read.", retry_after=10) from exc

    def _users(self) -> Any:
        with self._lock:
            if self._client is None:
                from googleapiclient.discovery import build

                self._client = build(
                    "gmail",
                    "v1",
                    http=_Transport(self._http),
                    static_discovery=True,
                    client_options={"api_endpoint": self._url},
                )
            return self._client.users()


def _found(found: dict[str, Any]) -> FoundMessage:
    headers = {h["name"].lower(): h["value"] for h in found.get("payload", {}).get("headers", ())}
    return FoundMessage(
        id=found["id"],
        thread_id=found["threadId"],
        content_type=headers.get("content-type", ""),
        to=headers.get("to", ""),
        subject=headers.get("subject", ""),
        at=datetime.fromtimestamp(int(found.get("internalDate", 0)) / 1000, UTC),
    )


class _Transport:
    """What google-api-python-client takes for httplib2, on our own connections: one CA store, no hidden replays."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: dict[str, str] | None = None,
        **_: Any,
    ) -> tuple[Any, bytes]:
        import httplib2

        data = body.encode() if isinstance(body, str) else body or b""
        kept = {k: v for k, v in (headers or {}).items() if k.lower() not in ("accept-encoding", "content-length")}
        answer = self._http.request(method, uri, headers=kept, body=data, timeout=READ_TIMEOUT)
        return httplib2.Response({"status": str(answer.status), **answer.headers}), answer.body
