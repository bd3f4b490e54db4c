"""Section 3: extensions that other servers have too. None of them changes what is not asked for."""

from datetime import datetime, timedelta

from .checks_common import shown
from .checks_reading import REQUEST_FIELDS
from .reading import MOMENT
from .rules import NotHere, rule
from .server import Server


@rule("3.paging", "pages have the asked length and do not overlap")
def paging(server: Server, form: str) -> None:
    day = {"start_date": server.request(form, shown(server))["requested_datetime"][:10]}
    day = {"start_date": f"{day['start_date']}T00:00:00Z", "sort": "requested_datetime"}
    pages = [server.requests(form, page_size=1, page=page, **day) for page in (1, 2)]
    numbers = [one["service_request_id"] for page in pages for one in page]
    assert len(numbers) == len(set(numbers)) == 2, f"two pages of one: {numbers}"


@rule("3.updated", "updated_after and updated_before look at updated_datetime")
def updated(server: Server, form: str) -> None:
    one = server.request(form, shown(server))
    at = datetime.fromisoformat(one["updated_datetime"])
    hour = timedelta(hours=1)
    names = {"updated_after": at - hour, "updated_before": at + hour}
    around = {name: f"{moment:%FT%TZ}" for name, moment in names.items()}
    found = server.requests(form, **around)
    assert one["service_request_id"] in {other["service_request_id"] for other in found}
    for name, moment in (("updated_after", at + hour), ("updated_before", at - hour)):
        others = server.requests(form, **{name: f"{moment:%FT%TZ}"})
        assert one["service_request_id"] not in {other["service_request_id"] for other in others}


@rule("3.extensions", "extensions=true adds extended_attributes, attributes and notes")
def extended(server: Server, form: str) -> None:
    (one,) = server.get(f"requests/{shown(server)}", form, extensions="true").data()
    assert set(one) == REQUEST_FIELDS | {"extended_attributes", "attributes", "notes"}
    assert {"detailed_status", "title", "media_urls"} <= set(one["extended_attributes"])
    assert isinstance(one["attributes"], list), "attributes is no list"
    for note in one["notes"]:
        assert set(note) == {"datetime", "description", "type"}, note
        assert MOMENT.match(note["datetime"]), note["datetime"]


@rule("3.bbox", "bbox and lat, long, radius find what lies there and nothing else")
def places(server: Server, form: str) -> None:
    one = server.request(form, shown(server))
    number, lat, long = one["service_request_id"], one["lat"], one["long"]
    if lat is None:
        raise NotHere("the place of the report is not public")
    box = f"{long - 0.01},{lat - 0.01},{long + 0.01},{lat + 0.01}"
    away = f"{long + 0.1},{lat + 0.1},{long + 0.2},{lat + 0.2}"
    near = {"lat": lat, "long": long, "radius": 100}
    for question, there in (({"bbox": box}, True), (near, True), ({"bbox": away}, False)):
        found = {one["service_request_id"] for one in server.requests(form, **question)}
        assert (number in found) == there, f"{question}: {there=}"
