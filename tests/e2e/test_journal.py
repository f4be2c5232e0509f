"""The search for secrets in logs finds them."""

from pathlib import Path

import pytest

from tests.e2e.journal import Journal


@pytest.mark.parametrize(
    "line",
    [
        "the value is a-value-that-is-secret.",
        '{"token": "ya29.a0AfB_byC123456"}',
        "refresh_token=1//0gAbCdEfGhIjK",
        "code=4/0AbCdEfGhIjKl",
        "Authorization: Bearer gmk_abc123_0123456789abcdef",
        "Bearer eyJhbGciOiJFUzI1NiJ9.e30.x",
        "state=v1.1.QUJDREVGR0hJSktMTU5PUFFS",
        '{"severity": "INFO", "event": "request", "path": "/api/gmail/suppressions/ada@example.com/"}',
    ],
)
def test_a_secret_in_a_log_is_found(tmp_path: Path, line: str) -> None:
    journal = Journal()
    journal.secret("a-value-that-is-secret")
    journal.log(tmp_path / "server.log").write_text(f"before\n{line}\nafter\n")

    (found,) = journal.leaks()

    assert found.startswith("server.log: ")
    assert line not in found


def test_what_is_no_secret_is_not(tmp_path: Path) -> None:
    journal = Journal()
    journal.secret("", None, "short")
    journal.log(tmp_path / "server.log").write_text(
        '{"path": "/api/gmail/accounts/acc_123/", "version": "v1.2.3"} short'
    )

    assert journal.leaks() == []
