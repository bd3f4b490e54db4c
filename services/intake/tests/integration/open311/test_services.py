"""Rules 1 to 4 and section 2: discovery, services, definitions."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from melder_intake.store.responsibility import Responsibility

V2 = "/open311/v2"


@pytest.mark.parametrize("path", ["/open311/discovery", "/open311/v2/discovery"])
async def test_discovery(client: Any, path: Any) -> None:
    said = (await client.get(f"{path}.json")).json()
    assert {endpoint["type"] for endpoint in said["endpoints"]} == {"production", "test"}
    for endpoint in said["endpoints"]:
        assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert endpoint["formats"] == ["text/xml", "application/json"]
    assert datetime.fromisoformat(said["changeset"]) < datetime.now(UTC)
    answer = await client.get(f"{path}.xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.text.startswith('<?xml version="1.0" encoding="utf-8"?>')
    root = fromstring(answer.text)
    assert root.tag == "discovery"
    assert len(root.findall("endpoints/endpoint/formats/format")) == 4


async def test_services(client: Any) -> None:
    said = (await client.get(f"{V2}/services.json")).json()
    assert [one["service_code"] for one in said] == [
        "road-pothole", "light-broken", "waste-needles",
    ]  # fmt: skip
    assert said[0] == {
        "service_code": "road-pothole",
        "service_name": "Schlagloch",
        "description": "Loch in Fahrbahn, Radweg oder Gehweg",
        "metadata": False,
        "type": "realtime",
        "keywords": "Loch,Straße",
        "group": "Straße",
    }
    root = fromstring((await client.get(f"{V2}/services.xml")).text)
    assert [one.findtext("metadata") for one in root] == ["false", "true", "false"]


async def test_service_definition(client: Any) -> None:
    said = (await client.get(f"{V2}/services/light-broken.json")).json()
    assert said["service_code"] == "light-broken"
    fault = said["attributes"][1]
    assert fault["code"] == "FAULT"
    assert (fault["required"], fault["variable"], fault["order"]) == (True, True, 2)
    assert fault["values"][0] == {"key": "dark", "name": "dunkel"}
    root = fromstring((await client.get(f"{V2}/services/light-broken.xml")).text)
    assert root.tag == "service_definition"
    assert [one.text for one in root.findall("attributes/attribute/values/value/key")] == [
        "dark", "flicker", "open", "bent",
    ]  # fmt: skip


async def test_a_service_without_questions_has_an_empty_definition(client: Any) -> None:
    said = (await client.get(f"{V2}/services/road-pothole.json")).json()
    assert said == {"service_code": "road-pothole", "attributes": []}


PLACE = {"lat": "54.0887", "long": "12.1405"}
ROSTOCK = {"slug": "rostock", "name": "Rostock"}


@pytest.fixture
def routing(stack: Any) -> Any:
    """Lets routing answer ``services``, or not at all; keeps what it was asked."""
    asked = []

    def answer_with(services: Any) -> Any:
        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(dict(request.url.params))
            if services is None:
                raise httpx.ReadTimeout("too slow")
            return httpx.Response(200, json={"services": services})

        client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://routing")
        responsibility = Responsibility(client, wait_s=0.3)
        object.__setattr__(stack.parts, "responsibility", responsibility)
        return asked

    return answer_with


async def test_only_what_can_be_reported_at_a_place(client: Any, routing: Any) -> None:
    asked = routing({"road-pothole": ROSTOCK, "light-broken": None})
    said = (await client.get(f"{V2}/services.json", params=PLACE)).json()
    assert {one["service_code"]: one["agency_responsible"] for one in said} == {
        "road-pothole": "Rostock", "light-broken": None,
    }  # fmt: skip
    assert asked == [{"lat": "54.0887", "long": "12.1405"}]


async def test_without_routing_the_list_of_the_region(client: Any, routing: Any) -> None:
    routing(None)
    whole = (await client.get(f"{V2}/services.json")).json()
    assert (await client.get(f"{V2}/services.json", params=PLACE)).json() == whole
    by_body = await client.get(f"{V2}/services.json?jurisdiction_id=hro")
    assert by_body.json() == whole
    assert not any("agency_responsible" in one for one in whole)


async def test_a_body_filters_services(client: Any, routing: Any) -> None:
    asked = routing({"light-broken": None})
    for jurisdiction in ("rostock", "13003000", "130030000000", "hro"):
        answer = await client.get(f"{V2}/services.json?jurisdiction_id={jurisdiction}")
        assert [one["service_code"] for one in answer.json()] == ["light-broken"], jurisdiction
    assert asked == [{"body": "rostock"}] * 4
    for jurisdiction in ("melder-rostock.example", ""):
        answer = await client.get(f"{V2}/services.json?jurisdiction_id={jurisdiction}")
        assert len(answer.json()) == 3
    routing({})
    assert len((await client.get(f"{V2}/services.json?jurisdiction_id=hro")).json()) == 3


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"lat": "54.0887"}, "lat, long"),
        ({"lat": "0", "long": "0"}, "Atlantik"),
        ({"lat": "12.1405", "long": "54.0887"}, "vertauscht"),
        ({"lat": "52.52", "long": "13.4"}, "außerhalb"),
        ({"lat": "NaN", "long": "12"}, "lat"),
    ],
)
async def test_places_that_are_not_ours(refused: Any, query: Any, named: Any) -> None:
    (said,) = await refused("services", 400, **query)
    assert named in said


async def test_names_in_the_language_asked_for(
    client: Any, hear: Any, catalogue_events: Any
) -> None:
    said = next(one for one in catalogue_events if getattr(one, "questions", None))
    english = said.category.model_copy(update={"name": {"de": "Laterne", "en": "Street lamp"}})
    await hear(said.model_copy(update={"category": english}), catalogue_events[-1])
    for locale, name in (("en", "Street lamp"), ("en-GB", "Street lamp"), ("fi", "Laterne")):
        answer = await client.get(f"{V2}/services.json?locale={locale}")
        assert answer.json()[1]["service_name"] == name
    assert (await client.get(f"{V2}/services.json")).json()[1]["service_name"] == "Laterne"


async def test_rule_5_an_unknown_jurisdiction_is_404_on_every_method(refused: Any) -> None:
    for path in (
        "discovery", "services", "services/road-pothole", "requests", "requests/7ZZZZZZZ",
    ):  # fmt: skip
        (said,) = await refused(path, 404, jurisdiction_id="boston.gov")
        assert said.startswith("jurisdiction_id")


async def test_every_datatype_of_a_definition(
    client: Any, hear: Any, catalogue_events: Any
) -> None:
    said = next(one for one in catalogue_events if getattr(one, "questions", None))
    kinds = ("string", "number", "datetime", "text", "singlevaluelist", "multivaluelist")
    choice = said.questions[1].choices[0]
    questions = tuple(
        said.questions[0].model_copy(
            update={
                "code": f"Q{order}", "datatype": kind, "order": order,
                "choices": (choice,) if "list" in kind else (), "variable": order != 1,
            }
        )
        for order, kind in enumerate(kinds, start=1)
    )  # fmt: skip
    await hear(said.model_copy(update={"questions": questions}), catalogue_events[-1])
    definition = (await client.get(f"{V2}/services/light-broken.json")).json()
    asked = definition["attributes"]
    assert [one["datatype"] for one in asked] == list(kinds)
    assert [one["order"] for one in asked] == [1, 2, 3, 4, 5, 6]
    assert [one["variable"] for one in asked] == [False, *[True] * 5]
    assert [len(one["values"]) for one in asked] == [0, 0, 0, 0, 1, 1]
    root = fromstring((await client.get(f"{V2}/services/light-broken.xml")).text)
    in_xml = root.findall("attributes/attribute")
    assert [one.findtext("variable") for one in in_xml] == ["false", *["true"] * 5]
    assert [one.find("values") is not None for one in in_xml] == [True] * 6
