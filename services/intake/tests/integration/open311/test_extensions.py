"""Section 3: what extensions add, while the default answer stays pure."""

from datetime import UTC, datetime
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from melder_common.event_values import BodyRef, PublicationPolicy
from melder_common.events import (
    CaseHandedOver,
    CaseMessagePosted,
    CaseStatusChanged,
    PhotoReleased,
)
from melder_common.ids import new_id

V2 = "/open311/v2"
ROSTOCK = BodyRef(slug="rostock", name="Rostock")
KREIS = BodyRef(slug="landkreis-rostock", name="Landkreis Rostock")
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
PURE = (
    "service_request_id", "status", "status_notes", "service_name", "service_code",
    "description", "agency_responsible", "service_notice", "requested_datetime",
    "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat", "long",
    "media_url",
)  # fmt: skip
LIGHT = {
    "service_code": "light-broken",
    "attribute[FAULT]": "dark",
    "attribute[SIGNS]": ["open", "bent"],
    "attribute[LAMP]": "vor Nummer 3",
    "title": "Laterne aus",
    "service_object_type": "lamp",
    "service_object_id": "L-7",
}


@pytest.fixture
def show(client: Any) -> Any:
    """One request, read from JSON."""

    async def read(case: Any, **query: Any) -> Any:
        answer = await client.get(f"{V2}/requests/{case.number}.json", params=query)
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()
        return found

    return read


async def test_the_default_answer_has_the_fields_of_the_specification(
    client: Any, open_case: Any, show: Any
) -> None:
    case = await open_case(PublicationPolicy(text="at_once"), text="Loch", **LIGHT)
    assert tuple(await show(case)) == PURE
    answer = await client.get(f"{V2}/requests.xml")
    assert tuple(one.tag for one in fromstring(answer.text)[0]) == PURE
    assert tuple(await show(case, extensions="false")) == PURE


async def test_citysdk(open_case: Any, show: Any, good: Any) -> None:
    case = await open_case(PublicationPolicy(text="at_once"), text=None, **LIGHT)
    extended = (await show(case, extensions="citysdk"))["extended_attributes"]
    assert extended == {
        "service_object_type": "lamp",
        "service_object_id": "L-7",
        "detailed_status": "RECEIVED",
        "title": None,
    }


@pytest.mark.parametrize(
    ("state", "word"),
    [("planned", "IN_PROCESS"), ("resolved", "PROCESSED"), ("not_actionable", "REJECTED")],
)
async def test_detailed_status(open_case: Any, show: Any, hear: Any, state: Any, word: Any) -> None:
    case = await open_case()
    changed = CaseStatusChanged(
        case_id=case.case_id, report_id=case.report_id, state=state, previous="received",
        body=ROSTOCK, changed_at=AT,
    )  # fmt: skip
    await hear(changed)
    extended = (await show(case, extensions="citysdk"))["extended_attributes"]
    assert extended["detailed_status"] == word


async def test_attributes_with_their_words(open_case: Any, show: Any) -> None:
    case = await open_case(
        PublicationPolicy(text="at_once"), text="Sie ist aus", description="Sie ist aus", **LIGHT
    )
    found = await show(case, extensions="true")
    assert found["attributes"][1] == {
        "label": "Was ist mit ihr?", "name": "dunkel", "value": "dark", "code": "FAULT",
    }  # fmt: skip
    assert sorted(one["value"] for one in found["attributes"]) == [
        "bent", "dark", "open", "vor Nummer 3",
    ]  # fmt: skip
    assert found["extended_attributes"]["title"] == "Laterne aus"


async def test_unreleased_answers_are_an_empty_list(open_case: Any, show: Any) -> None:
    case = await open_case(PublicationPolicy(), **LIGHT)
    assert (await show(case, extensions="true"))["attributes"] == []


async def test_media(open_case: Any, show: Any, hear: Any) -> None:
    case = await open_case()
    photos = [new_id(), new_id()]
    for photo_id in photos:
        await hear(PhotoReleased(photo_id=photo_id, report_id=case.report_id, renditions=()))
    found = await show(case, extensions="media")
    urls = [f"http://127.0.0.1:8000/photos/{photo_id}/full.jpg" for photo_id in photos]
    assert found["extended_attributes"] == {"media_urls": urls}
    assert found["media_url"] == urls[0]


async def test_notes_tell_the_history(client: Any, open_case: Any, show: Any, hear: Any) -> None:
    case = await open_case()
    about = {"case_id": case.case_id, "report_id": case.report_id}
    await hear(
        CaseHandedOver(
            **about, step="accepted", sender=ROSTOCK, receiver=KREIS, reason="intern",
            changed_at=AT,
        ),
        CaseMessagePosted(
            **about, message_id=new_id(), kind="note", text="Ruf 0381 1234567", body=KREIS,
            public=True, posted_at=AT,
        ),
        CaseMessagePosted(
            **about, message_id=new_id(), kind="note", text="geheim", body=KREIS,
            public=False, posted_at=AT,
        ),
    )  # fmt: skip
    notes = (await show(case, extensions="notes"))["notes"]
    assert {"handover", "message", "routed"} == {one["type"] for one in notes}
    said = " ".join(one["description"] for one in notes)
    assert "An eine andere Stelle übergeben (Landkreis Rostock)" in said
    for secret in ("geheim", "1234567", "intern"):
        assert secret not in said
    answer = await client.get(f"{V2}/requests.xml?extensions=notes")
    in_xml = fromstring(answer.text).findall("request/notes/note")
    assert [one.findtext("description") for one in in_xml] == [one["description"] for one in notes]


async def test_a_hand_over_takes_the_old_reason_along(open_case: Any, show: Any, hear: Any) -> None:
    case = await open_case()
    about = {"case_id": case.case_id, "report_id": case.report_id, "changed_at": AT}
    asked = {"sender": ROSTOCK, "receiver": KREIS, "reason": "Kreisstraße"}
    assert (await show(case))["service_notice"] == "Nach unseren Daten zuständig ist Rostock."
    await hear(CaseHandedOver(**about, **asked, step="proposed"))
    found = await show(case)
    assert found["service_notice"] == "Wir prüfen, ob Landkreis Rostock zuständig ist."
    assert found["agency_responsible"] == "Rostock"
    await hear(CaseHandedOver(**about, **asked, step="accepted"))
    found = await show(case)
    assert found["service_notice"] == "Zuständig ist Landkreis Rostock."
    assert found["agency_responsible"] == "Landkreis Rostock"
