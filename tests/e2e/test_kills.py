"""Every service is killed at a named point with work in flight; nothing is lost, nothing doubled."""

from collections import Counter
from uuid import uuid4

import pytest

from melder_local.people import Citizen
from melder_local.system import System, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

PLACE = {"lat": "54.0800", "long": "12.2700"}


def report(system: System, citizen: Citizen, email: str) -> str:
    """File one report by the API, sending again with the same key until it is answered."""
    fields = {
        **PLACE,
        "service_code": "road-pothole",
        "description": f"Loch für {email}",
        "email": email,
    }
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
    citizen = Citizen(system.url, api_key=system.info()["OPEN311_KEY"])
    restarts = system.arm(part, point)
    run = uuid4().hex[:8]
    emails = [f"{run}-{number}@buerger.example" for number in range(12)]
    numbers = [report(system, citizen, email) for email in emails]

    system.wait_for_restart(part, restarts)

    assert len(set(numbers)) == len(emails)
    for number in numbers:
        shown = eventually(
            lambda number=number: citizen.routed(number), what=f"the routing of {number}"
        )
        assert shown["agency_responsible"]
    receipts = eventually(lambda: receipts_for(system, emails), what="all receipts")
    assert all(len(ids) == 1 for ids in receipts.values()), "one Message-ID per recipient"
    assert descriptions(citizen, numbers) == Counter(f"Loch für {email}" for email in emails)


def receipts_for(system: System, emails: list[str]) -> dict[str, set[str]] | None:
    """Message-IDs by recipient, once everybody has a mail. SMTP is at least once, ids are not."""
    found = {
        email: {mail["headers"]["Message-ID"] for mail in system.mails(email)} for email in emails
    }
    return found if all(found.values()) else None


def descriptions(citizen: Citizen, numbers: list[str]) -> Counter[str]:
    """The public texts of the reports."""
    return Counter(citizen.request(number)["description"] for number in numbers)
