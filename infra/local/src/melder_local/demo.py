"""Fills a running installation with the demo region, and with reports that people could have sent.

Everything goes through the public doors: ``melder apply`` for the region, the web form and Open311
for reports, the desk's own pages for the work on them. Running it twice adds nothing.
"""

import json
import os
import re
import secrets
import subprocess
from concurrent.futures import ProcessPoolExecutor
from typing import Annotated, Any

import typer
import yaml

from melder_common.testing.nats import program
from melder_local.people import Citizen, Clerk, Filed
from melder_local.photos import generate_photo
from melder_local.place import CHECKOUT, Place
from melder_local.services import service_environment
from melder_local.system import System, eventually

DEMO = CHECKOUT / "infra" / "demo"


def load_demo(
    *,
    without_reports: Annotated[bool, typer.Option(help="region, clerks and key only")] = False,
) -> None:
    """Load the demo region into the installation that runs here."""
    place = Place.from_environment()
    region = yaml.safe_load((DEMO / "region.yaml").read_text())
    ensure_clerk_passwords(place, region)
    apply_region(place)
    info = write_info(place, region)
    wait_for_catalogue(place)
    if not without_reports:
        file_reports(place, region, info)


def ensure_clerk_passwords(place: Place, region: dict[str, Any]) -> None:
    """One generated password per body with clerks, where the region file expects it."""
    for clerk in region["clerks"]:
        file = place.secrets / clerk["password_file"]
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(9) + "\n")


def apply_region(place: Place) -> None:
    """``melder apply``, as an operator would."""
    argv = [program("melder"), "apply", str(DEMO / "region.yaml"), "--yes"]
    argv += ["--secrets", str(place.secrets)]
    environment = {**os.environ, **service_environment("routing", place)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"melder apply failed:\n{done.stdout}\n{done.stderr}")


def write_info(place: Place, region: dict[str, Any]) -> dict[str, str]:
    """The lines of ``make demo-info``; the API key is created once."""
    info = {
        "MELDER_URL": place.url,
        "OPEN311_KEY": _api_key(place),
        "JURISDICTION_ID": region["region"]["jurisdiction_id"],
    }
    for clerk in region["clerks"]:
        password = (place.secrets / clerk["password_file"]).read_text().strip()
        name = "CLERK_" + clerk["body"].upper().replace("-", "_")
        info.setdefault(
            "ADMIN" if "admin" in clerk["roles"] else name, f"{clerk['user']}:{password}"
        )
    text = "".join(f"{name}={value}\n" for name, value in info.items())
    file = place.run / "demo-info"
    file.touch(mode=0o600)
    file.write_text(text)
    return info


def clerk_variable(body: str) -> str:
    """The name under which ``make demo-info`` prints a body's login."""
    return "CLERK_" + body.upper().replace("-", "_")


def _api_key(place: Place) -> str:
    file = place.secrets / "demo_api_key"
    if not file.exists():
        made = _operate_key(place, "create", "Demo-App", "--per-minute", "6000")
        if made.returncode:
            # the database knows the client, and its key is lost
            made = _operate_key(place, "rotate", "Demo-App", "--overlap-days=0", "--end-previous")
        made.check_returncode()
        file.touch(mode=0o600)
        file.write_text(made.stdout.strip().splitlines()[-1] + "\n")
    return file.read_text().strip()


def _operate_key(place: Place, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [program("melder"), "api-key", *words]
    environment = {**os.environ, **service_environment("intake", place)}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def wait_for_catalogue(place: Place) -> None:
    """Until intake has heard of the region and takes reports."""
    with Citizen(place.url) as citizen:
        eventually(citizen.can_report, what="the catalogue reaching intake")


def file_reports(place: Place, region: dict[str, Any], info: dict[str, str]) -> None:
    """File what is not filed yet, then let the clerks work."""
    demo = yaml.safe_load((DEMO / "reports.yaml").read_text())
    noted = place.run / "demo-reports.json"
    filed: dict[str, dict[str, Any]] = json.loads(noted.read_text()) if noted.exists() else {}
    citizen = Citizen(place.url, api_key=info["OPEN311_KEY"])
    pictures = draw_photos(
        [report for n, report in enumerate(demo["reports"]) if str(n) not in filed]
    )
    for index, report in enumerate(demo["reports"]):
        if str(index) not in filed:
            answers = demo["answers"].get(report["category"], {})
            photos = pictures[tuple(report["photo"])] if "photo" in report else ()
            email = f"kim{index}@buerger.example"
            one = file_report(citizen, report, answers, photos=photos, email=email)
            filed[str(index)] = {"number": one.number, "tracking": one.tracking, "done": 0}
            noted.write_text(json.dumps(filed, indent=1))
    desk = Desk(place.url, region, info)
    for index, report in enumerate(demo["reports"]):
        state = filed[str(index)]
        if report.get("contact") and report["via"] == "web" and not state["done"]:
            confirm_address(System(place), citizen, f"kim{index}@buerger.example")
        for step in report.get("then", [])[state["done"] :]:
            desk.do(state["number"], step)
            state["done"] += 1
            noted.write_text(json.dumps(filed, indent=1))


def draw_photos(reports: list[dict[str, Any]]) -> dict[tuple[str, int], tuple[bytes, ...]]:
    """The photos of ``reports`` by kind and seed, drawn on two cores."""
    wanted = sorted({tuple(report["photo"]) for report in reports if "photo" in report})
    with ProcessPoolExecutor(max_workers=2) as pool:
        drawn = pool.map(_draw, wanted)
        return {name: (photo,) for name, photo in zip(wanted, drawn, strict=True)}


def _draw(name: tuple[str, int]) -> bytes:
    return generate_photo(*name)


def file_report(
    citizen: Citizen,
    report: dict[str, Any],
    answers: dict[str, str],
    *,
    photos: tuple[bytes, ...],
    email: str,
) -> Filed:
    """Send one report through the door it names."""
    lat, long = report["at"]
    fields = {
        "service_code": report["category"],
        "lat": str(lat),
        "long": str(long),
        "description": report["text"],
    }
    if report["via"] == "open311":
        attributes = {f"attribute[{code}]": value for code, value in answers.items()}
        return citizen.report_by_app({**fields, **attributes}, photos)
    questions = {f"q.{report['category']}.{code}": value for code, value in answers.items()}
    contact = {"name": "Kim Beispiel", "email": email}
    hazard = {"hazard": "ja"} if report.get("hazard") else {}
    return citizen.report_by_web(
        {**fields, **questions, **hazard, **(contact if report.get("contact") else {})}, photos
    )


def confirm_address(system: System, citizen: Citizen, email: str) -> None:
    """Follow the receipt's link and press its button, so that questions come by mail too."""

    def find_link() -> str | None:
        texts = [mail["text"] for mail in system.mails(email)]
        found = re.search(r"/me/confirm/[\w.~-]+", "\n".join(texts))
        return found.group() if found else None

    link = eventually(find_link, what=f"the receipt to {email}")
    citizen.answer(link, "")


class Desk:
    """The demo's clerks, each signed in when first needed."""

    def __init__(self, url: str, region: dict[str, Any], info: dict[str, str]) -> None:
        self._url = url
        self._logins = [
            (clerk["user"], info[clerk_variable(clerk["body"])])
            for clerk in region["clerks"]
            if "lead" in clerk["roles"]
        ]
        self._clerks: dict[str, Clerk] = {}

    def do(self, number: str, step: str | dict[str, Any]) -> None:
        """One step of one clerk who sees the case."""
        clerk = eventually(lambda: self._clerk_of(number), what=f"case {number} at the desk")
        if isinstance(step, str):
            self._simple(clerk, number, step)
            return
        ((name, value),) = step.items()
        if name == "ask":
            clerk.act(number, "/question", question=value)
        else:
            clerk.act(number, f"/{name}", **value)

    def _simple(self, clerk: Clerk, number: str, step: str) -> None:
        if step == "release-photo":
            eventually(lambda: clerk.release_photos(number), what=f"a photo of {number}")
        elif step == "release-text":
            clerk.act(number, "/text")
        else:
            clerk.act(number, f"/{step}")

    def _clerk_of(self, number: str) -> Clerk | None:
        for user, login in self._logins:
            if user not in self._clerks:
                self._clerks[user] = Clerk(self._url, user, login.partition(":")[2])
            if self._clerks[user].sees(number):
                return self._clerks[user]
        return None


if __name__ == "__main__":
    typer.run(load_demo)
