"""The loop around the relay: woken by commits, by requests of consumers, and by the clock."""

import asyncio
import time
from collections.abc import Callable, Sequence

import orjson
import structlog
from nats.aio.msg import Msg

from melder_common.background import wait_for
from melder_common.leases import Lease, Leases, log_lease
from melder_common.relay import Relay
from melder_common.snapshots import plan_snapshots
from melder_common.streams import NatsTransport
from melder_common.transport import TransportFailed
from melder_common.unit_of_work import UnitsOfWork

POLL_S = 0.5
COMPARE_S = 60.0
GATHER_S = 0.05
"""After a batch that was not full: a lone event leaves at once, a stream of them in batches."""

_log = structlog.get_logger()


class Speaking:
    """Publishes the logs whose leases this process holds, and answers about them."""

    def __init__(
        self,
        relay: Relay,
        transport: NatsTransport,
        leases: Leases,
        units: UnitsOfWork,
        *,
        poll_s: float = POLL_S,
        compare_s: float = COMPARE_S,
        gather_s: float = GATHER_S,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._relay = relay
        self._transport = transport
        self._leases = leases
        self._units = units
        self._wakeup = units.wakeup
        self._service = units.speaker
        self._partitions = range(units.partitions + 1)
        self._poll_s = poll_s
        self._compare_s = compare_s
        self._gather_s = gather_s
        self._ticks = ticks
        self._compared: dict[int, float] = {}
        self._snapshots: frozenset[str] = frozenset()

    async def listen(self, snapshots: Sequence[str]) -> None:
        """Answer hearers; ``snapshots`` are the aggregates that can be told anew.

        Once per connection object: it survives reconnections.
        """
        client = self._transport.client
        self._snapshots = frozenset(snapshots)
        await client.subscribe(
            f"log.{self._service}.snapshots", queue="speakers", cb=self._hear_snapshots
        )
        await client.subscribe(f"log.{self._service}.*.again", cb=self._hear_again)
        await client.subscribe(f"log.{self._service}.*.ends", cb=self._hear_ends)

    def compare_soon(self) -> None:
        """Compare all logs with the stream at the next opportunity: it may be another one now."""
        self._compared.clear()
        self._wakeup.outbox.set()

    async def run(self) -> None:
        """Publish until cancelled. Raises what the database raises; call it again then."""
        await self._relay.prepare(self._partitions)
        while True:
            if self._transport.connected:
                await self._publish_all()
            await wait_for(self._wakeup.outbox, self._poll_s)

    async def _publish_all(self) -> None:
        try:
            await self._compare_due()
            while published := await self._relay.work(self._held()):
                await self._compare_due()  # events may come for hours without a pause
                if published < self._relay.batch:
                    await asyncio.sleep(self._gather_s)
        except TransportFailed as error:
            _log.warning("publishing_waits", reason=str(error))
            self._compared.clear()
            await asyncio.sleep(self._poll_s)

    async def _compare_due(self) -> None:
        held = self._held()
        self._compared = {p: at for p, at in self._compared.items() if p in held}
        for partition in held:
            due = self._compared.get(partition, float("-inf")) + self._compare_s
            if self._ticks() >= due:
                await self._relay.compare(partition)
                self._compared[partition] = self._ticks()

    def _held(self) -> dict[int, Lease]:
        held = self._leases.held
        names = {partition: log_lease(partition) for partition in self._partitions}
        return {partition: held[name] for partition, name in names.items() if name in held}

    async def _hear_again(self, raw: Msg) -> None:
        partition = _partition_in(raw.subject)
        if partition in self._held():
            self._relay.ask_again(partition, int(orjson.loads(raw.data)["from"]))
            self._wakeup.outbox.set()

    async def _hear_ends(self, raw: Msg) -> None:
        partition = _partition_in(raw.subject)
        if partition not in self._held():
            return
        asked = orjson.loads(raw.data)
        ends = await self._relay.ends(partition, asked["service"], int(asked["cursor"]))
        await raw.respond(orjson.dumps(ends))

    async def _hear_snapshots(self, raw: Msg) -> None:
        aggregate = orjson.loads(raw.data)["aggregate"]
        if aggregate not in self._snapshots:
            await raw.respond(orjson.dumps({"error": f"no snapshots of {aggregate}"}))
            return
        await plan_snapshots(self._units, aggregate)
        await raw.respond(orjson.dumps({"planned": aggregate}))


def _partition_in(subject: str) -> int:
    return int(subject.split(".")[2])
