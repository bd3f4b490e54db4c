"""The reporter's own page: only for who knows the link; what is done there is said once."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from melder_common.event_values import BodyRef, CaseState
from melder_common.events import (
    CaseMessagePosted,
    CaseStatusChanged,
    PhotoReady,
    PhotoRejected,
    ReplyReceived,
    ReportCommented,
    ReportFeedbackGiven,
    ReportReopenRequested,
    ReportSubmitted,
    ReportTrackingOpened,
)
from melder_common.ids import new_id

ROSTOCK = BodyRef(slug="rostock", name="Rostock")


@pytest.fixture
async def address(client: Any) -> str:
    data = {"service_code": "road-pothole", "lat": "54.1", "long": "12.1", "description": "Loch"}
    sent = await client.post("/melden", data=data)
    return str(sent.headers["location"]).partition("?")[0]


@pytest.fixture
async def case(stack: Any, address: str) -> dict[str, Any]:
    (said,) = await stack.spoken(ReportSubmitted)
    return {"case_id": new_id(), "report_id": said.report_id}


def question(case: dict[str, Any], text: str = "Welche Hausnummer?") -> CaseMessagePosted:
    return CaseMessagePosted(
        **case,
        message_id=new_id(),
        kind="question",
        text=text,
        body=ROSTOCK,
        posted_at=datetime.now(UTC),
    )


def resolved(
    case: dict[str, Any], at: datetime | None = None, message: str | None = None
) -> CaseStatusChanged:
    return CaseStatusChanged(
        **case,
        state=CaseState.RESOLVED,
        previous=CaseState.ACCEPTED,
        message=message,
        body=ROSTOCK,
        changed_at=at or datetime.now(UTC),
    )


async def test_the_page_shows_number_link_and_qr(client: Any, address: str) -> None:
    page = await client.get(address + "?neu=1")
    assert page.status_code == 200
    assert address.split("/")[2] in page.text
    assert f"http://127.0.0.1:8000{address}" in page.text
    assert "<svg" in page.text
    assert "wird gerade ermittelt" in page.text
    assert 'data-melder-draft-done="report"' in page.text


async def test_the_address_is_a_secret(client: Any, address: str) -> None:
    page = await client.get(address)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]


@pytest.mark.parametrize(
    "change",
    [
        lambda number, token: f"/m/{number}/{token[:-1]}{'y' if token[-1] == 'x' else 'x'}",
        lambda number, token: f"/m/{number}/{token.swapcase()}",
        lambda number, _token: f"/m/{number}/x",
        lambda _number, token: f"/m/00000000/{token}",
        lambda _number, token: f"/m/nonsense/{token}",
        lambda number, _token: f"/m/{number}/%F0%9F%95%B3",
    ],
)
async def test_a_wrong_link_tells_nothing(client: Any, address: str, change: Any) -> None:
    _, _, number, token = address.split("/")
    wrong = change(number, token)
    answers = [await client.get(wrong), await client.post(f"{wrong}/antwort", data={"text": "x"})]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "Loch" not in answers[0].text


async def test_a_number_may_be_typed_in_any_spelling(client: Any, address: str) -> None:
    _, _, number, token = address.split("/")
    assert (await client.get(f"/m/{number.lower()}/{token}")).status_code == 200


async def test_the_first_opening_is_said_once(client: Any, stack: Any, address: str) -> None:
    assert await stack.spoken(ReportTrackingOpened) == []
    for _ in range(3):
        await client.get(address)
    assert len(await stack.spoken(ReportTrackingOpened)) == 1


async def test_a_question_is_answered(
    client: Any, stack: Any, address: str, case: Any, hear: Any, form_token: Any
) -> None:
    asked = question(case)
    await hear(asked)
    page = await client.get(address)
    assert "Welche Hausnummer?" in page.text
    data = {"text": "Nummer 5 & 6", "form_token": form_token(page.text)}
    for _ in range(2):
        done = await client.post(f"{address}/antwort", data=data)
        assert (done.status_code, done.headers["location"]) == (303, f"{address}?dank=1")
    (said,) = await stack.spoken(ReportCommented)
    assert (said.text, said.answers) == ("Nummer 5 & 6", asked.message_id)
    after = await client.get(address)
    assert "Nummer 5 &amp; 6" in after.text
    assert "Eine Frage an Sie" not in after.text


async def test_a_mail_answers_the_open_question(
    client: Any, stack: Any, address: str, case: Any, hear: Any
) -> None:
    asked = question(case)
    reply = ReplyReceived(
        report_id=case["report_id"],
        reply_id=new_id(),
        text="Nummer 7",
        received_at=datetime.now(UTC),
    )
    await hear(asked, reply, reply)
    (said,) = await stack.spoken(ReportCommented)
    assert (said.comment_id, said.answers) == (reply.reply_id, asked.message_id)
    assert "Nummer 7" in (await client.get(address)).text


@pytest.mark.parametrize("text", ["", "  ", "x" * 5000, "a\x00b"])
async def test_an_answer_that_cannot_be_kept(
    client: Any, stack: Any, address: str, case: Any, hear: Any, text: str
) -> None:
    await hear(question(case))
    answer = await client.post(f"{address}/antwort", data={"text": text})
    assert answer.status_code == 422
    assert 'href="#text"' in answer.text
    assert await stack.spoken(ReportCommented) == []


async def test_feedback_and_reopening(
    client: Any, stack: Any, address: str, case: Any, hear: Any
) -> None:
    early = await client.post(f"{address}/rueckmeldung", data={"fixed": "ja"})
    assert early.status_code == 409
    await hear(resolved(case))
    assert "Ist es wirklich behoben?" in (await client.get(address)).text
    missing = await client.post(f"{address}/rueckmeldung", data={"feedback_text": "Hm"})
    assert missing.status_code == 422
    assert "Hm" in missing.text
    for _ in range(2):
        await client.post(f"{address}/rueckmeldung", data={"fixed": "nein"})
    (said,) = await stack.spoken(ReportFeedbackGiven)
    assert not said.fixed
    page = await client.get(address)
    assert "noch nicht behoben" in page.text
    assert (await client.post(f"{address}/wiederoeffnen", data={})).status_code == 422
    reasons = [
        await client.post(f"{address}/wiederoeffnen", data={"reason": "Noch ein Loch"})
        for _ in range(3)
    ]
    assert [answer.status_code for answer in reasons] == [303, 303, 409]
    assert len(await stack.spoken(ReportReopenRequested)) == 2


async def test_after_28_days_a_report_stays_closed(
    client: Any, stack: Any, address: str, case: Any, hear: Any
) -> None:
    await hear(resolved(case, datetime.now(UTC) - timedelta(days=29)))
    answer = await client.post(f"{address}/wiederoeffnen", data={"reason": "Noch ein Loch"})
    assert answer.status_code == 409
    assert await stack.spoken(ReportReopenRequested) == []


async def test_own_photos_tell_how_far_they_are(client: Any, stack: Any, hear: Any) -> None:
    claims = [f"{new_id()}.token-{number}" for number in (1, 2)]
    data = {
        "service_code": "road-pothole",
        "lat": "54.1",
        "long": "12.1",
        "photo_claim": claims,
    }
    sent = await client.post("/melden", data=data)
    address = sent.headers["location"].partition("?")[0]
    (said,) = await stack.spoken(ReportSubmitted)
    first, second = said.photos
    await hear(
        PhotoReady(photo_id=first.photo_id, report_id=said.report_id, renditions=()),
        PhotoRejected(photo_id=second.photo_id, report_id=said.report_id, reason="not_an_image"),
    )
    page = await client.get(address)
    images = re.findall(r'src="(/photos/[^"]+)"', page.text)
    assert images == [f"/photos/{first.photo_id}/thumbnail.webp?token=token-1"]
    assert "konnten wir nicht verwenden" in page.text


async def test_what_the_public_sees_is_not_what_the_reporter_sees(
    client: Any, address: str, case: Any, hear: Any
) -> None:
    await hear(question(case, "Ist es bei Familie Muster?"))
    public = await client.get(f"/meldungen/{address.split('/')[2]}")
    assert public.status_code == 200
    assert "Muster" not in public.text
    assert "Loch" not in public.text.replace("Schlagloch", "")
    assert address.split("/")[3] not in public.text


async def test_what_matters_now_stands_first(
    client: Any, hear: Any, address: str, case: dict[str, Any]
) -> None:
    await hear(question(case))
    page = (await client.get(address)).text
    assert page.index("Welche Hausnummer?") < page.index('class="m-receipt"')
    await hear(resolved(case, message="Das Loch ist zu."))
    page = (await client.get(address)).text
    assert page.index('class="m-receipt"') < page.index("Das Loch ist zu.")
    assert page.index("Das Loch ist zu.") < page.index('id="history"')
