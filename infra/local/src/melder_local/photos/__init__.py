"""Photos for the demo's reports, drawn and not taken: no place, no person, no licence.

Layers as a camera would see them: sky, what stands far away (blurred), ground in perspective, the
thing itself with its shadow, then lens and grain. The same kind and seed give the same picture.
"""

from collections.abc import Callable

from melder_local.photos.broken_things import bench, graffiti, lamp, pothole
from melder_local.photos.canvas import Scene, finish
from melder_local.photos.left_things import bin_overflowing, branch, rubbish
from melder_local.photos.signs import sign

KINDS: dict[str, Callable[[Scene], None]] = {
    "bench": bench,
    "bin": bin_overflowing,
    "branch": branch,
    "graffiti": graffiti,
    "lamp": lamp,
    "pothole": pothole,
    "rubbish": rubbish,
    "sign": sign,
}


def generate_photo(kind: str, seed: int) -> bytes:
    """A JPEG of 1600 × 1200 pixels. Raises KeyError for a kind that is not in ``KINDS``."""
    scene = Scene(seed)
    KINDS[kind](scene)
    return finish(scene)
