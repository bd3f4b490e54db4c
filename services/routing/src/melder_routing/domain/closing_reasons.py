"""Why a case may end: codes for statistics, each with the sentence the public reads."""

from dataclasses import dataclass

from melder_common.event_values import CaseState


@dataclass(frozen=True, slots=True)
class ClosingReason:
    """A code with its button text at the desk and the public sentence it stands for."""

    code: str
    state: CaseState
    label: str
    sentence: str


_RESOLVED, _NOT, _DOUBLE = CaseState.RESOLVED, CaseState.NOT_ACTIONABLE, CaseState.DUPLICATE

CLOSING_REASONS: dict[str, ClosingReason] = {
    reason.code: reason
    for reason in (
        ClosingReason(
            "fixed",
            _RESOLVED,
            "Mangel behoben",
            "Der Mangel ist behoben. Vielen Dank für Ihren Hinweis.",
        ),
        ClosingReason(
            "gone",
            _RESOLVED,
            "Vor Ort nicht mehr vorgefunden",
            "Wir waren vor Ort. Der Mangel ist nicht mehr vorhanden.",
        ),
        ClosingReason(
            "fixed_by_others",
            _RESOLVED,
            "Von anderer Stelle behoben",
            "Der Mangel wurde von einer anderen Stelle behoben.",
        ),
        ClosingReason(
            "private_ground",
            _NOT,
            "Privates Grundstück",
            "Die Stelle liegt auf privatem Grund. Dort dürfen wir nicht tätig werden.",
        ),
        ClosingReason(
            "no_defect",
            _NOT,
            "Kein Mangel",
            "Wir haben die Stelle geprüft. Es besteht kein Mangel, den wir beheben müssen.",
        ),
        ClosingReason(
            "not_possible",
            _NOT,
            "Derzeit nicht möglich",
            "Der Mangel kann in absehbarer Zeit nicht behoben werden.",
        ),
        ClosingReason(
            "too_little_information",
            _NOT,
            "Angaben reichen nicht aus",
            "Die Angaben reichen nicht aus, um die Stelle oder den Mangel zu finden.",
        ),
        ClosingReason(
            "abuse",
            _NOT,
            "Keine ernsthafte Meldung",
            "Die Meldung enthält keinen Mangel im öffentlichen Raum.",
        ),
        ClosingReason(
            "already_reported",
            _DOUBLE,
            "Bereits gemeldet",
            "Dieser Mangel ist uns schon bekannt. Wir bearbeiten ihn unter einer anderen Nummer.",
        ),
    )
}
"""By code, in the order in which the desk offers them."""


class WrongReason(ValueError):
    """A reason's code that nobody knows, or that belongs to another state."""


def reason_for(code: str | None, target: CaseState) -> ClosingReason | None:
    """The reason behind ``code`` if it may lead to ``target``; none for an empty code.

    Raises WrongReason for an unknown code and for one that belongs to another state.
    """
    if not code:
        return None
    reason = CLOSING_REASONS.get(code)
    if reason is None or reason.state is not target:
        raise WrongReason(f"{code!r} is no reason for {target}")
    return reason
