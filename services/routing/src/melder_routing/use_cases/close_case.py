"""A clerk closes a case with a public word or a reason."""

from melder_common.event_values import CaseState
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.closing_reasons import CLOSING_REASONS
from melder_routing.domain.states import StepRefused, is_closed
from melder_routing.use_cases.change_status import change_status
from melder_routing.use_cases.on_case import Act


async def close_case(
    unit: UnitOfWork,
    act: Act,
    target: CaseState,
    *,
    message: str | None = None,
    reason: str | None = None,
) -> None:
    """Close the case as ``target``.

    Raises what change_status raises, and StepRefused for a state that closes nothing.
    """
    if not is_closed(target):
        raise StepRefused(target, target, "not_allowed")
    await change_status(unit, act, target, message=message, reason=reason)


def reasons_for(target: CaseState) -> list[tuple[str, str]]:
    """(code, label) of the reasons that fit ``target``."""
    return [(r.code, r.label) for r in CLOSING_REASONS.values() if r.state is target]
