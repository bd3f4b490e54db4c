"""Which fault comes when. One seed gives one schedule; faults wait for reports, not for clocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

SERVICES = ("intake", "routing", "media", "notify")

PASSED_BY = {
    "before_commit": SERVICES,
    "after_commit": SERVICES,
    "after_number": SERVICES,
    "after_publish": SERVICES,
    "before_apply": SERVICES,
    "after_apply": SERVICES,
    "before_ack": SERVICES,
    "timer_claimed": ("intake", "media", "notify"),
    "timer_called": ("intake", "media", "notify"),
    "after_smtp": ("notify",),
}
"""Every crash point of the product, and the services that pass it while reports come in."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that happens to ``part`` once ``after`` reports are accepted.

    ``kind``: "kill" at once, "crash" at ``point`` (the ``nth`` passage), or a name of
    ``faults.FAULTS``; of two processes the ``nth`` is meant.
    """

    kind: str
    part: str
    after: int
    point: str = ""
    nth: int = 1

    def __str__(self) -> str:
        where = f" at {self.point}:{self.nth}" if self.point else ""
        return f"{self.after:>6} {self.kind} {self.part}{where}"


def draw_schedule(
    seed: int, *, reports: int, crashes: int, kills: int, others: Sequence[tuple[str, str]] = ()
) -> list[Fault]:
    """``crashes`` at named points (all in turn), ``kills`` at random, ``others`` (kind, part)."""
    chance = Random(seed)
    drawn = [("crash", part, point) for part, point in _crashes(chance, crashes)]
    drawn += [("kill", chance.choice(SERVICES), "") for _ in range(kills)]
    drawn += [(kind, part, "") for kind, part in others]
    chance.shuffle(drawn)
    step = reports / (len(drawn) + 1)
    return [
        Fault(kind, part, int(step * turn), point, chance.randint(1, 3))
        for turn, (kind, part, point) in enumerate(drawn, start=1)
    ]


def _crashes(chance: Random, count: int) -> list[tuple[str, str]]:
    """(part, point): every point once before any comes again, parts drawn."""
    chosen: list[tuple[str, str]] = []
    while len(chosen) < count:
        points = list(PASSED_BY)
        chance.shuffle(points)
        chosen += [(chance.choice(PASSED_BY[point]), point) for point in points]
    return chosen[:count]
