"""Tokens of ``batch`` services: the number comes with the case, nothing is lost."""

from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from melder_common.event_values import BodyRef, PublicationPolicy
from melder_common.events import ReportSubmitted
from melder_common.ids import new_id
from melder_intake.http.open311.tokens import token_of

V2 = "/open311/v2"
ROSTOCK = BodyRef(slug="rostock", name="Rostock")


@pytest.fixture
async def typed(stack: Any, hear: Any, catalogue_events: Any) -> Any:
    """Makes the pothole a service of another type, as a changed region file does."""

    async def make(kind: str) -> None:
        *before, published = catalogue_events
        pothole = next(
            one
            for one in before
            if getattr(one, "category", None) and one.category.slug == "road-pothole"
        )
        await hear(pothole.model_copy(update={"type": kind}), published)

    return make


async def test_a_batch_service_answers_with_a_token_first(
    typed: Any, post: Any, client: Any, stack: Any, hear: Any, routed: Any
) -> None:
    await typed("batch")
    (answer,) = (await post()).json()
    token = answer["token"]
    assert "service_request_id" not in answer
    assert "Nummer" not in answer["service_notice"]
    (said,) = await stack.spoken(ReportSubmitted)
    assert said.number not in token
    assert said.report_id.hex not in token
    path = f"{V2}/tokens/{token}"
    assert (await client.get(f"{path}.json")).json() == [{"token": token}]
    root = fromstring((await client.get(f"{path}.xml")).text)
    assert root.findtext("request/service_request_id") is None
    await hear(routed(said, ROSTOCK, PublicationPolicy()))
    assert (await client.get(f"{path}.json")).json() == [
        {"service_request_id": said.number, "token": token}
    ]
    root = fromstring((await client.get(f"{path}.xml")).text)
    assert root.findtext("request/service_request_id") == said.number
    assert root.findtext("request/token") == token


async def test_the_same_sending_gets_the_same_token(typed: Any, post: Any, stack: Any) -> None:
    await typed("batch")
    key = {"Idempotency-Key": "abc-1"}
    answers = [(await post(headers=key)).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert await stack.count("report") == 1
    root = fromstring((await post("xml", headers=key)).text)
    assert root.findtext("request/token") == answers[0][0]["token"]
    assert root.find("request/service_request_id") is None


async def test_a_blackbox_tells_neither(typed: Any, post: Any, stack: Any) -> None:
    await typed("blackbox")
    (answer,) = (await post()).json()
    assert not {"token", "service_request_id"} & set(answer)
    root = fromstring((await post("xml")).text)
    assert {child.tag for child in root[0]} == {"service_notice", "account_id"}
    assert await stack.count("report") == 2


async def test_a_realtime_service_tells_the_number_only(post: Any) -> None:
    (answer,) = (await post()).json()
    assert answer["service_request_id"]
    assert "token" not in answer


async def test_unknown_tokens(client: Any, stack: Any, refused: Any, post: Any) -> None:
    await post()
    (said,) = await stack.spoken(ReportSubmitted)
    never = token_of(stack.parts, new_id())
    for token in (never, str(said.report_id), said.number, "x", "ä" * 75, f"{never}x"):
        (sentence,) = await refused(f"tokens/{token}", 404)
        assert sentence.startswith("token: ")
    good = token_of(stack.parts, said.report_id)
    assert (await client.get(f"{V2}/tokens/{good}.csv")).status_code == 404
    await refused(f"tokens/{good}", 404, jurisdiction_id="boston.gov")
    assert await refused(f"tokens/{good}", 404, jurisdiction_id="x")
