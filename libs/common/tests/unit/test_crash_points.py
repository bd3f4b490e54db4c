"""A crash point kills at the passage that was asked for, and nowhere else."""

import os
import signal
import subprocess
import sys

PROGRAM = """
from melder_common.crash_points import crash_point
for number in range(1, 4):
    crash_point("elsewhere")
    crash_point("here")
    print(number, flush=True)
"""


def run(crash_at: str) -> tuple[int, str]:
    environment = {**os.environ, "CRASH_AT": crash_at}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_without_being_asked_it_lives() -> None:
    assert run("") == (0, "1\n2\n3\n")


def test_it_dies_at_the_first_or_the_named_passage() -> None:
    assert run("here") == (-signal.SIGKILL, "")
    assert run("here:3") == (-signal.SIGKILL, "1\n2\n")
