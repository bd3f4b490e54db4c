"""Rules 1 to 4 and section 2: discovery, services, definitions."""

from datetime import UTC, datetime
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

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
