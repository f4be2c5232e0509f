"""Whose address a hit is from, behind proxies."""

import pytest

from functions.domain.networks import client_address

CLIENT, BALANCER, GATEWAY = "81.2.69.160", "34.120.1.1", "107.178.200.3"


@pytest.mark.parametrize(
    ("forwarded", "proxies", "found"),
    [
        (CLIENT, 0, CLIENT),
        ("", 1, "10.0.0.1"),
        (f"{CLIENT}, {GATEWAY}", 1, CLIENT),
        (f"{CLIENT}, {BALANCER}, {GATEWAY}", 2, CLIENT),
        (f"{CLIENT}, {GATEWAY}, 169.254.1.1", 1, CLIENT),  # a hop inside of the platform
        (f"1.2.3.4, {CLIENT}, {GATEWAY}", 1, CLIENT),  # made up by the caller
        (CLIENT, 1, CLIENT),  # a gateway that writes nothing
        (f"{CLIENT}, {GATEWAY}", 0, GATEWAY),  # one that was not counted
    ],
)
def test_the_addresses_of_our_own_proxies_are_left_out(forwarded: str, proxies: int, found: str) -> None:
    assert client_address(forwarded, "10.0.0.1", proxies) == found
