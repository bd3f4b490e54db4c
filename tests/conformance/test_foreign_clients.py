"""Clients that others wrote, unmodified, against our server: PyPI's georeport, three, chicagorequests."""

import io
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from types import ModuleType
from typing import Any

import georeport
import pytest
from chicagorequests import Downloader, day_intervals

from melder_local.people import Clerk
from melder_local.photos import generate_photo
from melder_local.system import System, eventually

from .server import ADDRESS, WORDS, Server, Target

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]


@pytest.fixture(scope="module")
def three() -> ModuleType:
    """Written for Python 2, whose itertools had ``ifilter``; nothing else of it is touched."""
    setattr(itertools, "ifilter", filter)  # noqa: B010 (no checker knows it, that is the point)
    import three

    return three


@pytest.fixture
def clerk(system: System) -> Iterator[Clerk]:
    with Clerk(system.url, *system.clerk("amt-carbaek")) as clerk:
        yield clerk


@pytest.mark.parametrize("form", ["json", "xml"])
def test_georeport_reads_services_definitions_and_requests(
    server: Server, target: Target, form: str
) -> None:
    city = georeport.GeoReport(
        target.endpoint, jurisdiction=target.jurisdiction, output_format=form
    )

    services = city.get_service_list()
    assert {one["service_code"] for one in services} >= {"bench-damaged", "light-broken"}

    attributes = city.get_service_definition("light-broken")["attributes"]
    listed = attributes if form == "json" else attributes["attribute"]
    assert [one["code"] for one in listed] == ["lamp", "fault"]

    for number in server.shown:
        assert city.get_service_request(number)["service_request_id"] == number
    both = city.get_service_requests(service_request_id=",".join(server.shown))
    assert {one["service_request_id"] for one in both} == set(server.shown)
    assert {one["description"] for one in both} == {WORDS}


def test_georeport_asks_for_a_day_and_a_status(server: Server, target: Target) -> None:
    city = georeport.GeoReport(target.endpoint)
    found = city.get_service_requests(
        service_code=target.service, start_date=f"{datetime.now(UTC) - timedelta(days=1):%FT%TZ}",
        status="open",
    )  # fmt: skip
    assert {one["service_request_id"] for one in found} >= set(server.shown)


def test_three_posts_a_photo_that_becomes_public(
    target: Target, three: ModuleType, clerk: Clerk
) -> None:
    city = three.Three(target.endpoint, api_key=target.api_key, jurisdiction=target.jurisdiction)

    (said,) = city.post(
        target.service, lat=target.lat, long=target.long, name="Kim Beispiel", address=ADDRESS,
        description=WORDS, media=io.BytesIO(generate_photo("bench", 1)),
    )  # fmt: skip
    number = said["service_request_id"]

    eventually(lambda: clerk.sees(number), what="the case at the desk")
    eventually(lambda: clerk.release_photos(number), what="the photo at the desk")
    one = eventually(lambda: _with_photo(city, number), what="the photo in public")
    assert (one["description"], one["address"]) == (WORDS, ADDRESS)
    picture = city.session.get(one["media_url"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8\xff")
    city.session.close()


def test_three_reads_discovery_services_pages_and_days(
    server: Server, target: Target, three: ModuleType
) -> None:
    city = three.Three(target.endpoint, discovery=f"{target.endpoint}/discovery.json")

    assert len(city.discovery()["endpoints"]) == 2
    assert target.service in {one["service_code"] for one in city.services()}
    assert city.services("light-broken")["attributes"][1]["code"] == "fault"
    assert len(city.requests(count=1)) == 1
    yesterday, tomorrow = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    days = [f"{day:%m-%d-%Y}" for day in (yesterday, tomorrow)]
    found = {one["service_request_id"] for one in city.requests(target.service, between=days)}
    assert found >= set(server.shown)
    assert city.request(server.shown[0])[0]["service_request_id"] == server.shown[0]
    city.session.close()


def test_three_reads_refusals(target: Target, three: ModuleType) -> None:
    city = three.Three(target.endpoint, api_key="nobody-has-this-key")
    assert city.post(target.service, lat="54.08", long="12.27")[0]["code"] == "403"
    assert city.token("no-such-token")[0]["code"] == "404"
    assert city.services("no-such-service")[0]["code"] == "404"
    city.session.close()


def test_chicagorequests_loads_a_day_with_its_microseconds_and_offset(
    server: Server, target: Target
) -> None:
    download = Downloader([target.service, "no-such-service"])
    download.BASE_URL = f"{target.endpoint}/requests.json"
    end = datetime.now(UTC)
    found = download((end - timedelta(days=1), end))
    assert {one["service_request_id"] for one in found} >= set(server.shown)
    download.session.close()


def test_chicagorequests_loads_what_changed(server: Server, target: Target) -> None:
    end = datetime.now(UTC)
    download = Downloader(None, (end - timedelta(days=1)).isoformat(), end.isoformat())
    download.BASE_URL = f"{target.endpoint}/requests.json"
    yesterday = datetime.combine(end - timedelta(days=1), time.min, UTC)
    days = day_intervals(yesterday, end)
    found = [one for day in days for one in download(day)]
    assert {one["service_request_id"] for one in found} >= set(server.shown)
    download.session.close()


def _with_photo(city: Any, number: str) -> dict[str, str] | None:
    (one,) = city.request(number)
    return one if one["media_url"] else None
