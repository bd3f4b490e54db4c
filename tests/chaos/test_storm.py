"""A part of ``make chaos`` for every day: 20 kills and a lost store under load; nothing is lost.

``CHAOS_SEED`` repeats a schedule. The planted faults prove that the checkers can see.
"""

import asyncio
from uuid import uuid4

import asyncpg
import httpx
import pytest

from melder_local.system import System

from . import inside
from .faults import FAULTS
from .history import read_asked, read_promises
from .outside import judge
from .schedule import PASSED_BY, draw_schedule
from .storm import blow, seed_from_environment, superuser

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("chaos")]

REPORTS = 2000
PER_SECOND = 15


@pytest.mark.timeout(900)
def test_a_storm_loses_nothing_and_doubles_nothing(victim: System) -> None:
    seed = seed_from_environment()
    others = [("lose store", "nats"), ("stand still", "routing"), ("stand still", "behind")]
    schedule = draw_schedule(seed, reports=REPORTS, crashes=len(PASSED_BY), kills=10, others=others)
    outcome = blow(
        victim, schedule, seed=seed, reports=REPORTS, per_second=PER_SECOND, photo_every=100
    )
    assert outcome.well, outcome.explain(schedule)
    assert outcome.faults == len(schedule), outcome.explain(schedule)
    assert outcome.promised >= REPORTS
    assert max(outcome.in_flight) > 0, "nothing was under way: these kills prove nothing"


@pytest.mark.timeout(300)
def test_a_planted_loss_and_a_planted_double_are_found(victim: System) -> None:
    outcome = blow(victim, [], seed=1, reports=6, per_second=10)
    assert outcome.well, outcome.explain([])
    assert outcome.history is not None
    assert outcome.watcher is not None
    promises, asked = read_promises(outcome.history), read_asked(outcome.history)

    lost, doubled = promises[0], promises[1]
    asyncio.run(_forget(superuser(victim), lost.number))
    _report_again(victim, doubled.token)

    wrong = judge(promises, asked, outcome.watcher.look(promises))
    assert any(line.startswith(f"lost: {lost.number}") for line in wrong), wrong
    assert any(line.startswith(f"doubled: {doubled.token}") for line in wrong), wrong
    inner = asyncio.run(inside.find_faults(superuser(victim)))
    assert any("reports without exactly one case" in line for line in inner), inner
    asyncio.run(_remember(superuser(victim), lost.number))
    assert asyncio.run(inside.wait_for_rest(superuser(victim), seconds=60)) == []


async def _forget(dsn: str, number: str) -> None:
    """Lose a report as a broken service would: its case, and what the public sees of it."""
    await _plant(
        dsn, f'UPDATE routing."case" SET report_id = $2 WHERE {BY_NUMBER}', number, uuid4()
    )
    await _plant(
        dsn, f"UPDATE intake.public_report SET number = $2 WHERE {BY_NUMBER}", number, LOST
    )


async def _remember(dsn: str, number: str) -> None:
    """Undo it, so that other tests find a whole installation."""
    await _plant(
        dsn, f"UPDATE intake.public_report SET number = $2 WHERE {BY_NUMBER}", LOST, number
    )
    report = f"SELECT report_id FROM intake.report WHERE {BY_NUMBER}"
    await _plant(
        dsn, f'UPDATE routing."case" SET report_id = ({report}) WHERE number = $2', number, number
    )


LOST = "LOSTLOST"
BY_NUMBER = "number = $1"


async def _plant(dsn: str, sql: str, *arguments: object) -> None:
    """Change something behind the services' back, past all constraints."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET session_replication_role = replica")
        assert await connection.execute(sql, *arguments) == "UPDATE 1"
    finally:
        await connection.close()


def _report_again(victim: System, token: str) -> None:
    answer = httpx.post(
        f"{victim.url}/open311/v2/requests.json",
        data={
            "api_key": victim.info()["OPEN311_KEY"],
            "service_code": "road-pothole",
            "lat": "54.08",
            "long": "12.27",
            "description": f"{token}: das hat jemand zweimal angelegt.",
        },
    )
    answer.raise_for_status()


def test_one_seed_gives_one_schedule() -> None:
    drawn = [
        draw_schedule(seed, reports=100, crashes=20, kills=5, others=[("lose store", "nats")])
        for seed in (7, 7, 8)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    counts = {point: sum(fault.point == point for fault in drawn[0]) for point in PASSED_BY}
    assert set(counts.values()) == {2}, "every point, each as often as the others"
    assert {fault.kind for fault in drawn[0]} <= FAULTS.keys()
