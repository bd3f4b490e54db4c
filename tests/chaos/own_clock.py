"""A planted fault: machines whose clocks jump go by them. Shows that the row of clocks can fail.

What such a machine plans again while it is an hour ahead, because no mail can leave, waits for an
hour, whoever carries it out: the checkers must miss it. Brought forward, it happens, and nothing
planted stays behind.
"""

import asyncio
import time
from pathlib import Path

import asyncpg

from melder_local.services import SERVICES
from melder_local.system import System

from .clocks import faked
from .history import read_asked, read_promises
from .pauses import twins
from .rows import Row, Scale
from .schedule import draw_schedule
from .storm import Outcome, blow, superuser

PLANTED = Path(__file__).parent / "planted"
LATE = ("untold:", "photos lost:")
"""What the checker outside says of a receipt, or a photo, that is planned for later."""
PATIENCE_S = 40


def own_clock(system: System, seed: int, scale: Scale) -> Row:
    """A jump ahead under reports: held when receipts are missed, and come once brought forward."""
    began = time.monotonic()
    reports = scale.reports(400)
    ahead = [("an hour ahead, no mail", "all")]
    schedule = draw_schedule(seed, reports=reports, crashes=0, kills=0, others=ahead)
    with twins(system, {**faked(system), "PYTHONPATH": str(PLANTED)}) as door:
        outcome = blow(
            system,
            schedule,
            seed=seed,
            reports=reports,
            per_second=scale.per_second,
            settle_s=PATIENCE_S,
            door=door,
        )
    missed = [line for line in outcome.wrong if line.startswith(LATE)]
    wrong = [*outcome.trouble, *_still_missing(system, outcome)]
    if not missed:
        wrong.append("machines went by their own clocks, and the checkers missed nothing")
    seconds = time.monotonic() - began
    name = "clocks jump, planted: own clocks"
    return Row(name, outcome.faults, outcome.promised, wrong, seconds, {"missed": len(missed)})


def _still_missing(system: System, outcome: Outcome) -> list[str]:
    """What is not as promised after everything late was brought forward."""
    assert outcome.history is not None
    assert outcome.watcher is not None
    asyncio.run(_bring_forward(superuser(system)))
    promises, asked = read_promises(outcome.history), read_asked(outcome.history)
    return outcome.watcher.wait_until_kept(promises, asked, seconds=3 * PATIENCE_S)


async def _bring_forward(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for service in SERVICES:
            await connection.execute(
                f"UPDATE {service}.due SET at = now() "
                "WHERE at BETWEEN now() AND now() + interval '70 min'"
            )
    finally:
        await connection.close()
