from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from functions.adapters import gmail
from functions.domain import records
from functions.domain.ids import LOCAL_OWNER
from functions.domain.ports import Create
from tests.e2e.client import Caller
from tests.e2e.hosts import Inside
from tests.e2e.journal import Journal
from tests.faults.stub import Stub
from tests.services.builders import account

KEY = "the-local-key-of-the-fault-tests"


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def inside(tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Inside:
    """With one account whose access token is good for an hour."""
    monkeypatch.setattr(gmail, "SEND_TIMEOUT", 0.7)
    given = {"GMAIL_API_URL": stub.url, "GOOGLE_TOKEN_URL": f"{stub.url}/token", "LOCAL_API_KEY": KEY}
    made = Inside("inside", tmp_path, Journal(), given)
    tokens, now = made.app.tokens, made.time()
    bare = account(LOCAL_OWNER, scopes=("https://www.googleapis.com/auth/gmail.send",))
    ada = account(
        LOCAL_OWNER,
        scopes=bare.scopes,
        refresh_token=tokens.seal(bare, "refresh_token", "1//0refresh"),
        access_token=tokens.seal(bare, "access_token", "ya29.first"),
        access_token_expires_at=now + timedelta(hours=1),
    )
    made.app.documents.commit([Create(f"owners/{LOCAL_OWNER}/accounts/{ada.id}", records.to_data(ada))])
    return made


@pytest.fixture
def caller(inside: Inside) -> Caller:
    return Caller(inside, KEY)
