"""Named points at which a test can kill the process, as the power would.

``CRASH_AT=after_commit`` kills at the first passage, ``CRASH_AT=after_commit:7`` at the seventh.
Without the variable a point costs one dictionary look-up.
"""

import os
import signal

_wanted, _, _nth = os.environ.get("CRASH_AT", "").partition(":")
_remaining = {_wanted: int(_nth or 1)} if _wanted else {}


def crash_point(name: str) -> None:
    """Die here by SIGKILL when the environment asks for it."""
    if name not in _remaining:
        return
    _remaining[name] -= 1
    if _remaining[name] <= 0:
        _die(name)


def _die(_name: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
