"""The supervisor restarts what dies, arms crash points once, and stops everything it started."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from melder_local.system import eventually

pytestmark = pytest.mark.integration

SCRIPT = """
import sys
from pathlib import Path
from melder_common.testing.processes import Launch
from melder_local.supervisor import Stage, Supervisor

run = Path(sys.argv[1])
code = (
    "import os, pathlib, time;"
    "file = pathlib.Path(os.environ['RUN'], 'starts');"
    "print(os.environ.get('CRASH_AT', '-'), file=file.open('a'), flush=True);"
    "time.sleep(600)"
)
part = Launch(
    "part",
    (sys.executable, "-c", code),
    ready=(run / "starts").exists,
    env={"RUN": str(run)},
    well=lambda: not (run / "sick").exists(),
)
Supervisor(
    [Stage([part], after=lambda: (run / "after").touch())],
    logs=run,
    status_file=run / "status.json",
    crash_requests=run / "crash.json",
    look_every_s=0.1,
    sick_after_s=0.5,
).run()
"""


class Running:
    """A supervisor over one sleeping part."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(run)])
        eventually((run / "after").exists, what="the first start")

    def part(self) -> dict[str, int]:
        """What the status file says of the part."""
        known: dict[str, int] = json.loads((self.run / "status.json").read_text())["parts"]["part"]
        return known

    def starts(self) -> list[str]:
        """The crash point each start was told, ``-`` for none."""
        return (self.run / "starts").read_text().split()

    def kill_part(self) -> None:
        """SIGKILL, then wait for the next start."""
        before = len(self.starts())
        os.kill(self.part()["pid"], signal.SIGKILL)
        eventually(lambda: len(self.starts()) > before, what="the restart")


@pytest.fixture
def running(tmp_path: Path):
    one = Running(tmp_path)
    yield one
    one.process.kill()
    one.process.wait()


def test_what_dies_is_started_again_and_counted(running: Running) -> None:
    first = running.part()["pid"]
    running.kill_part()
    eventually(lambda: running.part()["restarts"] == 1, what="the count")
    assert running.part()["pid"] != first


def test_a_crash_point_arms_one_launch_only(running: Running) -> None:
    (running.run / "crash.json").write_text(json.dumps({"part": "after_commit:3"}))
    running.kill_part()
    running.kill_part()
    assert running.starts() == ["-", "after_commit:3", "-"]


def test_what_lives_without_working_is_started_again(running: Running) -> None:
    first = running.part()["pid"]
    sick = running.run / "sick"
    sick.touch()
    eventually(lambda: running.part()["restarts"] == 1, what="the restart")
    sick.unlink()
    eventually(lambda: running.part()["pid"] not in {None, first}, what="another process")
    calm = running.part()["pid"]
    time.sleep(1)
    assert running.part()["pid"] == calm, "one that is well is left alone"


def test_stopping_leaves_no_process_behind(running: Running) -> None:
    part = psutil.Process(running.part()["pid"])
    running.process.terminate()
    assert running.process.wait(30) == 0
    assert not part.is_running() or part.status() == psutil.STATUS_ZOMBIE
    assert not (running.run / "status.json").exists()
