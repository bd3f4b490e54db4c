"""Which updates a GET of servicerequestupdates asks for."""

from datetime import datetime, timedelta

from melder_common.numbers import normalise_number
from melder_intake.domain.catalogue import Catalogue
from melder_intake.http.open311 import values
from melder_intake.http.open311.errors import Open311Error
from melder_intake.http.open311.parameters import JURISDICTION, Parameter, Values
from melder_intake.store.public_updates import Window

MOST_ON_A_PAGE = 1000
MOST_UPDATES = 10_000
"""How many a client gets that does not page; beyond, it is told to."""
USUAL_WINDOW = timedelta(hours=2)
"""What FixMyStreet takes for granted when it names no dates."""

_SECOND = timedelta(seconds=1)
_MOMENT = {"type": "string", "format": "date-time"}
_LIST = {"type": "array", "items": {"type": "string"}}

UPDATES = (
    JURISDICTION,
    Parameter("start_date", "Earliest updated_datetime; only together with end_date. "
              "Without both: the last two hours.", values.moment, schema=_MOMENT),
    Parameter("end_date", "Latest updated_datetime.", values.moment, schema=_MOMENT),
    Parameter("service_request_id", "Numbers with commas; without dates their whole history.",
              values.words, (), _LIST),
    Parameter("page_size", f"Updates on a page, 1 to {MOST_ON_A_PAGE}.",
              values.whole(1, MOST_ON_A_PAGE), None,
              {"type": "integer", "minimum": 1, "maximum": MOST_ON_A_PAGE}),
    Parameter("page", "The page, from 1 on, the oldest first.", values.whole(1, 100_000), None,
              {"type": "integer", "minimum": 1}),
)  # fmt: skip
"""The key that FixMyStreet sends along is not needed for reading."""


def read_window(given: Values, catalogue: Catalogue, now: datetime) -> tuple[Window, int | None]:
    """The window, and the length of a page, None for all. Raises Open311Error 400."""
    size, page = given["page_size"], given["page"]
    if page is not None:
        size = size or MOST_ON_A_PAGE
    numbers = tuple(normalise_number(text) or "" for text in given["service_request_id"])
    since, until = _dates(given, now, of_reports=bool(numbers))
    return Window(
        since=_next_second(since) if since else None,
        before=until.replace(microsecond=0) + _SECOND if until else None,
        numbers=numbers,
        body=catalogue.body_of_jurisdiction(given["jurisdiction_id"] or ""),
        offset=((page or 1) - 1) * (size or 0),
    ), size


def _dates(
    given: Values, now: datetime, *, of_reports: bool
) -> tuple[datetime | None, datetime | None]:
    start, end = given["start_date"], given["end_date"]
    if (start is None) != (end is None):
        missing = "start_date" if start is None else "end_date"
        raise Open311Error(
            400,
            f"{missing}: fehlt. start_date und end_date gehören zusammen, oder es fehlen beide.",
        )
    if start is not None and start > end:
        raise Open311Error(400, "end_date: liegt vor start_date.")
    if start is None and not of_reports:
        return now - USUAL_WINDOW, None
    return start, end


def _next_second(at: datetime) -> datetime:
    """Moments are told in whole seconds, and what is told lies in the window asked for."""
    cut = at.replace(microsecond=0)
    return cut if cut == at else cut + _SECOND
