"""Every service is killed at a named point with work in flight; nothing is lost, nothing doubled."""

from collections import Counter
from uuid import uuid4

import httpx
import pytest

from melder_local.people import Citizen, Clerk
from melder_local.photos import generate_photo
from melder_local.system import System, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

PLACE = {"lat": "54.0800", "long": "12.2700"}


def report(citizen: Citizen, text: str, email: str) -> str:
    """File one report by the API, sending again with the same key until it is answered."""
    fields = {**PLACE, "service_code": "road-pothole", "description": text, "email": email}
    return citizen.report_surely(fields, key=str(uuid4())).number


@pytest.mark.parametrize(
    ("part", "point"),
    [
        ("intake", "after_commit:3"),
        ("intake", "after_publish:2"),
        ("routing", "before_commit:2"),
        ("routing", "before_ack:2"),
        ("notify", "after_smtp:2"),
        ("notify", "before_ack:2"),
    ],
)
def test_a_killed_service_loses_and_doubles_nothing(system: System, part: str, point: str) -> None:
    with Citizen(system.url, api_key=system.info()["OPEN311_KEY"]) as citizen:
        restarts = system.arm(part, point)
        run = uuid4().hex[:8]
        texts = [f"Loch {run} Nummer {number}" for number in range(12)]
        emails = [f"{run}-{number}@buerger.example" for number in range(12)]
        numbers = [report(citizen, text, email) for text, email in zip(texts, emails, strict=True)]

        system.wait_for_restart(part, restarts)

        assert len(set(numbers)) == len(texts)
        for number in numbers:
            eventually(
                lambda number=number: citizen.routed(number), what=f"the routing of {number}"
            )
        receipts = eventually(lambda: receipts_for(system, emails), what="all receipts")
        assert all(len(ids) == 1 for ids in receipts.values()), "one Message-ID per recipient"
        assert citizen.shown_texts(run) == Counter(texts), "every report is there exactly once"


def receipts_for(system: System, emails: list[str]) -> dict[str, set[str]] | None:
    """Message-IDs by recipient, once everybody has a mail. SMTP is at least once, ids are not."""
    found = {
        email: {mail["headers"]["Message-ID"] for mail in system.mails(email)} for email in emails
    }
    return found if all(found.values()) else None


@pytest.mark.parametrize("point", ["before_commit:3", "timer_called:2", "before_ack:1"])
def test_a_killed_media_service_finishes_every_photo_once(system: System, point: str) -> None:
    with (
        Citizen(system.url, api_key=system.info()["OPEN311_KEY"]) as citizen,
        Clerk(system.url, *system.clerk("amt-carbaek")) as clerk,
    ):
        restarts = system.arm("media", point)
        fields = {**PLACE, "service_code": "road-pothole", "description": "mit Foto"}
        numbers = [
            citizen.report_by_app(fields, (generate_photo("pothole", seed),)).number
            for seed in range(4)
        ]

        system.wait_for_restart("media", restarts)

        for number in numbers:
            released = eventually(
                lambda number=number: clerk.sees(number) and clerk.release_photos(number),
                what=f"the photo of {number} at the desk",
            )
            assert released == 1, "one photo each, neither lost nor doubled"
            shown = eventually(lambda number=number: citizen.with_photo(number), what="the photo")
            assert httpx.get(shown["media_url"]).status_code == 200
