"""Whatever the net does, the consumers end where a clean run ends; a planted fault is noticed."""

import logging
import os
import time
from collections.abc import Iterator

import pytest
import structlog

from .simulation import run_schedule

SCHEDULES = int(os.environ.get("CHAOS_SCHEDULES", "300"))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Ten thousand storms write no log."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.mark.timeout(1800)
async def test_the_state_equals_that_of_the_clean_run() -> None:
    first = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)
    for seed in range(first, first + SCHEDULES):
        wrong = await run_schedule(seed)
        assert not wrong, f"CHAOS_SEED={seed} CHAOS_SCHEDULES=1: {wrong}"


@pytest.mark.parametrize("sabotage", ["skip", "again"])
async def test_a_planted_fault_is_found(sabotage: str) -> None:
    found = [await run_schedule(seed, sabotage=sabotage) for seed in range(20)]
    assert any(found)
