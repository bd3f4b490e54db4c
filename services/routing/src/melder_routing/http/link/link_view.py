"""Everything the page behind a link says, made ready for its template."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from melder_routing.domain.link_answers import answers_for
from melder_routing.domain.remote_status import word_for
from melder_routing.domain.states import is_closed
from melder_routing.http.case_map import MAP_HEIGHT, MAP_WIDTH
from melder_routing.http.link.link_words import ANSWERS
from melder_routing.store.link_page import LinkedCase
from melder_web import FormErrors


@dataclass(frozen=True)
class LinkAttempt:
    """What came back from the form, or that it was taken (``said``)."""

    answer: str = ""
    message: str = ""
    errors: FormErrors = field(default_factory=FormErrors)
    stale: bool = False
    said: str = ""


def view_link(
    linked: LinkedCase, attempt: LinkAttempt, *, address: str, now: datetime
) -> dict[str, Any]:
    """All names that ``link/case.html`` uses."""
    case, facts = linked.case, linked.facts
    responsible = case.responsible
    return {
        "address": address,
        "case": case,
        "names": facts.category_name,
        "municipality": facts.municipality or "",
        "place": facts.address or "",
        "lat": facts.lat,
        "long": facts.long,
        "map_size": (MAP_WIDTH, MAP_HEIGHT),
        "closed": is_closed(case.state),
        "late": case.closed_at is None and case.due_at < now,
        "body": case.working.name,
        "responsible": responsible.name if responsible else "",
        "reasons": linked.decision.reason,
        "text": linked.text,
        "text_pending": case.text_to_review,
        "photos": linked.photos,
        "photos_pending": bool(case.photos_to_review),
        "words": linked.words,
        "held": linked.their_texts == "held",
        "last_answer": word_for(linked.link.answer) if linked.link.answer else "",
        "answers": [(one.code, *ANSWERS[one.code]) for one in answers_for(case, linked.link)],
        "typed": attempt,
        "errors": attempt.errors,
        "stale": attempt.stale,
        "said": attempt.said,
    }
