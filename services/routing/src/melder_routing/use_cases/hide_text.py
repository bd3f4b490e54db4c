"""A clerk keeps the description from the public, or takes it back."""

from melder_common.events import CaseTextRedacted
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import touched
from melder_routing.domain.history import HistoryKind
from melder_routing.store.case_contents import set_public_text
from melder_routing.use_cases.on_case import Act, keep_case, say, take_case


async def hide_text(unit: UnitOfWork, act: Act) -> None:
    """Show no text of the reporter to the public. Raises CaseNotFound, StaleWrite."""
    case = await take_case(unit, act)
    await set_public_text(unit.connection, case.case_id, None, "hidden")
    after = touched(case, text_to_review=False)
    await keep_case(unit, act, case, after, HistoryKind.TEXT_HIDDEN)
    say(unit, case, CaseTextRedacted(case_id=case.case_id, report_id=case.report_id, text=None))
