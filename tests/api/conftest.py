from collections.abc import Iterator

import pytest

from tests.api.service import Service, running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The running functions, with Ada's account connected."""
    with running(tmp_path_factory.mktemp("service")) as started:
        started.connect()
        yield started
