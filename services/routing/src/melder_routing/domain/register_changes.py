"""States of a register of roads or assets, and what the next one changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

SHOWN = 10


class RegisterOutOfOrder(ValueError):
    """A state that would begin before one that is known; the message names it."""


@dataclass(frozen=True, slots=True)
class RegisterState:
    """What one import brought. ``valid_from``: its first day, empty for since ever."""

    version: str
    digest: str
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Entries that come, go, or are another thing under the same number.

    ``what``: the number of an asset, or the class of roads; ``metres``: the length of the roads.
    """

    what: str
    entries: int = 1
    metres: float | None = None

    @property
    def words(self) -> str:
        """As the report lists it."""
        if self.metres is None:
            return self.what
        return f"class {self.what}: {self.entries} segments, {self.metres / 1000:.1f} km"


@dataclass(frozen=True, slots=True)
class RegisterChanges:
    """What a state changes against the one before it."""

    kept: int
    added: Sequence[Change] = ()
    changed: Sequence[Change] = ()
    gone: Sequence[Change] = ()

    @property
    def lines(self) -> Iterator[str]:
        """The report, long lists cut."""
        yield f"{self.kept} unchanged"
        for name in ("added", "changed", "gone"):
            found: Sequence[Change] = getattr(self, name)
            if found:
                more = [f"… and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
                listed = "; ".join([*(one.words for one in found[:SHOWN]), *more])
                yield f"{sum(one.entries for one in found)} {name}: {listed}"


def first_day(wanted: date | None, states: Sequence[RegisterState], today: date) -> date | None:
    """The first day of a new state: as wanted, else today; since ever where nothing was before.

    Raises RegisterOutOfOrder.
    """
    day = wanted or (today if states else None)
    for later in states:
        if later.valid_from is not None and (day is None or later.valid_from > day):
            raise RegisterOutOfOrder(
                f"{later.version} counts from {later.valid_from} on already, and this state would "
                "begin before it; import states in the order of their days (--valid-from)"
            )
    return day


def last_day_before(day: date) -> date:
    """The last day of what ends where ``day`` begins."""
    return day - timedelta(days=1)
