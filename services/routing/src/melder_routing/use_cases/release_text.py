"""A clerk makes the description public, as it is or with passages taken out."""

from melder_common.events import CaseTextRedacted, CaseTextReleased
from melder_common.text import mask_personal_data
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import ChangeRefused, touched
from melder_routing.domain.history import HistoryKind
from melder_routing.store.case_contents import get_texts, set_public_text
from melder_routing.store.cases import get_policy
from melder_routing.use_cases.on_case import Act, keep_case, say, take_case


async def release_text(unit: UnitOfWork, act: Act, text: str) -> None:
    """Show ``text`` to the public, masked. The description as written is kept.

    Raises CaseNotFound, StaleWrite, and ChangeRefused where the policy says never.
    """
    case = await take_case(unit, act)
    if (await get_policy(unit.connection, case.case_id)).text == "never":
        raise ChangeRefused("never_public")
    texts = await get_texts(unit.connection, case.case_id)
    public = mask_personal_data(text)
    as_written = public == mask_personal_data(texts.description or "")
    state = "released" if as_written else "redacted"
    await set_public_text(unit.connection, case.case_id, public, state)
    kind = HistoryKind.TEXT_RELEASED if as_written else HistoryKind.TEXT_REDACTED
    await keep_case(unit, act, case, touched(case, text_to_review=False), kind)
    event = CaseTextReleased if texts.public_state == "hidden" else CaseTextRedacted
    say(unit, case, event(case_id=case.case_id, report_id=case.report_id, text=public))
