"""Section 4: answers and filters obey the publication policy."""

import json
from typing import Any

from melder_common.event_values import BodyRef, PublicationPolicy
from melder_common.events import CaseTextReleased, ReportSubmitted

V2 = "/open311/v2"


async def test_the_public_answer_obeys_the_policy(
    post: Any, client: Any, stack: Any, hear: Any, routed: Any
) -> None:
    number = (await post()).json()[0]["service_request_id"]
    (said,) = await stack.spoken(ReportSubmitted)
    (before,) = (await client.get(f"{V2}/requests/{number}.json")).json()
    assert before["status"] == "open"
    assert before["description"] is None
    assert before["agency_responsible"] is None
    assert before["media_url"] is None
    assert (before["lat"], before["address"]) == (54.0887, "Lange Straße 1")
    rostock = BodyRef(slug="rostock", name="Rostock")
    case = routed(said, rostock, PublicationPolicy(place="never"))
    await hear(
        case,
        CaseTextReleased(
            case_id=case.case_id, report_id=said.report_id, text="Loch, Tel. 0381 1234567"
        ),
    )
    (after,) = (await client.get(f"{V2}/requests/{number}.json")).json()
    assert after["agency_responsible"] == "Rostock"
    assert after["description"] == "Loch, Tel. […]"
    assert (after["lat"], after["long"], after["address"]) == (None, None, None)
    everything = json.dumps(after)
    for secret in ("anna", "Anna", "secret-device", "1234567", "example.org/loch"):
        assert secret not in everything
