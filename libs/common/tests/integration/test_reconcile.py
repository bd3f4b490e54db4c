"""Checks for what no cursor can see are run by one process and shown as metrics."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from melder_common.event_metrics import EventMetrics
from melder_common.housekeeping import Housekeeping
from melder_common.leases import HOUSEKEEPING
from melder_common.reconcile import BUILT_IN, Reconciler, reconcile
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.waiting import until
from melder_common.unit_of_work import UnitsOfWork

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


async def three(_units: UnitsOfWork, _parts: None) -> int:
    return 3


async def broken(_units: UnitsOfWork, _parts: None) -> int:
    raise ConnectionError


async def test_a_broken_check_does_not_hide_the_others(events: EventWorld) -> None:
    units = events.units("intake", clock=lambda: NOON)
    async with units.begin() as unit:
        await unit.plan("mail", "old", at=NOON - timedelta(minutes=11))
    checks = [Reconciler("broken", broken), Reconciler("lost photos", three), *BUILT_IN]

    assert await reconcile(units, None, checks) == {"lost photos": 3, "timers_long_overdue": 1}


async def test_only_the_holder_of_the_lease_checks_and_shows_what_it_found(
    events: EventWorld,
) -> None:
    units, leases = events.units("intake"), events.leases("intake", "one", [HOUSEKEEPING])
    await leases.prepare()
    housekeeping = Housekeeping(units, leases, [Reconciler("lost photos", three)], None)
    registry = CollectorRegistry()
    housekeeping.metrics = EventMetrics(registry)

    def shown() -> bool:
        found = registry.get_sample_value("melder_reconcile_findings", {"check": "lost photos"})
        return found == 3

    checking = asyncio.create_task(housekeeping.reconcile(0.01))
    for _ in range(10):
        await asyncio.sleep(0.01)
    assert not shown()
    await leases.renew()
    await until(shown)
    checking.cancel()
    await asyncio.gather(checking, return_exceptions=True)
