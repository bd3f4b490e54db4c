"""The row "disk full": each part's disk fills up under load, and empties again.

The installation is its own, on small file systems that exist only in a mount namespace of this
process: ``python -m tests.chaos.disk_full`` is started there by ``disk_full`` and answers with a row
as JSON. It needs root, for mounting; without, the row fails and says so.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from melder_local.place import CHECKOUT
from melder_local.system import System
from melder_local.trial import started

from .disks import FILLS, mount_all, need_temporary_files
from .places import fresh_place
from .rows import Row, Scale
from .schedule import draw_schedule
from .storm import blow

NAME = "disk full"
MODULE = "tests.chaos.disk_full"
SETTLE_S = 300


def disk_full(system: System, seed: int, scale: Scale) -> Row:
    """Run it in a namespace of its own, beside the installation of the other rows."""
    if os.geteuid() != 0:
        return Row(NAME, 0, 0, ["needs root: it mounts small file systems (tmpfs)"], 0.0)
    run = system.place.run / "disk-full"
    outcome = run.with_suffix(".json")
    outcome.unlink(missing_ok=True)
    argv = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", MODULE]
    argv += [str(run), str(seed), json.dumps(asdict(scale)), str(outcome)]
    done = subprocess.run(argv, cwd=CHECKOUT, check=False)
    if not outcome.exists():
        return Row(NAME, 0, 0, [f"ended with {done.returncode}, see above"], 0.0)
    return Row(**json.loads(outcome.read_text()))


def measure(run: Path, seed: int, scale: Scale) -> Row:
    """Start on small disks, fill each of them once under load, look."""
    began = time.monotonic()
    place = fresh_place(run)
    mount_all(place)
    reports = scale.reports(1_500)
    with started(place, TMPDIR=str(run / "tmp")) as system:
        need_temporary_files(system)
        before = system.parts()
        schedule = draw_schedule(
            seed, reports=reports, crashes=0, kills=0, others=[(kind, "disk") for kind in FILLS]
        )
        outcome = blow(
            system,
            schedule,
            seed=seed,
            reports=reports,
            per_second=scale.per_second,
            settle_s=SETTLE_S,
            photo_every=20,
        )
        after = system.parts()
    restarts = {part: after[part]["restarts"] - before[part]["restarts"] for part in after}
    crowd = outcome.crowd
    wrong = [
        *outcome.wrong,
        *outcome.trouble,
        *(f"given up: {one}" for one in crowd.given_up),
        *(f"{n} × {status}" for status, n in crowd.failures.items() if status != "503"),
        *(f"{part} was restarted" for part in _never_restarted(restarts)),
    ]
    figures = {
        "failures": crowd.failures,
        "recovery_s": round(outcome.recovery_s, 1),
        "restarts": {part: count for part, count in restarts.items() if count},
        "history": str(outcome.history),
    }
    seconds = time.monotonic() - began
    return Row(NAME, outcome.faults, outcome.promised, wrong, seconds, figures)


def _never_restarted(restarts: dict[str, int]) -> list[str]:
    """PostgreSQL ends by itself when its log is full, NATS is ended when it takes nothing more."""
    return [part for part, count in restarts.items() if count and part not in {"postgres", "nats"}]


if __name__ == "__main__":
    _run, _seed, _scale, _outcome = sys.argv[1:]
    _row = measure(Path(_run), int(_seed), Scale(**json.loads(_scale)))
    Path(_outcome).write_text(json.dumps(asdict(_row)))
