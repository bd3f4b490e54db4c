"""Section 2, GET requests: filters, order, pages, jurisdictions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from defusedxml.ElementTree import fromstring

from melder_common.event_values import BodyRef, PublicationPolicy
from melder_common.events import (
    CaseHandedOver,
    CaseStatusChanged,
    CaseTextReleased,
    ReportSubmitted,
)

V2 = "/open311/v2"


async def test_a_closed_request_keeps_its_closing_date(
    post: Any, client: Any, stack: Any, hear: Any, routed: Any
) -> None:
    number = (await post()).json()[0]["service_request_id"]
    (said,) = await stack.spoken(ReportSubmitted)
    rostock = BodyRef(slug="rostock", name="Rostock")
    case = routed(said, rostock, PublicationPolicy())
    closed_at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    await hear(
        case,
        CaseStatusChanged(
            case_id=case.case_id,
            report_id=said.report_id,
            state="resolved",
            previous="accepted",
            message="Wir haben das Loch gefüllt. Fragen an bauhof@rostock.example.",
            body=rostock,
            changed_at=closed_at,
        ),
    )
    await hear(
        CaseTextReleased(case_id=case.case_id, report_id=said.report_id, text="Loch"),
        at=closed_at + timedelta(days=3),
    )
    (found,) = (await client.get(f"{V2}/requests/{number}.json")).json()
    assert found["status"] == "closed"
    assert found["updated_datetime"] == "2026-11-24T09:00:00Z"
    assert found["status_notes"] == "Wir haben das Loch gefüllt. Fragen an […]."
    assert [one["service_request_id"] for one in
            (await client.get(f"{V2}/requests.json?status=closed")).json()] == [number]  # fmt: skip
    assert (await client.get(f"{V2}/requests.json?status=open")).json() == []
    assert fromstring((await client.get(f"{V2}/requests.xml?status=open")).text).tag == (
        "service_requests"
    )


async def test_lists(post: Any, client: Any, stack: Any) -> None:
    numbers = [(await post()).json()[0]["service_request_id"] for _ in range(3)]
    await post(service_code="waste-needles")

    async def listed(**query: Any) -> Any:
        answer = await client.get(f"{V2}/requests.json", params=query)
        assert answer.status_code == 200, answer.text
        return [one["service_request_id"] for one in answer.json()]

    assert await listed(service_code="road-pothole") == numbers[::-1]
    assert await listed(service_request_id=f"{numbers[0]},{numbers[2].lower()}") == [
        numbers[2], numbers[0],
    ]  # fmt: skip
    assert await listed(service_request_id="nonsense") == []
    assert len(await listed(page_size="3")) == 3
    assert len(await listed(page_size="3", page="2")) == 1
    assert await listed(end_date="2020-01-01T00:00:00Z") == []
    now = datetime.now(UTC)
    micro = (now - timedelta(hours=1)).isoformat()
    assert len(await listed(start_date=micro)) == 4
    assert len(await listed(start_date=micro.replace("+", " "))) == 4
    assert await listed(start_date=(now + timedelta(days=1)).isoformat()) == []
    assert len(await listed(updated_after=micro)) == 4
    assert len(await listed(jurisdiction_id="melder-rostock.example")) == 4
    assert len(await listed(jurisdiction_id="")) == 4
    assert await listed(jurisdiction_id="13003000") == []


async def test_a_body_finds_what_it_ever_had(
    post: Any, client: Any, stack: Any, hear: Any, routed: Any
) -> None:
    number = (await post()).json()[0]["service_request_id"]
    (said,) = await stack.spoken(ReportSubmitted)
    rostock = BodyRef(slug="rostock", name="Rostock")
    kreis = BodyRef(slug="landkreis-rostock", name="Landkreis Rostock")
    case = routed(said, rostock, PublicationPolicy())
    await hear(
        case,
        CaseHandedOver(
            case_id=case.case_id,
            report_id=said.report_id,
            step="accepted",
            sender=rostock,
            receiver=kreis,
            reason="Kreisstraße",
            changed_at=datetime.now(UTC),
        ),
    )
    for jurisdiction in ("rostock", "13003000", "hro", "landkreis-rostock", "13072"):
        answer = await client.get(f"{V2}/requests.json?jurisdiction_id={jurisdiction}")
        assert [one["service_request_id"] for one in answer.json()] == [number], jurisdiction
    assert answer.json()[0]["agency_responsible"] == "Landkreis Rostock"
