"""What one process of a service does now and then for all: checking and clearing away."""

import asyncio
from collections.abc import Sequence
from typing import Generic, TypeVar

from melder_common.event_metrics import EventMetrics
from melder_common.leases import HOUSEKEEPING, Leases
from melder_common.pruning import prune
from melder_common.reconcile import BUILT_IN, Reconciler, reconcile
from melder_common.unit_of_work import UnitsOfWork

Parts = TypeVar("Parts")


class Housekeeping(Generic[Parts]):
    """Works while this process holds the lease for it."""

    def __init__(
        self,
        units: UnitsOfWork,
        leases: Leases,
        reconcilers: Sequence[Reconciler[Parts]],
        parts: Parts,
    ) -> None:
        self.metrics: EventMetrics | None = None
        self._units = units
        self._leases = leases
        self._checks = [*BUILT_IN, *reconcilers]
        self._parts = parts

    async def reconcile(self, every_s: float) -> None:
        """Run the checks until cancelled."""
        while True:
            await self._turn(every_s)
            findings = await reconcile(self._units, self._parts, self._checks)
            if self.metrics is not None:
                for name, count in findings.items():
                    self.metrics.findings.labels(name).set(count)

    async def prune(self, every_s: float) -> None:
        """Remove old rows until cancelled."""
        while True:
            await self._turn(every_s)
            pruned = await prune(self._units.engine, self._units.tables)
            if self.metrics is not None:
                for table, rows in pruned.items():
                    self.metrics.pruned.labels(table).inc(rows)

    async def _turn(self, every_s: float) -> None:
        """Return after ``every_s``, as soon as the lease is held."""
        await asyncio.sleep(every_s)
        while HOUSEKEEPING not in self._leases.held:  # noqa: ASYNC110 (a lease has no event)
            await asyncio.sleep(every_s)
