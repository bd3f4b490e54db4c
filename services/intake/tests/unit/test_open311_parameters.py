"""Rules 4 and 5 and the filters of GET requests: what a parameter may say, and what it then means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.datastructures import QueryParams

from melder_intake.domain.catalogue import Body, Catalogue
from melder_intake.http.open311.errors import Open311Error
from melder_intake.http.open311.filters import read_wanted
from melder_intake.http.open311.parameters import REQUESTS, read_query

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ROSTOCK = Body(
    "rostock", "Hanse- und Universitätsstadt Rostock", "gemeinde", "desk", "130030000000"
)
KREIS = Body("landkreis-rostock", "Landkreis Rostock", "kreis", "desk", "130720000000")
CATALOGUE = Catalogue(
    1, "region", "Region", "melder.example", {}, {"rostock": ROSTOCK, "landkreis-rostock": KREIS}
)


def wanted(query: str) -> Any:
    return read_wanted(read_query(QueryParams(query), REQUESTS), CATALOGUE, NOW)[0]


def faults(query: str) -> Any:
    with pytest.raises(Open311Error) as refused:
        wanted(query)
    assert refused.value.status == 400
    return refused.value.descriptions


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T14:00:00Z",
        "2026-11-23T14:00:00.123456Z",
        "2026-11-23T15:00:00.9999999%2B01:00",
        "2026-11-23T14:00:00%2B00:00",
        "2026-11-23T15:00:00 01:00",
        "2026-11-23T15:00:00+01:00",
        "2026-11-23T12:00:00-0200",
        "2026-11-23t14:00:00z",
    ],
)
def test_rule_4_moments_in_the_spellings_of_clients(text: str) -> None:
    found = wanted(f"start_date={text}").submitted_from
    assert found.replace(microsecond=0) == datetime(2026, 11, 23, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T14:00:00",
        "2026-11-23",
        "2026-11-23T14:00Z",
        "2026-02-30T14:00:00Z",
        "2026-11-23T25:00:00Z",
        "1764000000",
        "yesterday",
        "0001-01-01T00:00:00%2B14:00",
    ],
)
def test_rule_4_moments_need_seconds_and_a_zone(text: str) -> None:
    (said,) = faults(f"start_date={text}")
    assert said.startswith("start_date: ")


def test_rule_4_an_empty_parameter_is_absent() -> None:
    names = "&".join(f"{one.name}=" for one in REQUESTS)
    assert wanted(names) == wanted("") == wanted(names.replace("=", "=%20"))


def test_rule_7_every_fault_is_told_at_once() -> None:
    told = faults("status=gone&page=x&start_date=now&lat=NaN&has_photo=maybe&bbox=1,2")
    assert sorted(one.partition(":")[0] for one in told) == [
        "bbox", "has_photo", "lat", "page", "start_date", "status",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("", NOW - 90 * DAY, None),
        ("start_date=2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC), 90 * DAY),
        ("end_date=2026-04-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC), 90 * DAY),
        (
            "start_date=2026-01-01T00:00:00Z&end_date=2026-01-02T00:00:00Z",
            datetime(2026, 1, 1, tzinfo=UTC),
            DAY,
        ),
        ("updated_after=2020-01-01T00:00:00Z", None, None),
        ("end_date=0001-01-02T00:00:00Z", None, None),
    ],
)
def test_the_90_days(query: str, start: Any, end: Any) -> None:
    found = wanted(query)
    assert found.submitted_from == start
    if start and end:
        assert found.submitted_until == start + end


def test_more_than_90_days_are_refused_and_so_is_the_wrong_order() -> None:
    year = "start_date=2026-01-01T00:00:00Z&end_date=2026-11-01T00:00:00Z"
    assert "90 Tage" in faults(year)[0]
    assert wanted("start_date=2026-01-01T00:00:00Z&end_date=2026-04-01T00:00:00Z")
    assert "nach end_date" in faults(
        "start_date=2026-03-01T00:00:00Z&end_date=2026-02-01T00:00:00Z"
    )[0]  # fmt: skip


def test_ids_override_all_else() -> None:
    found = wanted("service_request_id=5gxrhp1r, nonsense,&status=closed&page=7&service_code=a")
    assert found == wanted("service_request_id=5GXRHP1R")
    assert found.numbers == ("5GXRHP1R",)
    assert wanted("service_request_id=nonsense").numbers == ("",)


def test_lists_come_with_commas_or_repeated() -> None:
    assert wanted("service_code=a,b&service_code=c&service_code[]=d").categories == (
        "a", "b", "c", "d",
    )  # fmt: skip
    assert wanted("status=open").closed is False
    assert wanted("status=CLOSED").closed is True
    assert wanted("status=open,closed").closed is None


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("agency_responsible=landkreis rostock", ("landkreis-rostock",)),
        ("agency_responsible=13072|13003000", ("landkreis-rostock", "rostock")),
        ("agency_responsible=Hanse- und Universitätsstadt Rostock", ("rostock",)),
        ("agency_responsible=nobody", ()),
        ("", None),
    ],
)
def test_bodies_by_name_slug_and_key(query: str, slugs: Any) -> None:
    assert wanted(query).responsible == slugs


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("lat=54", "lat, long"),
        ("service_object_id=7", "service_object_type, service_object_id"),
        ("lat=91&long=12", "lat"),
        ("bbox=12.2,54,12.1,55", "bbox"),
        ("bbox=12,54,nan,55", "bbox"),
        ("radius=-1", "radius"),
        ("sort=name", "sort"),
        ("q=a%01b", "q"),
    ],
)
def test_filters_that_mean_nothing_are_named(query: str, named: str) -> None:
    assert faults(query)[0].partition(":")[0] == named


def test_pages_stay_within_a_thousand() -> None:
    def limit(query: str) -> Any:
        return read_wanted(read_query(QueryParams(query), REQUESTS), CATALOGUE, NOW)[1]

    assert limit("") == limit("page_size=5000") == limit("max_requests=99999") == 1000
    assert limit("max_requests=7") == limit("page_size=7") == 7
    assert wanted("page=3&page_size=7").offset == 14


def test_unknown_extensions_ask_for_nothing() -> None:
    def named(text: str) -> Any:
        return read_query(QueryParams(f"extensions={text}"), REQUESTS)["extensions"]

    assert named("true") == {"citysdk", "media", "attributes", "notes"}
    assert named("CitySDK,geometry,weather") == {"citysdk"}
    assert named("false") == named("") == frozenset()
