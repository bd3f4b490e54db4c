"""Running programs and saying what they printed when they fail."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class ProgramFailed(RuntimeError):
    """A program ended with an error; the message holds its command and the end of its output."""


def run(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
) -> str:
    """What ``argv`` prints to its standard output. Raises ProgramFailed."""
    done = subprocess.run(
        argv,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        end = "\n".join((done.stdout + done.stderr).splitlines()[-40:])
        raise ProgramFailed(f"{' '.join(argv)} ended with {done.returncode}:\n{end}")
    return done.stdout


def works(argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> bool:
    """Whether ``argv`` is there and ends well."""
    try:
        run(argv, environment=environment)
    except (ProgramFailed, FileNotFoundError):
        return False
    return True
