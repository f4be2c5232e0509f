"""Puts an owner with accounts and an API key into the store of the environment; prints them as JSON.

A process of its own, so that the benchmark's needs no cloud library. `python -m tests.bench.seed ISSUER COUNT`
"""

import json
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit

from functions.domain import records
from functions.domain.accounts import GmailAccount
from functions.domain.ids import derived_id, owner_id
from functions.domain.ports import Create
from functions.domain.scopes import REQUESTED_SCOPES
from functions.domain.sends import Status
from functions.runtime.start import start
from tests.services import builders

LINKS = 320  # tracked: a click is on record with those on the same message, so each is clicked a few times only


def seed(issuer: str, count: int) -> dict[str, object]:
    app, owner = start(), owner_id(issuer, "ana")
    ids = []
    for number in range(count):
        blank = GmailAccount(
            id=derived_id("acc", owner, str(number)),
            owner=owner,
            sub=str(number),
            email=f"ana{number or ''}@example.com",
            name="Ana",
            scopes=REQUESTED_SCOPES,
            connected_at=datetime.now(UTC),
            refresh_token="",
            daily_limit=1_000_000,
        )
        sealed = app.tokens.seal(blank, "refresh_token", "1//" + "r" * 100)
        data = {**records.to_data(blank), "refresh_token": sealed}
        app.documents.commit([Create(f"owners/{owner}/accounts/{blank.id}", data)])
        ids.append(blank.id)
    _, key = app.keys.create(owner, name="bench", scopes=("send", "read", "manage"), accounts=None, expires_at=None)
    links = []
    for number in range(LINKS):
        name = derived_id("snd", owner, f"tracked {number}")
        sent = builders.send(owner, id=name, account=ids[0], status=Status.SENT, sent_at=datetime.now(UTC))
        app.documents.commit([Create(f"owners/{owner}/sends/{sent.id}", records.to_data(sent))])
        link = app.track_links.click(owner, sent.id, 0, "https://shop.example/orders?id=42")
        links.append(urlsplit(link).path)
    gone = urlsplit(app.track_links.click(owner, derived_id("snd", owner, "gone"), 0, "https://shop.example/")).path
    return {"accounts": ids, "key": key, "links": links, "gone": gone}


if __name__ == "__main__":
    print(json.dumps(seed(sys.argv[1], int(sys.argv[2]))))
