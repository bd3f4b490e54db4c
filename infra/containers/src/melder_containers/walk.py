"""Reports with photos walk through the containers, by Open311 and by the web form."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import yaml

from melder_containers.project import Project
from melder_local.people import Citizen, Clerk, Filed
from melder_local.photos import generate_photo
from melder_local.place import CHECKOUT
from melder_local.system import eventually

REGION = CHECKOUT / "infra/demo/region.yaml"
PLACE = {"lat": "54.08871", "long": "12.13012"}
BODY = "rostock"
CANARIES = {
    "the reporter's name": "Kim Kanarienvogel",
    "the reporter's address": "kim.kanarienvogel@buerger.example",
    "the reporter's words": "Schlagloch neben dem gelben Kanarienvogel",
}
"""What must stand in no log."""

_READ_PASSWORDS = (
    "import json, pathlib; root = pathlib.Path('/clerks'); "
    "print(json.dumps({str(f.relative_to(root)): f.read_text().strip() "
    "for f in root.rglob('*') if f.is_file()}))"
)


@dataclass(frozen=True, slots=True)
class Walked:
    """A report that went all the way. ``shown``: Open311's view of it at its end."""

    door: str
    number: str
    shown: dict[str, Any]
    photo: bytes


class Walk:
    """The people of a project: its citizens, and the clerk who works on their reports."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._api_key = ""
        self._login = ("", "")

    def prepare(self) -> None:
        """Load the demo region, create a key for apps, learn the clerk's generated password."""
        self._project.run_once("region")
        passwords = self._project.run_once("region", "-c", _READ_PASSWORDS, entrypoint="python")
        self._login = find_login(json.loads(last_line(passwords)))
        key = self._project.compose(
            "exec", "-T", "intake", "melder", "api-key", "create", "Prüf-App"
        )
        self._api_key = last_line(key)
        with self._citizen() as citizen:
            eventually(citizen.can_report, seconds=60, what="the catalogue reaching intake")

    def by_app(self) -> Walked:
        """A report by Open311, until it is closed in public."""
        fields = {**PLACE, "service_code": "road-pothole", "description": words("Open311")}
        contact = {"email": CANARIES["the reporter's address"]}
        mails = self.mails()
        with self._citizen() as citizen:
            filed = citizen.report_by_app({**fields, **contact}, (generate_photo("pothole", 1),))
            return self._work_on("Open311", citizen, filed, mails=mails)

    def by_form(self) -> Walked:
        """A report by the web form without scripts, until it is closed in public."""
        fields = {**PLACE, "service_code": "road-pothole", "description": words("web form")}
        contact = {
            "name": CANARIES["the reporter's name"],
            "email": CANARIES["the reporter's address"],
        }
        mails = self.mails()
        with self._citizen() as citizen:
            filed = citizen.report_by_web({**fields, **contact}, (generate_photo("pothole", 2),))
            walked = self._work_on("web form", citizen, filed, mails=mails)
            citizen.open(str(filed.tracking))
            return walked

    def find_differences(self, walked: Walked) -> list[str]:
        """What is not as it was when ``walked`` ended."""
        with self._citizen() as citizen:
            now = citizen.request(walked.number)
        findings = []
        if now != walked.shown:
            findings.append(f"{walked.number} is shown as {now}, before as {walked.shown}")
        if fetch(walked.shown["media_url"]) != walked.photo:
            findings.append(f"the photo of {walked.number} is another one")
        if not self._clerk().sees(walked.number):
            findings.append(f"the clerk does not see {walked.number}")
        return findings

    def mails(self) -> int:
        """How many mails the mail sink holds for the reporter."""
        address = CANARIES["the reporter's address"]
        return sum(address in to for to in receivers(self._project.url))

    def _work_on(self, door: str, citizen: Citizen, filed: Filed, *, mails: int) -> Walked:
        number = filed.number
        eventually(lambda: citizen.routed(number), what=f"the routing of {number}")
        eventually(lambda: self.mails() > mails, what="the receipt")
        clerk = self._clerk()
        clerk.act(number, "/accept")
        clerk.act(number, "/claim")
        eventually(lambda: clerk.release_photos(number), what=f"the photo of {number}")
        clerk.act(number, "/close", ending="resolved:fixed", message="Das Loch ist zu.")
        shown = eventually(lambda: closed(citizen.with_photo(number)), what=f"{number} in public")
        return Walked(door, number, shown, fetch(shown["media_url"]))

    def _clerk(self) -> Clerk:
        return Clerk(self._project.url, *self._login)

    def _citizen(self) -> Citizen:
        return Citizen(self._project.url, api_key=self._api_key)


def closed(shown: dict[str, Any] | None) -> dict[str, Any] | None:
    """``shown`` when it is closed."""
    return shown if shown and shown["status"] == "closed" else None


def words(door: str) -> str:
    """What a reporter writes."""
    return CANARIES["the reporter's words"] + f", gemeldet über {door}."


def find_login(passwords: Mapping[str, str]) -> tuple[str, str]:
    """User and generated password of the clerk who leads ``BODY``. Raises LookupError."""
    region = yaml.safe_load(REGION.read_text(encoding="utf-8"))
    for clerk in region["clerks"]:
        if clerk["body"] == BODY and "lead" in clerk["roles"]:
            return clerk["user"], passwords[clerk["password_file"]]
    raise LookupError(f"{REGION.name} has no clerk who leads {BODY}")


def fetch(url: str) -> bytes:
    """What a browser gets there; a 503 is asked again, as it says. Raises httpx.HTTPError.

    A store that has just been started anew is healthy a moment before it finds its objects.
    """
    answer = eventually(lambda: _unless_away(httpx.get(url, timeout=30)), what=url)
    answer.raise_for_status()
    return answer.content


def _unless_away(answer: httpx.Response) -> httpx.Response | None:
    return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer


def receivers(url: str) -> list[str]:
    """To whom mails went, as Mailpit or the demo's mail sink tells it."""
    answer = httpx.get(f"{url}/mail/messages.json")
    if answer.status_code == 200:
        return [str(mail["to"]) for mail in answer.json()]
    answer = httpx.get(f"{url}/mail/api/v1/messages", params={"limit": 200})
    answer.raise_for_status()
    return [to["Address"] for mail in answer.json()["messages"] for to in mail["To"]]


def last_line(text: str) -> str:
    """The last line that holds something; compose prints its own before it."""
    return re.split(r"[\r\n]+", text.strip())[-1]
