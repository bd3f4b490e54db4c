"""Whether a clerk exists must not be heard from how long a wrong password takes."""

from melder_routing.store import passwords


def test_the_hash_of_nobody_costs_what_every_other_costs() -> None:
    assert not passwords._HASHER.check_needs_rehash(passwords._NOBODY)


async def test_nobody_has_a_password() -> None:
    assert not await passwords.is_password("whatever", None)
    assert await passwords.is_password("whatever", await passwords.hash_password("whatever"))
