"""A report of one copy of melder is worked on in another, by Open311, and its reporter hears of it."""

import os
import re
import subprocess
from contextlib import ExitStack
from uuid import uuid4

import httpx
import pytest

from melder_common.testing.postgres import postgres_programs
from melder_local.people import Citizen, Clerk
from melder_local.system import System, eventually

from .mailbox import Mailbox, link_to
from .neighbour import CLERK, PASSWORD, neighbour_of
from .pictures import photo_from_a_phone

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system"), pytest.mark.timeout(600)]

PLACE = {"lat": "54.0800", "long": "12.2700"}
CANARY = "Kanarienweg"
PHONE = "4711004"
"""No other test of this session may use it: both copies keep what others reported there."""
WORDS = f"Ein tiefes Loch. Ich wohne {CANARY} 7, Telefon 0381 {PHONE}."
RELEASED = "Ein tiefes Loch."
DONE = "Das Loch ist seit heute zu."


def dump(system: System) -> str:
    """The whole database of a copy, as text."""
    port = system.place.ports()["postgres"]
    password = (system.place.secrets / "database/melder_admin").read_text().strip()
    url = f"postgresql://melder_admin@127.0.0.1:{port}/melder"
    argv = [postgres_programs() / "pg_dump", url]
    environment = {**os.environ, "PGPASSWORD": password}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def number_there(clerk: Clerk, number: str) -> str | None:
    """The number that the other copy gave, as the case page shows it."""
    found = re.search(r"Nummer dort</dt><dd[^>]*>([0-9A-Z]{8})<", clerk.case(number))
    return found.group(1) if found else None


def has_desk(system: System) -> bool:
    """Whether the desk answers (again)."""
    return httpx.get(f"{system.url}/desk/login", timeout=60).status_code == 200


def test_a_report_goes_to_the_other_copy_and_comes_back_done(
    system: System, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with neighbour_of(system, tmp_path_factory.mktemp("neighbour")) as near:
        mailbox = Mailbox(near, f"{uuid4().hex[:10]}@{CANARY.lower()}.example")
        restarts = near.arm("routing", "after_open311_call:1")
        with ExitStack() as stack:
            citizen = stack.enter_context(Citizen(near.url))
            anybody = stack.enter_context(Citizen(system.url))
            far_clerk = stack.enter_context(Clerk(system.url, *system.clerk("amt-carbaek")))
            fields = {**PLACE, "service_code": "loch", "description": WORDS}
            photo = photo_from_a_phone(54.08, 12.27)
            filed = citizen.report_by_web({**fields, "email": mailbox.address}, (photo,))
            httpx.post(link_to(mailbox.wait_for("ist angekommen"), "/me/confirm"), timeout=60)

            # killed between the call and the commit: it is sent again, and still there once
            near.wait_for_restart("routing", restarts)
            eventually(lambda: has_desk(near), what="the desk")
            clerk = stack.enter_context(Clerk(near.url, CLERK, PASSWORD))
            there = eventually(lambda: number_there(clerk, filed.number), what="the number there")
            eventually(lambda: far_clerk.sees(there), what="the case at the other desk")
            assert sum(anybody.shown_texts(filed.number).values()) == 1

            # released text and photo follow, and nothing else
            clerk.act(filed.number, "/text", text=RELEASED)
            eventually(lambda: clerk.release_photos(filed.number), what="the photo at the desk")
            eventually(lambda: RELEASED in far_clerk.case(there), what="the text at the other desk")
            eventually(lambda: "/photos/" in far_clerk.case(there), what="the photo there")

            # the other side works, and the reporter of this side hears of it
            far_clerk.act(there, "/accept")
            far_clerk.act(there, "/close", ending="resolved:fixed", message=DONE)
            closing = mailbox.wait_for("ist erledigt")
            assert DONE in closing["text"]
            # the mail and the public page are two services' work: either may come first
            eventually(lambda: citizen.request(filed.number)["status"] == "closed", what="closed")
            assert [mail["subject"] for mail in mailbox.all()].count(closing["subject"]) == 1
            for secret in (CANARY, CANARY.lower(), PHONE, mailbox.address, PASSWORD):
                assert secret not in dump(system)
