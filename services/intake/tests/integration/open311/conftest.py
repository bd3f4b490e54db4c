"""A conversation in GeoReport v2: what the tests of all its rules send and read."""

from collections.abc import Callable
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from melder_common.event_values import BodyRef, CategoryRef, PublicationPolicy
from melder_common.events import CaseRouted, CaseTextReleased, ReportSubmitted
from melder_common.ids import new_id

V2 = "/open311/v2"
ROSTOCK = BodyRef(slug="rostock", name="Rostock")


@pytest.fixture
def good() -> dict[str, Any]:
    """A report as an app sends it, without its key."""
    return {
        "service_code": "road-pothole",
        "lat": "54.088700",
        "long": "12.140500",
        "description": "Tiefes Loch\nvor der Schule, Tel. 0381 1234567",
        "address_string": "Lange Straße 1",
        "email": "anna@example.org",
        "first_name": "Anna",
        "last_name": "-",
        "deviceid": "secret-device",
        "media_url": "https://example.org/loch.jpg",
    }


@pytest.fixture
def post(client: Any, stack: Any, good: Any) -> Any:
    """Sends ``good`` with changes; None leaves a field out."""

    async def send(
        form: Any = "json",
        *,
        headers: Any = None,
        query: Any = None,
        files: Any = None,
        **changes: Any,
    ) -> Any:
        data = {
            name: value
            for name, value in ({"api_key": stack.api_key} | good | changes).items()
            if value is not None
        }
        return await client.post(
            f"{V2}/requests.{form}", data=data, headers=headers, params=query, files=files
        )

    return send


@pytest.fixture
def routed() -> Callable[..., CaseRouted]:
    """The event that gives a submitted report a case."""

    def make(said: Any, body: Any, policy: Any, **changes: Any) -> CaseRouted:
        facts = {
            "case_id": new_id(),
            "report_id": said.report_id,
            "number": said.number,
            "status": "decided",
            "responsible": body,
            "working": body,
            "municipality": "Rostock",
            "reason": {"de": "Nach unseren Daten zuständig ist Rostock."},
            "category": CategoryRef(slug=said.category, name={"de": "Schlagloch"}),
            "place": said.place,
            "policy": policy,
            "boundary_version": "2026",
        }
        return CaseRouted(**(facts | changes))

    return make


@pytest.fixture
def open_case(post: Any, stack: Any, hear: Any, routed: Any) -> Any:
    """Posts a report and lets routing decide it; returns the event that opened its case."""

    async def make(
        policy: PublicationPolicy | None = None,
        *,
        body: BodyRef = ROSTOCK,
        text: str | None = None,
        **changes: Any,
    ) -> CaseRouted:
        answer = await post(**changes)
        assert answer.status_code == 200, answer.text
        said = (await stack.spoken(ReportSubmitted))[-1]
        case: CaseRouted = routed(said, body, policy or PublicationPolicy())
        await hear(case)
        if text:
            await hear(CaseTextReleased(case_id=case.case_id, report_id=case.report_id, text=text))
        return case

    return make


@pytest.fixture
def listed(client: Any) -> Any:
    """The numbers a GET of requests finds."""

    async def find(**query: Any) -> list[str]:
        answer = await client.get(f"{V2}/requests.json", params=query)
        assert answer.status_code == 200, answer.text
        return [one["service_request_id"] for one in answer.json()]

    return find


@pytest.fixture
def refused(client: Any) -> Any:
    """The sentences of a refusal, the same in both formats."""

    async def read(path: str, status: int, **query: Any) -> list[str]:
        said = []
        for form in ("json", "xml"):
            answer = await client.get(f"{V2}/{path}.{form}", params=query)
            assert answer.status_code == status, answer.text
            if form == "json":
                said.append([(one["code"], one["description"]) for one in answer.json()])
            else:
                root = fromstring(answer.text)
                assert root.tag == "errors"
                said.append([(one.findtext("code"), one.findtext("description")) for one in root])
        assert said[0] == said[1]
        assert {code for code, _ in said[0]} == {str(status)}
        return [description for _, description in said[0]]

    return read
