from collections.abc import Iterator

import pytest

from tests.sandbox.client import Account, Google, running
from tests.sandbox.senders import Sender, sender


@pytest.fixture(scope="session")
def server() -> Iterator[Google]:
    with running() as google:
        yield google


@pytest.fixture
def google(server: Google) -> Google:
    """The running sandbox, with nothing in it."""
    server.reset(everything=True)
    return server


@pytest.fixture
def ada(google: Google) -> Account:
    return google.account("ada@example.com")


@pytest.fixture
def grace(google: Google) -> Account:
    return google.account("grace@example.com")


@pytest.fixture
def site() -> Iterator[Sender]:
    """The sender's own server."""
    with sender() as made:
        yield made
