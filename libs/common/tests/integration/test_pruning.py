"""Old rows go, but never an event that somebody has yet to hear."""

from datetime import timedelta

import pytest

from melder_common.lag import find_lags, read_event_state
from melder_common.pruning import prune
from melder_common.testing.event_schemas import EventWorld

pytestmark = pytest.mark.integration


async def keep_log(events: EventWorld, *, old: int, young: int, published: int) -> None:
    await events.execute(
        "INSERT INTO intake.log_head (partition, head, published) VALUES (1, :head, :published)",
        head=old + young,
        published=published,
    )
    await events.execute(
        "INSERT INTO intake.outbox (partition, position, name, envelope, written_at) "
        "SELECT 1, n, 'x', '', now() - CASE WHEN n <= :old THEN interval '15 d' ELSE interval '1 d' END "
        "FROM generate_series(1, :all) n",
        old=old,
        all=old + young,
    )


async def positions(events: EventWorld) -> list[int]:
    return [
        row.position
        for row in await events.fetch("SELECT position FROM intake.outbox ORDER BY position")
    ]


async def hear(events: EventWorld, **cursors: int) -> None:
    for service, position in cursors.items():
        await events.execute(
            "INSERT INTO intake.listener (service, partition, position) VALUES (:service, 1, :position)",
            service=service,
            position=position,
        )


async def test_old_events_go_when_the_slowest_listener_has_passed_them(events: EventWorld) -> None:
    await keep_log(events, old=6, young=3, published=9)
    await hear(events, routing=9, notify=4)
    pruned = await prune(events.engine, events.schemas["intake"].tables)
    assert pruned["outbox"] == 4
    assert await positions(events) == [5, 6, 7, 8, 9]

    await events.execute("UPDATE intake.listener SET position = 9")
    await prune(events.engine, events.schemas["intake"].tables)
    assert await positions(events) == [7, 8, 9]


async def test_nothing_goes_that_is_unpublished_or_that_nobody_listens_to(
    events: EventWorld,
) -> None:
    await keep_log(events, old=5, young=0, published=2)
    await prune(events.engine, events.schemas["intake"].tables)
    assert len(await positions(events)) == 5
    await hear(events, routing=5)
    await prune(events.engine, events.schemas["intake"].tables)
    assert await positions(events) == [3, 4, 5]


async def test_idempotency_answers_and_dead_letters_have_their_time(events: EventWorld) -> None:
    await events.execute(
        "INSERT INTO intake.idempotency_key (scope, key, content_hash, object_id, kept_until) "
        "SELECT 's', n::text, '', gen_random_uuid(), now() + n * interval '1 d' FROM generate_series(-3, 2) n"
    )
    await events.execute(
        "INSERT INTO intake.dead_letter (speaker, partition, position, aggregate_id, name, envelope, reason, failed_at) "
        "SELECT 'media', 1, n, gen_random_uuid(), 'x', '', 'r', now() - n * interval '1 d' FROM generate_series(1, 20) n"
    )
    pruned = await prune(events.engine, events.schemas["intake"].tables, kept=timedelta(days=14))
    assert pruned == {"outbox": 0, "idempotency_key": 4, "dead_letter": 7}


async def test_lag_is_head_minus_cursor_with_what_is_not_numbered_yet(events: EventWorld) -> None:
    await keep_log(events, old=0, young=5, published=3)
    await events.execute(
        "INSERT INTO intake.outbox (partition, name, envelope) VALUES (1, 'x', '')"
    )
    await events.execute(
        "INSERT INTO routing.cursor (speaker, partition, position) VALUES ('intake', 1, 2), ('media', 1, 8)"
    )
    async with events.engine.connect() as connection:
        states = [await read_event_state(connection, name) for name in ("intake", "routing")]

    assert states[0].unpublished == 3
    (lag,) = find_lags(states)
    assert (lag.service, lag.speaker, lag.partition, lag.events) == ("routing", "intake", 1, 4)
