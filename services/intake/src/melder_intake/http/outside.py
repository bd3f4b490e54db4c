"""Who serves a place that is not ours: asked of routing, said where it is known."""

from collections.abc import Callable, Sequence

from melder_common.geo import Coordinate
from melder_intake.domain.submission import Fault
from melder_intake.parts import Parts

SERVED_BY = "Dort hilft Ihnen: {name}."


async def who_serves(parts: Parts, faults: Sequence[Fault], say: Callable[[str], str] = str) -> str:
    """A sentence naming the body that serves the refused place; empty when nobody is known."""
    outside = next((fault for fault in faults if fault.code == "place_outside"), None)
    if outside is None:
        return ""
    place = Coordinate.parse(outside.details["lat"], outside.details["long"])
    hint = await parts.responsibility.ask(place)
    if hint is None or not hint.serving_name:
        return ""
    contact = f" ({hint.serving_contact})" if hint.serving_contact else ""
    return say(SERVED_BY).format(name=f"{hint.serving_name}{contact}")
