"""The row "leader lost": three NATS servers keep every event, and the one that leads dies.

The installation is its own. The same load runs twice, first undisturbed: how long people wait
meanwhile is told as a ratio.
"""

import asyncio
import time
from typing import Any

from melder_local.system import System
from melder_local.trial import started

from .nats_leader import stream_info
from .places import fresh_place
from .rows import Row, Scale
from .schedule import SERVICES, Fault
from .storm import Outcome, blow

NAME = "NATS leader lost, 3 servers"
SPEAKER = "intake"
REPLICAS = 3


def leader_lost(system: System, seed: int, scale: Scale) -> Row:
    """The leader of intake's stream is killed -9 and stays away for some seconds, twice."""
    began = time.monotonic()
    reports, times = scale.reports(1_000), scale.times(2)
    schedule = [
        Fault("kill leader", SPEAKER, reports * turn // (times + 1)) for turn in range(1, times + 1)
    ]
    load: dict[str, Any] = {"seed": seed, "reports": reports, "per_second": scale.per_second}
    place = fresh_place(system.place.run / "leader-lost")
    with started(place, MELDER_NATS_SERVERS=str(REPLICAS)) as cluster:
        calm = blow(cluster, [], **load)
        hurt = blow(cluster, schedule, **load)
        kept = asyncio.run(_replicas(cluster))
    wrong = [*calm.wrong, *hurt.wrong, *hurt.trouble]
    wrong += [f"intake answered {status}" for status in hurt.crowd.failures]
    wrong += [f"{stream} is kept {n} times" for stream, n in kept.items() if n != REPLICAS]
    before, after = _waits(calm), _waits(hurt)
    figures = {
        "post_s": {"calm": before, "leader lost": after},
        "post_ratio": {share: round(after[share] / before[share], 2) for share in before},
        "recovery_s": {"calm": round(calm.recovery_s), "leader lost": round(hurt.recovery_s)},
    }
    promised = calm.promised + hurt.promised
    return Row(NAME, hurt.faults, promised, wrong, time.monotonic() - began, figures)


def _waits(outcome: Outcome) -> dict[str, float]:
    waits = sorted(outcome.crowd.waits)
    return {
        name: round(waits[int(len(waits) * share)], 4)
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


async def _replicas(system: System) -> dict[str, int]:
    found = {speaker: await stream_info(system, speaker) for speaker in SERVICES}
    return {speaker: info["config"]["num_replicas"] for speaker, info in found.items()}
