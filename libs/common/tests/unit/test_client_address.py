"""The client's address comes from the right end of the chain, as far as we know the hops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melder_common.client_address import TrustedProxies

TRUSTED = TrustedProxies(("10.0.0.0/8", "127.0.0.1", "fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "chain", "client"),
    [
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, <script>", "10.0.0.1"),
        ("unix", "203.0.113.9", "unix"),
    ],
)
def test_client_behind(peer: str, chain: str, client: str) -> None:
    assert TRUSTED.client_behind(peer, chain) == client


@given(st.text(max_size=80))
def test_what_stands_left_of_the_last_stranger_does_not_matter(forged: str) -> None:
    chain = f"{forged}, 203.0.113.9"
    assert TRUSTED.client_behind("127.0.0.1", chain) == "203.0.113.9"
