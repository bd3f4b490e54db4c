"""The sentence that tells a citizen who is responsible and why, by language."""

from melder_common.event_values import Translated
from melder_routing.domain import english_reason, german_reason
from melder_routing.domain.decision import Status
from melder_routing.domain.grounds import Grounds


def explain(grounds: Grounds) -> Translated:
    """The reason in German, which is authoritative, and in English."""
    if grounds.status is Status.DECIDED:
        body = grounds.responsible
        if body is None:
            raise ValueError("a decided place needs a responsible body")
        return {
            "de": german_reason.decided(grounds, body),
            "en": english_reason.decided(grounds, body),
        }
    german, english = {
        Status.AMBIGUOUS: (german_reason.ambiguous, english_reason.ambiguous),
        Status.UNSERVED: (german_reason.unserved, english_reason.unserved),
        Status.OUTSIDE: (german_reason.outside, english_reason.outside),
    }[grounds.status]
    return {"de": german(grounds), "en": english(grounds)}
