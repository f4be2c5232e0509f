"""Where a sign-in ends: the frontend's address as it gave it, with what became of it."""

import pytest

from functions.domain.return_urls import with_query


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/", "https://a.example/?status=connected&account=acc_1"),
        ("https://a.example/?flag&y=%20&e=", "https://a.example/?flag&y=%20&e=&status=connected&account=acc_1"),
        ("https://a.example/?x=1;y=2&z=%ff", "https://a.example/?x=1;y=2&z=%ff&status=connected&account=acc_1"),
        ("https://a.example/?status=error&code=x", "https://a.example/?code=x&status=connected&account=acc_1"),
        ("https://a.example/?%73tatus=error&a=1", "https://a.example/?a=1&status=connected&account=acc_1"),
    ],
)
def test_the_outcome_is_added_and_the_rest_stays_to_the_letter(url: str, expected: str) -> None:
    assert with_query(url, status="connected", account="acc_1") == expected
