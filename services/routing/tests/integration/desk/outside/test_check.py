"""``melder open311 check`` finds what the mapping lacks, and sends nothing."""

from typing import Any

import pytest

from melder_common.clock import utc_now
from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.store.open311_addresses import Open311Addresses
from melder_routing.use_cases.check_endpoint import check_endpoint

pytestmark = pytest.mark.integration


async def test_what_the_mapping_lacks_is_named(outside: Any) -> None:
    far = outside.far
    far.says(
        "GET",
        "/services.json",
        [
            {"service_code": "L 1", "service_name": "Licht", "metadata": True, "type": "realtime"},
            {"service_code": "X", "service_name": "Rest", "metadata": False, "type": "blackbox"},
        ],
    )
    attributes = [
        {"code": "MAST", "required": True, "description": "Mastnummer"},
        {"code": "ART", "required": True},
        {"code": "FARBE", "required": False},
    ]
    far.says("GET", "/services/L%201.json", {"service_code": "L 1", "attributes": attributes})
    entry = Open311Entry.model_validate(
        {
            "url": far.url,
            "services": {
                "lamp": {
                    "code": "L 1",
                    "attributes": {"ART": {"value": "a"}, "ALT": {"value": "b"}},
                },
                "hole": "H",
            },
            "default_service": "X",
        }
    )
    client = outside.parts.line._client
    addresses = Open311Addresses(client, None)
    lines = [one async for one in check_endpoint(client, addresses, entry, utc_now())]
    bad = "\n".join(line.text for line in lines if not line.well)
    for said in ("H: is not offered", "X: is a blackbox", "has no attribute ALT", "requires MAST"):
        assert said in bad
    assert "ART" not in bad.replace("{ART", "")
    assert all(asked.method == "GET" for asked in far.asked)


async def test_a_server_that_does_not_answer_is_said(outside: Any) -> None:
    entry = Open311Entry(url=outside.far.url, default_service="X")
    client = outside.parts.line._client
    lines = [
        one
        async for one in check_endpoint(client, Open311Addresses(client, None), entry, utc_now())
    ]
    assert [line.well for line in lines] == [True, False]
