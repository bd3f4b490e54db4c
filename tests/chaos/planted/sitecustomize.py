"""A planted fault: the process goes by its own machine's clock, as before the decision on one clock.

Python imports this at the start of each process whose PYTHONPATH names this directory; nothing but
`tests/chaos/own_clock.py` does.
"""

from melder_common.clock import SharedClock


def _never_look(*_: object, **__: object) -> None:
    return


SharedClock.set = _never_look  # type: ignore[method-assign]
