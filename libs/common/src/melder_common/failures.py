"""How a failure is named in rows and log lines: what and where, never with anybody's data."""

import traceback
from pathlib import Path


def name_failure(error: BaseException) -> str:
    """The kind of ``error`` and the line of our own code that it came from.

    Messages are left out: they may quote what citizens wrote.
    """
    kind = type(error).__name__
    original = getattr(error, "orig", None)
    if original is not None:
        kind = f"{kind} ({type(original).__name__})"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "melder_" in frame.filename and "site-packages" not in frame.filename
    ]
    if not frames:
        return kind
    return f"{kind} in {frames[-1].name}, {Path(frames[-1].filename).name}:{frames[-1].lineno}"
