"""Section 2, POST: reports in every spelling that clients use."""

from base64 import b64encode
from typing import Any

import httpx
import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy import text

from melder_common.events import ReportSubmitted

V2 = "/open311/v2"


async def test_a_post_is_accepted_at_once(post: Any, stack: Any) -> None:
    answer = await post("json")
    assert answer.status_code == 200
    (said,) = answer.json()
    (event,) = await stack.spoken(ReportSubmitted)
    assert said["service_request_id"] == event.number
    assert "angekommen" in said["service_notice"]
    assert event.api_client == "Stadt-App"
    assert event.source == "open311"
    assert event.media_link == "https://example.org/loch.jpg"
    assert "secret-device" not in event.model_dump_json()
    assert stack.unseal(event.contact.box)["name"] == "Anna -"
    root = fromstring((await post("xml")).text)
    assert root.tag == "service_requests"
    assert root.findtext("request/service_request_id")


@pytest.mark.parametrize(
    "attributes",
    [
        {"attribute[FAULT]": "dark", "attribute[SIGNS]": ["open", "bent"]},
        {"attribute[FAULT][]": "dark", "attribute[SIGNS][]": ["open", "bent"]},
        {"attribute[FAULT]": "dark", "attribute[SIGNS][0]": "open", "attribute[SIGNS][1]": "bent"},
    ],
)
async def test_attributes_in_every_spelling(post: Any, stack: Any, attributes: Any) -> None:
    assert (await post(service_code="light-broken", **attributes)).status_code == 200
    (event,) = await stack.spoken(ReportSubmitted)
    assert event.attributes == {"FAULT": ("dark",), "SIGNS": ("open", "bent")}


@pytest.mark.parametrize("field", ["media", "media[]", "photo", "photo1", "photo3"])
async def test_files_under_any_name(post: Any, stack: Any, field: Any) -> None:
    answer = await post(files={field: ("a.jpg", b"\xff\xd8\xff", "image/jpeg")})
    assert answer.status_code == 200
    (event,) = await stack.spoken(ReportSubmitted)
    assert len(event.photos) == 1


async def test_a_full_spool_is_told(make_stack: Any, catalogue_events: Any, good: Any) -> None:
    stack = await make_stack(catalogue=catalogue_events, spool_bytes=0)
    transport = httpx.ASGITransport(app=stack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.post(
            f"{V2}/requests.json",
            data=good | {"api_key": stack.api_key},
            files={"media": ("a.jpg", b"x", "image/jpeg")},
        )
    assert "Foto konnte nicht gespeichert werden" in answer.json()[0]["service_notice"]
    assert await stack.count("report") == 1


async def test_equal_posts_are_two_reports_unless_a_key_says_otherwise(
    post: Any, stack: Any
) -> None:
    first, second = await post(), await post()
    assert first.json() != second.json()
    key = {"Idempotency-Key": "abc-1"}
    again = [(await post(headers=key)).json() for _ in range(3)]
    assert again[0] == again[1] == again[2]
    other = await post(headers=key, description="anders")
    assert other.status_code == 400
    assert await stack.count("report") == 3


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"service_code": "road-pothole"}'),
        ("text/xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 2000)),
        ("application/x-www-form-urlencoded", b"\xff\xfe\x00"),
    ],
)
async def test_bodies_that_are_no_form(client: Any, content_type: Any, body: Any) -> None:
    answer = await client.post(
        f"{V2}/requests.json", content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code in {400, 403}
    assert answer.json()[0]["code"] == str(answer.status_code)


JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 1600


@pytest.mark.parametrize("before", ["", "data:image/jpeg;base64,"])
@pytest.mark.parametrize("multipart", [False, True])
async def test_a_photo_as_base64(post: Any, stack: Any, before: Any, multipart: Any) -> None:
    """Klarschiff sends the photo as a text; 400 kB are more than other fields may have."""
    files = {"other": ("a.txt", b"", "text/plain")} if multipart else None
    answer = await post(media=before + b64encode(JPEG).decode(), files=files)
    assert answer.status_code == 200, answer.text
    async with stack.units.engine.connect() as connection:
        spooled = await connection.execute(
            text("SELECT string_agg(content, '' ORDER BY piece) FROM intake.photo_spool")
        )
        assert spooled.scalar_one() == JPEG


async def test_what_is_no_base64_is_refused(post: Any, stack: Any) -> None:
    answer = await post(media="https://example.org/a.jpg")
    assert answer.status_code == 400
    assert answer.json()[0]["description"].startswith("media: ")
    assert await stack.count("report") == 0
    assert (await post(media="")).status_code == 200


async def test_an_object_is_named_by_kind_and_number(post: Any, stack: Any) -> None:
    answer = await post(service_object_type="lamp", service_object_id="L-7", title="Aus")
    assert answer.status_code == 200
    (event,) = await stack.spoken(ReportSubmitted)
    assert (event.place.asset_id, event.title) == ("L-7", "Aus")
    for half in ({"service_object_type": "lamp"}, {"service_object_id": "L-7"}):
        answer = await post(**half)
        assert answer.status_code == 400
        assert "service_object_type, service_object_id" in answer.json()[0]["description"]


async def test_links_are_kept_as_text_however_many(post: Any, stack: Any) -> None:
    links = ["https://example.org/1.jpg", "https://example.org/2.jpg"]
    assert (await post(media_url=links)).status_code == 200
    (event,) = await stack.spoken(ReportSubmitted)
    assert event.media_link == " ".join(links)
    assert event.photos == ()
