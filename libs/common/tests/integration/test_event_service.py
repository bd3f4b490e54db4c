"""The whole runtime over a real nats-server: it comes back from every loss by itself."""

import asyncio
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from prometheus_client import CollectorRegistry

from melder_common.event_metrics import EventMetrics
from melder_common.testing.nats import NatsServer
from melder_common.testing.processes import Process
from melder_common.testing.waiting import until

from .dialogue import HURRIED, Dialogue, start

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


async def test_without_nats_everything_is_accepted_and_delivered_when_it_comes(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    await dialogue.start()
    await dialogue.tell(20)
    assert await dialogue.kept("heard") == []

    start(server[1])
    await dialogue.all_answered()
    assert all(runtime.alive() for runtime in dialogue.runtimes.values())


async def test_killing_nats_again_and_again_loses_and_doubles_nothing(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.start()
    telling = asyncio.create_task(dialogue.tell(300))
    for round_ in (1, 2, 3):
        await until(partial(dialogue.has_answered, 20 * round_))
        server[1]._process.send_signal(signal.SIGKILL)  # type: ignore[union-attr]  # it was started above
        server[1]._process.wait()  # type: ignore[union-attr]  # as above
        start(server[1])
    await telling
    await dialogue.all_answered()


async def test_a_connection_that_is_lost_while_it_is_closed_does_not_spoil_the_stop(
    dialogue: Dialogue, server: tuple[NatsServer, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(server[1])
    await dialogue.start()
    runtime = dialogue.runtimes["routing"]
    client = runtime.transport.client
    await until(lambda: client.is_connected)

    async def keep_waiting(*_: object, **__: object) -> None: ...

    async def lost() -> None:
        raise ConnectionResetError("Connection lost")

    monkeypatch.setattr(client, "_flush_pending", keep_waiting)
    monkeypatch.setattr(client._transport, "drain", lost)
    await client.publish("last.words", b"never sent")
    await runtime.stop()
    client._transport.close()  # here the connection is not really lost
    await client._transport.wait_closed()


async def test_a_deleted_stream_is_made_anew_and_what_was_in_it_arrives(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.start()
    await dialogue.tell(10)
    await dialogue.all_answered()
    for stream in ("INTAKE", "ROUTING"):
        assert (await dialogue.api(f"STREAM.DELETE.{stream}"))["success"]

    await dialogue.tell(10)
    await dialogue.all_answered()


async def test_messages_that_vanish_without_a_successor_are_missed_and_fetched(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    """Nothing comes after them, so no gap shows; only the speaker's head tells."""
    start(server[1])
    dialogue.intake = dialogue.build_intake(replace(HURRIED, compare_s=1000))
    await dialogue.running.enter_async_context(dialogue.intake.running(None))
    await dialogue.tell(10)

    async def published() -> bool:
        rows = await dialogue.events.fetch("SELECT published FROM intake.log_head")
        return sum(int(row.published) for row in rows) == 10

    await until(published)
    assert (await dialogue.api("STREAM.PURGE.INTAKE"))["purged"] == 10

    await dialogue.running.enter_async_context(dialogue.routing.running(None))
    await dialogue.all_answered()


async def test_a_durable_of_another_shape_is_replaced(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.running.enter_async_context(dialogue.intake.running(None))

    async def stream_exists() -> bool:
        return "error" not in await dialogue.api("STREAM.INFO.INTAKE")

    await until(stream_exists)
    config = {
        "durable_name": "routing-1",
        "name": "routing-1",
        "deliver_policy": "new",
        "ack_policy": "explicit",
    }
    body = {"stream_name": "INTAKE", "config": config}
    assert "error" not in await dialogue.api("CONSUMER.CREATE.INTAKE.routing-1", body)

    await dialogue.running.enter_async_context(dialogue.routing.running(None))
    await dialogue.tell(10)
    await dialogue.all_answered()


async def test_a_view_is_rebuilt_from_snapshots(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.start()
    await dialogue.events.execute("INSERT INTO effect VALUES ('answered', -1)")
    await dialogue.intake.rebuild("texts")

    async def rebuilt() -> bool:
        return await dialogue.kept("answered") == list(range(1, 251))

    await until(rebuilt)
    with pytest.raises(LookupError):
        await dialogue.intake.rebuild("nothing")


async def test_metrics_show_lag_and_cursor(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.start()
    await dialogue.tell(10)
    await dialogue.all_answered()
    registry = CollectorRegistry()
    runtime = dialogue.runtimes["routing"]
    runtime.show_metrics(EventMetrics(registry))

    async def all_heard() -> bool:
        await runtime.refresh_metrics()
        cursors = [
            registry.get_sample_value(
                "melder_consumer_cursor", {"speaker": "intake", "partition": str(p)}
            )
            for p in (1, 2)
        ]
        return sum(cursor or 0 for cursor in cursors) == 10

    await until(all_heard)
    assert registry.get_sample_value("melder_dead_letters", {"kind": "failed"}) == 0


async def test_a_service_goes_by_the_databases_clock(
    dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = timedelta(hours=-1)
    monkeypatch.setattr("melder_common.clock.utc_now", lambda: datetime.now(UTC) + wrong)
    await dialogue.start()

    def keeps_time() -> bool:
        ahead = datetime.now(UTC) - dialogue.routing.units.clock()
        return abs(ahead) < timedelta(minutes=1)

    await until(keeps_time)
