"""What routing says to the public in its own words, pages and mails say in every language."""

from melder_routing.domain.closing_reasons import CLOSING_REASONS
from melder_routing.domain.remote_status import NOW_WITH, NUMBERED_THERE, REMOTE_STATUSES
from melder_web.standard_answers import STANDARD_ANSWERS


def test_pages_know_every_standard_answer_and_no_other() -> None:
    said = {reason.sentence for reason in CLOSING_REASONS.values()}
    said |= {status.sentence for status in REMOTE_STATUSES.values() if status.sentence}
    said |= {NOW_WITH, NOW_WITH + NUMBERED_THERE}
    assert set(STANDARD_ANSWERS) == said
