"""``make chaos``: every row in turn over one installation; a table for people, JSON for programs.

``CHAOS_SEED`` repeats the schedules of a run, ``CHAOS_SHARE=0.1`` runs a tenth of each row,
``CHAOS_ROWS=kills,poison`` only some. The row ``disk`` mounts small file systems and so needs root;
it and ``leader`` start installations of their own. Exit status 1 when a row did not hold.
"""

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from melder_local.place import CHECKOUT, Place
from melder_local.system import System
from melder_local.trial import started

from . import rows
from .disk_full import disk_full
from .leader_lost import leader_lost
from .own_clock import own_clock
from .poison import poison
from .rows import Measure, Row, Scale
from .storm import seed_from_environment

FAILING = ("cut 12 s", "slow 12 s", "black_hole 12 s", "half_open 12 s")


def by_pytest(name: str, target: str, system: System, seed: int, scale: Scale) -> Row:
    """A row that is a test: run it, in this installation where it wants one."""
    schedules = scale.reports(10_000)
    environment = {
        **os.environ,
        "CHAOS_SEED": str(seed),
        "CHAOS_SCHEDULES": str(schedules),
        "MELDER_CHAOS_RUN_DIR": str(system.place.run),
        "MELDER_PORT": str(system.place.port),
    }
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", target]
    began = time.monotonic()
    done = subprocess.run(
        argv, env=environment, capture_output=True, text=True, check=False, cwd=CHECKOUT
    )
    wrong = [] if done.returncode == 0 else done.stdout.splitlines()[-30:]
    count = schedules if "simulation" in target else 1
    return Row(name, count, 0, wrong, time.monotonic() - began, {"test": target})


ROWS: Mapping[str, Measure] = {
    "kills": rows.kills,
    "nats": rows.nats_kills,
    "forgets": rows.nats_forgets,
    "postgres": rows.postgres_stops,
    "s3": rows.links("s3", FAILING, reports=1_000, photos=True),
    "smtp": rows.links("smtp", FAILING, reports=1_000),
    "net": rows.links("nats", FAILING[1:], reports=600),
    "database": rows.links("postgres", FAILING[1:], reports=600),
    "poison": poison,
    "disk": disk_full,
    "leader": leader_lost,
    "rolling": rows.rolling_restart,
    "pauses": rows.pauses,
    "clocks": rows.clock_jumps,
    "own-clock": own_clock,
    "simulation": partial(
        by_pytest, "duplicates, shuffles, losses", "tests/chaos/test_simulation.py"
    ),
    "planted": partial(
        by_pytest, "planted loss and double", "tests/chaos/test_storm.py::"
        "test_a_planted_loss_and_a_planted_double_are_found",
    ),
    "restore": partial(by_pytest, "restore of a backup", "tests/chaos/test_restore.py"),
}  # fmt: skip


def say(line: str) -> None:
    """Print now: somebody watches for half an hour."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run the column. The installation below ``MELDER_RUN_DIR`` must not run yet; it is stopped."""
    place = Place.from_environment()
    seed, share = seed_from_environment(), float(os.environ.get("CHAOS_SHARE", "1"))
    scale = Scale(share, float(os.environ.get("CHAOS_PER_SECOND", "20")))
    chosen = [name for name in os.environ.get("CHAOS_ROWS", "").split(",") if name] or list(ROWS)
    say(f"seed {seed}, share {share}; repeat with CHAOS_SEED={seed}")
    done: list[Row] = []
    try:
        with started(place, MELDER_PROXY="1") as system:
            for name in chosen:
                row = _measure(name, system, seed, scale)
                done.append(row)
                say(_line(row))
                for line in row.wrong[:20]:
                    say(f"    {line}")
    finally:
        _write(place.run / "chaos.json", seed, scale, done)
    say(f"{_table(done)}\nfigures: {place.run / 'chaos.json'}")
    return int(any(row.wrong for row in done) or len(done) < len(chosen))


def _measure(name: str, system: System, seed: int, scale: Scale) -> Row:
    """One row; what breaks it is what was wrong, and the rows after it still run."""
    began = time.monotonic()
    try:
        return ROWS[name](system, seed, scale)
    except Exception:  # noqa: BLE001 (the edge: told, and the rows after it still run)
        wrong = traceback.format_exc().splitlines()[-20:]
        return Row(name, 0, 0, wrong, time.monotonic() - began, {})


def _line(row: Row) -> str:
    held = "held" if not row.wrong else f"{len(row.wrong)} WRONG"
    return f"{row.name:<36} {row.faults:>7} {row.promised:>8} {row.seconds:>7.0f} s  {held}"


def _table(done: list[Row]) -> str:
    head = f"{'row':<36} {'faults':>7} {'promised':>8} {'time':>9}  outcome"
    return "\n".join(["", head, *map(_line, done)])


def _write(file: Path, seed: int, scale: Scale, done: list[Row]) -> None:
    figures = {"seed": seed, "scale": asdict(scale), "rows": [asdict(row) for row in done]}
    file.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
