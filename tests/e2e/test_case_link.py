"""A body without a desk: report, e-mail, link, answers, and what the citizen reads of it."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from melder_local.people import Citizen
from melder_local.system import System, eventually

from .mailbox import Mailbox, link_to
from .town import BY_LINK, MAILBOX

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

WORDS = "An der Bank fehlt eine Latte. Rückfragen an Frau Musterfrau, 0381 1234567."


def test_the_doctor_knows_the_bodies_outside(system: System) -> None:
    place = system.place
    database = f"postgresql://melder_admin@127.0.0.1:{place.ports()['postgres']}/melder"
    key = place.secrets / "database/melder_admin"
    doctor = (Path(sys.executable).parent / "melder", "doctor")
    asked = [*doctor, "--database-url", database, "--password-file", key]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    assert "links to kuehlungsborn: " in said
    assert "cannot be read" not in said


def test_a_body_works_by_its_link(system: System) -> None:
    office = Mailbox(system, MAILBOX)
    with Citizen(system.url) as citizen:
        filed = citizen.report_by_web(
            {**BY_LINK, "service_code": "bench-damaged", "description": WORDS}
        )
        mail = office.wait_for(filed.number)
        said = mail["subject"] + mail["text"] + mail["html"]
        for word in ("Stadt Kühlungsborn", "11,74213", "Neuer Fall"):
            assert word in said
        for word in ("Latte", "Musterfrau", "1234567", str(filed.tracking)):
            assert word not in said
        link = link_to(mail, "/fall")

        def forwarded() -> bool:
            return "liegt jetzt bei: Stadt Kühlungsborn" in citizen.open(str(filed.tracking))

        eventually(forwarded, what="the word that the case lies with the body")
        assert "1234567" not in citizen.open(link)
        citizen.answer(link, urlsplit(link).path, answer="accept", message="")
        citizen.answer(
            link,
            urlsplit(link).path,
            answer="done",
            message="Neue Latte, Anruf unter 0381 7654321.",
        )

        def resolved() -> bool:
            return citizen.request(filed.number)["status"] == "closed"

        eventually(resolved, what="the end of the case")
        page = citizen.open(str(filed.tracking))
        assert "Stadt Kühlungsborn kümmert sich darum." in page
        assert "Neue Latte" in page
        assert "7654321" not in page
    secret = link.rpartition(".")[2]
    logs = "".join(log.read_text() for log in system.place.logs.glob("*.log"))
    assert "/fall/{link}" in logs, "the page was asked for"
    assert not [one for one in (secret, MAILBOX) if one in logs]
    assert len([one for one in office.all() if filed.number in one["subject"]]) == 1
