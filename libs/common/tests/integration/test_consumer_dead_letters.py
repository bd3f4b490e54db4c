"""What a consumer cannot apply becomes a dead letter, and waits for people."""

import pytest

from melder_common import dead_letters
from melder_common.dead_letters import UnknownLetter, list_letters
from melder_common.events import ReportSupported
from melder_common.transport import Message

from .hearer import OTHER_REPORT, POISON, REPORT, Hearer, supported

pytestmark = pytest.mark.integration


async def test_a_poisonous_event_becomes_a_dead_letter_and_parks_only_its_own_aggregate(
    hearer: Hearer,
) -> None:
    hearer.arrive(
        supported(1, 1),
        supported(2, POISON),
        supported(3, 3, report=OTHER_REPORT),
        supported(4, 4),
    )
    await hearer.apply()
    hearer.arrive(supported(5, 5), supported(6, 6, report=OTHER_REPORT))
    await hearer.apply()

    assert await hearer.effects() == [1, 3, 6]
    assert await hearer.cursor() == 6
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)
    assert (letter.position, letter.aggregate_id, letter.behind) == (2, REPORT, 2)
    assert letter.reason.startswith("LookupError")
    assert str(REPORT) not in letter.reason


async def test_replaying_applies_the_letter_and_all_behind_it_in_order(hearer: Hearer) -> None:
    hearer.arrive(supported(1, POISON), supported(2, 2), supported(3, 3, report=OTHER_REPORT))
    await hearer.apply()
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)

    with pytest.raises(LookupError):
        await dead_letters.replay(hearer.units, hearer.subscriptions, None, letter.id)
    assert await hearer.effects() == [3]

    hearer.poison.clear()
    assert await dead_letters.replay(hearer.units, hearer.subscriptions, None, letter.id) == 2
    hearer.arrive(supported(4, 4))
    await hearer.apply()
    assert await hearer.effects() == [3, POISON, 2, 4]
    with pytest.raises(UnknownLetter):
        await dead_letters.replay(hearer.units, hearer.subscriptions, None, letter.id)


async def test_skipping_gives_one_letter_up_and_the_next_may_fail_in_its_turn(
    hearer: Hearer,
) -> None:
    hearer.poison = {1, 3}
    hearer.arrive(supported(1, 1), supported(2, 2), supported(3, 3), supported(4, 4))
    await hearer.apply()
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)

    with pytest.raises(LookupError):
        await dead_letters.skip(hearer.units, hearer.subscriptions, None, letter.id)
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)
    assert (letter.position, letter.behind) == (2, 2)

    hearer.poison.clear()
    assert await dead_letters.skip(hearer.units, hearer.subscriptions, None, letter.id) == 2
    assert await hearer.effects() == [3, 4]


async def test_an_unreadable_envelope_is_a_dead_letter_too(hearer: Hearer) -> None:
    broken = Message(1, ReportSupported.NAME, b'{"name": "report.supported.v1"', "intake/1/1")
    hearer.arrive(broken, supported(2, 2))
    await hearer.apply()

    assert await hearer.effects() == [2]
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)
    assert letter.aggregate_id == dead_letters.NOBODY
