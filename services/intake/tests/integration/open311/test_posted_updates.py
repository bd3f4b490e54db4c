"""Updates that clients send as FixMyStreet does: taken once, for clerks only, never a state."""

import asyncio
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy import text

from melder_common.event_values import BodyRef
from melder_common.events import (
    CaseMessagePosted,
    CaseStatusChanged,
    ReportCommented,
    ReportFeedbackGiven,
    ReportReopenRequested,
)
from melder_common.ids import new_id
from melder_common.text import mask_personal_data
from melder_intake.use_cases.erase_report import erase_report
from melder_intake.use_cases.manage_api_client import create_api_client

V2 = "/open311/v2"
PATH = f"{V2}/servicerequestupdates"
ROSTOCK = BodyRef(slug="rostock", name="Rostock")
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def update(client: Any, stack: Any, open_case: Any) -> Any:
    """Sends an update of FixMyStreet's; None leaves a field out."""

    async def send(
        number: str | None, form: str = "json", *, files: Any = None, query: Any = None, **said: Any
    ) -> httpx.Response:
        usual = {
            "api_key": stack.api_key,
            "service_request_id": number,
            "update_id": "4711",
            "updated_datetime": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
            "status": "OPEN",
            "description": "Es ist größer geworden 😬\nund tiefer.",
            "first_name": "Anna",
            "last_name": "Musterfrau",
            "title": "MRS",
            "email": "anna@example.org",
            "phone": "0381 7654321",
            "account_id": "konto-0815",
            "public_anonymity_required": "TRUE",
            "email_alerts_requested": "FALSE",
        }
        data = {name: value for name, value in (usual | said).items() if value is not None}
        answer: httpx.Response = await client.post(
            f"{PATH}.{form}", data=data, files=files, params=query
        )
        return answer

    return send


async def closed(hear: Any, case: Any, at: datetime) -> None:
    await hear(
        CaseStatusChanged(
            case_id=case.case_id, report_id=case.report_id, state="resolved",
            previous="accepted", body=ROSTOCK, changed_at=at,
        )
    )  # fmt: skip


async def test_the_text_becomes_a_comment_that_names_its_sender(
    update: Any, open_case: Any, stack: Any, client: Any
) -> None:
    case = await open_case()
    answer = await update(case.number.lower(), media_url="https://fms.example/photo/1.jpeg")
    assert answer.status_code == 200
    (said,) = await stack.spoken(ReportCommented)
    assert answer.json() == [{"update_id": str(said.comment_id)}]
    assert said.text == ("Es ist größer geworden 😬\nund tiefer.\nhttps://fms.example/photo/1.jpeg")
    assert said.api_client == "Stadt-App"
    assert said.written_at == NOW
    told = (await client.get(f"{PATH}.json")).json()
    assert len(told) == 1, "a comment is never public by itself"
    page = await client.get(f"/meldungen/{case.number}")
    assert "größer geworden" not in page.text


async def test_the_answer_in_xml(update: Any, open_case: Any) -> None:
    answer = await update((await open_case()).number, "xml")
    root = fromstring(answer.text)
    assert root.tag == "service_request_updates"
    assert root.findtext("request_update/update_id")


async def test_who_wrote_it_is_kept_nowhere(update: Any, open_case: Any, stack: Any) -> None:
    await update((await open_case(email=None, first_name=None)).number)
    async with stack.units.engine.connect() as connection:
        tables = (
            await connection.execute(
                text("SELECT table_name FROM information_schema.tables WHERE table_schema='intake'")
            )
        ).scalars()
        kept = ""
        for table in tables.all():
            rows = await connection.execute(text(f'SELECT t::text FROM intake."{table}" t'))
            kept += "\n".join(str(row[0]) for row in rows)
    kept += "".join(one.model_dump_json() for one in await stack.spoken())
    for secret in ("Musterfrau", "anna@example.org", "7654321", "konto-0815"):
        assert secret not in kept


WRONG: tuple[tuple[dict[str, Any], int, list[str]], ...] = (
    ({"api_key": None}, 403, ["api_key"]),
    ({"api_key": "falsch"}, 403, ["api_key"]),
    ({"jurisdiction_id": "boston.gov"}, 404, ["jurisdiction_id"]),
    ({"number": None}, 400, ["service_request_id"]),
    ({"number": "00000000"}, 404, ["service_request_id"]),
    ({"number": "ZZZ/ZZ"}, 404, ["service_request_id"]),
    ({"update_id": ""}, 400, ["update_id"]),
    ({"update_id": "x" * 201}, 400, ["update_id"]),
    ({"updated_datetime": None}, 400, ["updated_datetime"]),
    ({"updated_datetime": "2026-11-23T14:00:00"}, 400, ["updated_datetime"]),
    ({"status": None}, 400, ["status"]),
    ({"status": "Erledigt"}, 400, ["status"]),
    ({"description": None}, 400, ["description"]),
    ({"description": "x" * 4001}, 400, ["description"]),
    ({"description": "a\x00b"}, 400, ["description"]),
    ({"media_url": "file:///etc/passwd"}, 400, ["media_url"]),
    ({"media_url": ["https://a.example/"] * 6}, 400, ["media_url"]),
    (
        {"update_id": None, "updated_datetime": None, "status": None, "description": None},
        400,
        ["update_id", "updated_datetime", "status", "description"],
    ),
)


async def test_what_is_wrong_is_named(update: Any, open_case: Any, stack: Any) -> None:
    number = (await open_case()).number
    for wrong, status, named in WRONG:
        answer = await update(**({"number": number} | wrong))
        assert answer.status_code == status, wrong
        told = [(one["code"], one["description"]) for one in answer.json()]
        assert [description.partition(":")[0] for _, description in told] == named, wrong
        assert {code for code, _ in told} == {str(status)}
        root = fromstring((await update(**({"number": number, "form": "xml"} | wrong))).text)
        assert root.tag == "errors"
        assert [(one.findtext("code"), one.findtext("description")) for one in root] == told
    assert await stack.spoken(ReportCommented) == []
    assert await stack.count("received_update") == 0


async def test_too_many_photos_are_refused(update: Any, open_case: Any) -> None:
    files = [("photo", (f"{n}.jpg", b"x", "image/jpeg")) for n in range(6)]
    answer = await update((await open_case()).number, files=files)
    assert answer.status_code == 400
    assert answer.json()[0]["description"].startswith("photo: ")


async def test_a_photo_may_come_without_words(update: Any, open_case: Any, stack: Any) -> None:
    number = (await open_case()).number
    files = {"photo1": ("a.jpg", b"\xff\xd8\xff", "image/jpeg"), "photo2": ("b.jpg", b"x" * 9, "")}
    assert (await update(number, description=None, files=files)).status_code == 200
    (said,) = await stack.spoken(ReportCommented)
    assert said.text == ""
    assert len(said.photos) == 2
    assert await stack.count("photo_spool") == 2
    assert await stack.count("report_photo") == 0, "the reporter's page shows no foreign photo"
    async with stack.units.engine.connect() as connection:
        kinds = await connection.execute(text("SELECT kind FROM intake.due"))
        assert set(kinds.scalars()) == {"forward_spooled_photo"}


async def test_a_full_spool_keeps_nothing_and_says_come_again(
    make_stack: Any, catalogue_events: Any, good: Any
) -> None:
    stack = await make_stack(catalogue=catalogue_events, spool_bytes=3)
    key = {"api_key": stack.api_key}
    sent = {
        "update_id": "1", "status": "OPEN", "description": "Foto",
        "updated_datetime": "2026-11-20T10:00:00Z",
    }  # fmt: skip
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=stack.app), base_url="http://127.0.0.1"
    ) as app:
        posted = await app.post(f"{V2}/requests.json", data=good | key)
        sent["service_request_id"] = posted.json()[0]["service_request_id"]
        files = {"photo": ("a.jpg", b"four", "image/jpeg")}
        answer = await app.post(f"{PATH}.json", data=sent | key, files=files)
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        assert await stack.count("received_update") == 0
        assert (await app.post(f"{PATH}.json", data=sent | key)).status_code == 200


async def test_sent_twice_is_taken_once(update: Any, open_case: Any, stack: Any) -> None:
    number = (await open_case()).number
    answers = [await update(number) for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert len(await stack.spoken(ReportCommented)) == 1
    changed = await update(number, description="anders")
    assert changed.status_code == 400
    assert changed.json()[0]["description"].startswith("update_id: ")
    elsewhere = await update((await open_case()).number)
    assert elsewhere.status_code == 400
    assert len(await stack.spoken(ReportCommented)) == 1


async def test_each_client_counts_its_own_updates(update: Any, open_case: Any, stack: Any) -> None:
    number = (await open_case()).number
    async with stack.units.begin() as unit:
        other = await create_api_client(unit, name="Andere", requests_per_minute=100)
    answers = [(await update(number)).text, (await update(number, api_key=other)).text]
    assert len(set(answers)) == 2
    assert [one.api_client for one in await stack.spoken(ReportCommented)] == [
        "Stadt-App",
        "Andere",
    ]


async def test_any_order_of_retries_gives_one_comment_for_each_id(
    update: Any, open_case: Any, stack: Any
) -> None:
    """The property: whatever is sent again, at once or later, the outcome is that of once each."""
    import random

    chance = random.Random(20261127)
    numbers = [(await open_case()).number for _ in range(2)]
    wishes = [
        {"number": chance.choice(numbers), "update_id": chance.choice(["", "ü-"]) + letter,
         "description": chance.choice(["Loch", "Loch 2", "tief"])}
        for letter in string.ascii_letters[:8]
    ]  # fmt: skip
    sent = [wish for wish in wishes for _ in range(chance.randint(1, 4))]
    chance.shuffle(sent)
    answers: dict[str, set[str]] = {}
    for begin in range(0, len(sent), 5):
        group = sent[begin : begin + 5]
        for wish, answer in zip(
            group, await asyncio.gather(*(update(**wish) for wish in group)), strict=True
        ):
            assert answer.status_code == 200, answer.text
            answers.setdefault(wish["update_id"], set()).add(answer.text)
    assert all(len(told) == 1 for told in answers.values())
    assert len(set.union(*answers.values())) == len(wishes)
    said = await stack.spoken(ReportCommented)
    assert sorted(one.text for one in said) == sorted(wish["description"] for wish in wishes)


@pytest.mark.parametrize(
    ("status", "is_closed", "spoken"),
    [
        ("OPEN", False, None),
        ("Fixed", False, "fixed"),
        ("OPEN", True, "not_fixed"),
        ("REOPEN", True, "reopen"),
    ],
)
async def test_a_status_is_feedback_or_a_wish_and_never_a_state(
    update: Any, open_case: Any, stack: Any, hear: Any, client: Any,
    status: str, is_closed: Any, spoken: str | None,
) -> None:  # fmt: skip
    case = await open_case()
    if is_closed:
        await closed(hear, case, NOW - timedelta(hours=1))
    before = (await client.get(f"{V2}/requests/{case.number}.json")).json()[0]["status"]
    assert (await update(case.number, status=status)).status_code == 200
    feedback = [one.fixed for one in await stack.spoken(ReportFeedbackGiven)]
    wishes = await stack.spoken(ReportReopenRequested)
    assert feedback == {"fixed": [True], "not_fixed": [False]}.get(spoken or "", [])
    assert len(wishes) == (spoken == "reopen")
    after = (await client.get(f"{V2}/requests/{case.number}.json")).json()[0]["status"]
    assert after == before


async def test_an_old_state_that_comes_late_says_nothing(
    update: Any, open_case: Any, stack: Any, hear: Any
) -> None:
    """A comment written before the closing carries the state of then."""
    case = await open_case()
    await closed(hear, case, NOW + timedelta(minutes=5))
    await update(case.number, status="OPEN")
    assert await stack.spoken(ReportFeedbackGiven) == []


async def test_only_who_filed_the_report_speaks_for_its_reporter(
    update: Any, open_case: Any, stack: Any, hear: Any
) -> None:
    case = await open_case()
    await closed(hear, case, NOW - timedelta(hours=1))
    async with stack.units.begin() as unit:
        other = await create_api_client(unit, name="Andere", requests_per_minute=100)
    await update(case.number, status="REOPEN", api_key=other)
    assert await stack.spoken(ReportReopenRequested, ReportFeedbackGiven) == []
    (said,) = await stack.spoken(ReportCommented)
    assert not said.by_reporter


async def test_it_answers_the_open_question_of_its_reporter(
    update: Any, open_case: Any, stack: Any, hear: Any
) -> None:
    case = await open_case()
    question = CaseMessagePosted(
        case_id=case.case_id, report_id=case.report_id, message_id=new_id(), kind="question",
        text="Welche Nummer?", body=ROSTOCK, posted_at=NOW,
    )  # fmt: skip
    await hear(question)
    await update(case.number)
    (said,) = await stack.spoken(ReportCommented)
    assert said.answers == question.message_id
    assert said.by_reporter


async def test_a_restricted_client_updates_only_its_services(
    update: Any, open_case: Any, stack: Any
) -> None:
    number = (await open_case()).number
    async with stack.units.begin() as unit:
        other = await create_api_client(
            unit, name="Lampen", requests_per_minute=100, services=["light-broken"]
        )
    answer = await update(number, api_key=other)
    assert answer.status_code == 403
    assert answer.json()[0]["description"].startswith("service_request_id: ")


async def test_the_future_is_not_written_down(update: Any, open_case: Any, stack: Any) -> None:
    await update((await open_case()).number, updated_datetime="2099-01-01T00:00:00+01:00")
    (said,) = await stack.spoken(ReportCommented)
    assert said.written_at <= datetime.now(UTC)


async def test_the_erasure_takes_words_photos_and_traces(
    update: Any, open_case: Any, stack: Any
) -> None:
    case = await open_case()
    files = {"photo1": ("a.jpg", b"\xff\xd8\xff", "image/jpeg")}
    await update(case.number, files=files)
    async with stack.units.begin() as unit:
        await erase_report(unit, case.report_id, cause="request")
    assert await stack.count("comment") == 0
    assert await stack.count("spooled_photo") == 0
    assert await stack.count("photo_spool") == 0
    async with stack.units.engine.connect() as connection:
        kept = (await connection.execute(text("SELECT * FROM intake.received_update"))).one()
    assert kept.content_hash is None
    assert (await update(case.number)).status_code == 200, "a retry is still one"
    assert (await update(case.number, update_id="4712")).status_code == 404
    assert await stack.count("comment") == 0


async def test_words_in_a_text_are_masked_nowhere_but_in_public(
    update: Any, open_case: Any, stack: Any
) -> None:
    words = "Rufen Sie 0381 1234567 an."
    await update((await open_case()).number, description=words)
    (said,) = await stack.spoken(ReportCommented)
    assert said.text == words != mask_personal_data(words)
