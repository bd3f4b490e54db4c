"""What a GET of requests asks for: its parameters as a question to the public view."""

from datetime import datetime, timedelta

from melder_common.geo import Coordinate
from melder_common.numbers import normalise_number
from melder_intake.domain.catalogue import Catalogue
from melder_intake.http.open311.errors import Open311Error
from melder_intake.http.open311.parameters import MOST_REQUESTS, Values
from melder_intake.store.public_listing import Order, Wanted

WINDOW = timedelta(days=90)

_ORDERS: dict[str, Order] = {
    "-requested_datetime": "newest",
    "requested_datetime": "oldest",
    "-updated_datetime": "changed_last",
    "updated_datetime": "changed_first",
}


def read_wanted(values: Values, catalogue: Catalogue, now: datetime) -> tuple[Wanted, int]:
    """The reports asked for, and how many at most. Raises Open311Error 400 with all faults."""
    if ids := values["service_request_id"]:
        known = tuple(number for text in ids if (number := normalise_number(text)))
        return Wanted(numbers=known[:MOST_REQUESTS] or ("",)), MOST_REQUESTS
    wrong = [*_odd_window(values), *_odd_pairs(values)]
    if wrong:
        raise Open311Error(400, *wrong)
    since, until = _window(values, now)
    size: int = values["page_size"]
    return Wanted(
        closed=_closed(values["status"]),
        categories=values["service_code"],
        body=catalogue.body_of_jurisdiction(values["jurisdiction_id"] or ""),
        responsible=_responsible(values, catalogue),
        words=values["q"],
        submitted_from=since,
        submitted_until=until,
        updated_from=values["updated_after"],
        updated_until=values["updated_before"],
        box=values["bbox"],
        near=_near(values),
        asset=_asset(values),
        with_photo=values["has_photo"],
        order=_ORDERS[values["sort"]],
        offset=(values["page"] - 1) * size,
    ), size


def _odd_window(values: Values) -> list[str]:
    start, end = values["start_date"], values["end_date"]
    if start is None or end is None:
        return []
    if end < start:
        return ["start_date: liegt nach end_date."]
    if end - start > WINDOW:
        return ["start_date, end_date: dazwischen dürfen höchstens 90 Tage liegen."]
    return []


def _odd_pairs(values: Values) -> list[str]:
    pairs = (("lat", "long"), ("service_object_type", "service_object_id"))
    return [
        f"{first}, {second}: nur beide zusammen."
        for first, second in pairs
        if (values[first] is None) != (values[second] is None)
    ]


def _window(values: Values, now: datetime) -> tuple[datetime | None, datetime | None]:
    """At most 90 days on requested_datetime, the last 90 by default (GeoReport v2).

    One date alone begins or ends 90 days. Who asks for changes gets those of older reports too.
    """
    start, end = values["start_date"], values["end_date"]
    if start is not None:
        return start, end or _shifted(start, WINDOW)
    if end is not None:
        return _shifted(end, -WINDOW), end
    if values["updated_after"] or values["updated_before"]:
        return None, None
    return now - WINDOW, None


def _shifted(moment: datetime, by: timedelta) -> datetime | None:
    """Beyond the calendar there is no limit."""
    try:
        return moment + by
    except OverflowError:
        return None


def _closed(status: frozenset[str]) -> bool | None:
    return "closed" in status if len(status) == 1 else None


def _responsible(values: Values, catalogue: Catalogue) -> tuple[str, ...] | None:
    named: tuple[str, ...] = values["agency_responsible"]
    if not named:
        return None
    return tuple(sorted({slug for text in named for slug in catalogue.bodies_named(text)}))


def _near(values: Values) -> tuple[Coordinate, float] | None:
    if values["lat"] is None:
        return None
    return Coordinate(values["lat"], values["long"]), values["radius"]


def _asset(values: Values) -> tuple[str, str] | None:
    kind, number = values["service_object_type"], values["service_object_id"]
    return (kind, number) if kind and number else None
