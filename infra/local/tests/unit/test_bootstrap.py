"""The parts of `bootstrap.sh` that choose: which Python, and what to do while another apt works.

Each test has a PATH of its own, with nothing in it but what the scripts call.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LOCAL = Path(__file__).parents[2]
SHIM = "echo 'no such version is chosen' >&2; exit 127"
WITHOUT_VENV = 'case "$2" in *ensurepip*) exit 1;; esac'
SUITABLE = f'exec {sys.executable} "$@"'


class Machine:
    """A directory in which the scripts run, and the only programs they find."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "bin"
        self.path.mkdir()
        for name in ("bash", "env"):
            (self.path / name).symlink_to(str(shutil.which(name)))

    def has(self, name: str, script: str) -> str:
        """A program in PATH, or at a path below the directory; returns where it is."""
        file = self.directory / name if "/" in name else self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        file.chmod(0o755)
        return str(file)

    def run(self, script: str, *argv: str) -> subprocess.CompletedProcess[str]:
        """One of the scripts of `infra/local`."""
        return subprocess.run(
            [str(LOCAL / script), *argv],
            cwd=self.directory,
            env={"PATH": str(self.path)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_name_that_makes_no_environment_does_not_hide_the_next(machine: Machine) -> None:
    machine.has("python3.13", SHIM)
    machine.has("python3.11", WITHOUT_VENV)
    good = machine.has("python3", SUITABLE)
    assert machine.run("find-python.sh").stdout.split() == [good]


def test_the_environment_that_is_there_comes_first(machine: Machine) -> None:
    machine.has("python3", SUITABLE)
    machine.has(".venv/bin/python", SUITABLE)
    assert machine.run("find-python.sh").stdout.split() == [".venv/bin/python"]


def test_without_a_suitable_python_it_fails_and_names_none(machine: Machine) -> None:
    machine.has("python3", WITHOUT_VENV)
    done = machine.run("find-python.sh")
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize("lock", ["/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock"])
def test_apt_is_asked_again_while_another_one_works(machine: Machine, lock: str) -> None:
    machine.has("sleep", "echo slept >> naps")
    busy = f"echo 'E: Could not get lock {lock}. It is held by process 7' >&2; exit 100"
    machine.has("apt-get", f'[ -e naps ] || {{ {busy}; }}; echo "$@" > asked')
    assert machine.run("apt-get.sh", "install", "-y", "chromium").returncode == 0
    assert (machine.directory / "naps").read_text().split() == ["slept"]
    assert (machine.directory / "asked").read_text().split()[-3:] == ["install", "-y", "chromium"]


def test_another_trouble_of_apt_is_told_at_once(machine: Machine) -> None:
    machine.has("apt-get", "echo 'E: Unable to locate package chromium' >&2; exit 100")
    done = machine.run("apt-get.sh", "install", "-y", "chromium")
    assert done.returncode == 1
    assert "Unable to locate package chromium" in done.stderr
