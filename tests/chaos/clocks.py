"""Machines whose clocks jump: processes under libfaketime, whose time a file decides.

Only the clock on the wall jumps. What counts seconds (CLOCK_MONOTONIC) goes on, as it does when an
administrator or a time server corrects a real machine.
"""

import time
from collections.abc import Callable
from pathlib import Path

from melder_local.proxy import order
from melder_local.system import System

from .schedule import Fault

RIGHT = "+0"
HELD_S = 8


class NoFakeTime(RuntimeError):
    """The library is missing; the message says how to get it."""


def faked(system: System) -> dict[str, str]:
    """The environment of a process whose clock ``jump`` moves; right at first."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise NoFakeTime("libfaketime is missing: `make chaos` installs it (apt: libfaketime)")
    file = _file(system)
    file.write_text(f"{RIGHT}\n")
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def jump(seconds: int) -> Callable[[System, Fault], None]:
    """The clocks of all faked processes jump, stay so for a while, and are set right again."""

    def happen(system: System, _fault: Fault) -> None:
        _file(system).write_text(f"{seconds:+d}\n")
        try:
            time.sleep(HELD_S)
        finally:
            _file(system).write_text(f"{RIGHT}\n")

    return happen


def jump_without_mail(system: System, fault: Fault) -> None:
    """An hour ahead while no mail can leave, so that what is planned then is done after it.

    A machine that goes by its own clock carries out by it at once what it has planned by it:
    nobody notices, unless that fails and is planned again.
    """
    control = system.place.proxy_ports()["control"]
    order(control, "smtp cut")
    try:
        jump(3600)(system, fault)
    finally:
        order(control, "smtp pass")


def _file(system: System) -> Path:
    return system.place.run / "clock"
