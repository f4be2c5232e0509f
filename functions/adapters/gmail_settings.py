"""What connecting, disconnecting and a push need of Gmail: its settings, the watch, and what came since.

Plain JSON calls: the client library takes longer to import than these functions take for all the rest of their start.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from json import dumps
from typing import Any, TypeVar
from urllib.parse import urlencode

from functions.adapters.gmail_errors import read_failure
from functions.adapters.http import Http, RequestFailed
from functions.domain.errors import Unavailable
from functions.domain.google_ports import Added, Alias, Changes, Watch
from functions.domain.ports import Clock

R = TypeVar("R")

READ_TIMEOUT = 20.0  # seconds
# Of the history, in one look. A page is 500 records and 2 quota units.
MAX_PAGES = 4
# Nothing comes back in what the owner writes: a mailing of thousands would push as often.
_NOT_OUR_OWN = {"labelIds": ["SENT", "DRAFT"], "labelFilterBehavior": "exclude"}
_OF_HISTORY = "history(id,messagesAdded/message(id,threadId,labelIds)),historyId,nextPageToken"


class GmailSettings:
    """`url` is the API's root, such as https://gmail.googleapis.com."""

    def __init__(self, http: Http, url: str, clock: Clock) -> None:
        self._http = http
        self._url = url
        self._clock = clock

    def aliases(self, token: str) -> list[Alias]:
        return self._json(token, "settings/sendAs", lambda found: [_alias(a) for a in found.get("sendAs", ())])

    def profile(self, token: str) -> dict[str, Any]:
        return self._json(token, "profile", dict)

    def watch(self, token: str, topic: str) -> Watch:
        return self._json(
            token,
            "watch",
            lambda found: Watch(str(found["historyId"]), datetime.fromtimestamp(int(found["expiration"]) / 1000, UTC)),
            post={"topicName": topic, **_NOT_OUR_OWN},
        )

    def stop(self, token: str) -> None:
        self._json(token, "stop", lambda _: None, post={})

    def history_since(self, token: str, history_id: str) -> Changes:
        found: list[Added] = []
        page = ""
        for _ in range(MAX_PAGES):
            more, newest, page = self._history_page(token, history_id, page)
            found += more
            if not page:
                return Changes(tuple(found), newest or history_id, complete=True)
        return Changes(tuple(found), found[-1].history_id if found else history_id, complete=False)

    def _history_page(self, token: str, history_id: str, page: str) -> tuple[list[Added], str, str]:
        query = {
            "startHistoryId": history_id,
            "historyTypes": "messageAdded",
            "maxResults": "500",
            "fields": _OF_HISTORY,
            **({"pageToken": page} if page else {}),
        }
        return self._json(token, f"history?{urlencode(query)}", _page)

    def _json(
        self,
        token: str,
        place: str,
        read: Callable[[dict[str, Any]], R],
        *,
        post: Mapping[str, str | Sequence[str]] | None = None,
    ) -> R:
        """What `read` makes of the answer to one GET, or one POST of a document, below the user's place in the API.

        Raises what `read_failure` makes; Unavailable.
        """
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if post:
            headers["Content-Type"] = "application/json"
        try:
            answer = self._http.request(
                "GET" if post is None else "POST",
                f"{self._url}/gmail/v1/users/me/{place}",
                headers=headers,
                body=dumps(post).encode() if post else b"",
                timeout=READ_TIMEOUT,
            )
        except RequestFailed as exc:
            raise Unavailable(f"Gmail can't be reached ({exc}).", retry_after=10) from exc
        if answer.status >= 300:
            raise read_failure(answer, self._clock())
        try:
            return read(answer.json() if answer.status != 204 else {})
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as exc:
            raise Unavailable("Gmail's answer can't be read.", retry_after=10) from exc


def _alias(found: dict[str, Any]) -> Alias:
    return Alias(
        email=found["sendAsEmail"],
        name=found.get("displayName", ""),
        is_primary=found.get("isPrimary", False),
        is_default=found.get("isDefault", False),
        # The primary address and those of the same domain carry no status, and are usable.
        verified=found.get("verificationStatus", "accepted") == "accepted",
        reply_to=found.get("replyToAddress", ""),
        signature=found.get("signature", ""),
    )


def _page(found: dict[str, Any]) -> tuple[list[Added], str, str]:
    """(messages, the newest history id, the next page's token or "")."""
    added = [
        _added(entry["message"], record["id"])
        for record in found.get("history", ())
        for entry in record.get("messagesAdded", ())
    ]
    return added, str(found.get("historyId", "")), found.get("nextPageToken", "")


def _added(message: dict[str, Any], history_id: str) -> Added:
    labels = frozenset(message.get("labelIds", ()))
    return Added(message["id"], message["threadId"], labels, str(history_id))
