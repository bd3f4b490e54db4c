"""Every reason a case may end for at the desk has its word for programs that follow updates."""

from melder_intake.domain.open311_status import STATUSES
from melder_routing.domain.closing_reasons import CLOSING_REASONS


def test_every_closing_reason_has_a_status_of_its_own() -> None:
    ended = {(reason.state, reason.code) for reason in CLOSING_REASONS.values()}
    assert ended == {(state, reason) for state, reason in STATUSES if reason}
