"""Citizens and clerks as programs: they use the same doors as people, without scripts."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from melder_local.page_forms import form_to


class DoorClosed(RuntimeError):
    """A page or an API refused; the message holds its answer."""


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code >= 400:
        text = f"{answer.request.method} {answer.request.url}: {answer.status_code}\n{answer.text}"
        raise DoorClosed(text[:3000])
    return answer


@dataclass(frozen=True, slots=True)
class Filed:
    """A report that was accepted; ``tracking`` is the reporter's private path, web only."""

    number: str
    tracking: str | None = None


class Person:
    """Somebody with a browser; ``with`` closes it."""

    def __init__(self, url: str) -> None:
        headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "de"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=30, follow_redirects=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()


class Citizen(Person):
    """Somebody who reports things, by the web form or with an app."""

    def __init__(self, url: str, *, api_key: str = "") -> None:
        super().__init__(url)
        self._api_key = api_key

    def report_by_web(self, fields: Mapping[str, str], photos: tuple[bytes, ...] = ()) -> Filed:
        """Fill the form as without scripts; a second step asks the category's questions."""
        page = _checked(self._http.get("/melden"))
        for _ in range(3):
            form = form_to(page.text, "/melden")
            files = [("photo", (f"{n}.jpg", photo, "image/jpeg")) for n, photo in enumerate(photos)]
            page = self._http.post("/melden", data=form.filled(**fields), files=files or None)
            path = urlsplit(str(page.url)).path
            if path.startswith("/m/"):
                return Filed(number=path.split("/")[2], tracking=path)
            if page.status_code >= 500:
                _checked(page)
        raise DoorClosed(f"the form did not accept {dict(fields)}:\n{page.text[:4000]}")

    def report_by_app(self, fields: Mapping[str, str], photos: tuple[bytes, ...] = ()) -> Filed:
        """POST requests.json of Open311 GeoReport v2."""
        files = [("media", (f"{n}.jpg", photo, "image/jpeg")) for n, photo in enumerate(photos)]
        answer = self._http.post(
            "/open311/v2/requests.json",
            data={"api_key": self._api_key, **fields},
            files=files or None,
        )
        return Filed(number=_checked(answer).json()[0]["service_request_id"])

    def report_surely(self, fields: Mapping[str, str], *, key: str) -> Filed:
        """As ``report_by_app``, trying again with the same idempotency key until it is answered."""
        for _ in range(50):
            try:
                answer = self._http.post(
                    "/open311/v2/requests.json",
                    data={"api_key": self._api_key, **fields},
                    headers={"Idempotency-Key": key},
                )
            except httpx.TransportError:
                continue
            if answer.status_code < 500:
                return Filed(number=_checked(answer).json()[0]["service_request_id"])
            time.sleep(0.2)
        raise DoorClosed(f"no answer for {fields}")

    def routed(self, number: str) -> dict[str, Any] | None:
        """The report once somebody is responsible for it."""
        shown = self.request(number)
        return shown if shown.get("agency_responsible") else None

    def can_report(self) -> bool:
        """Whether intake takes reports: it has heard of a complete catalogue."""
        return self._http.get("/melden").status_code == 200

    def open(self, path: str) -> str:
        """The page at ``path``."""
        return _checked(self._http.get(path)).text

    def answer(self, tracking: str, ending: str, **fields: str) -> str:
        """Send a form of a private page; one without an address goes to the page itself."""
        form = form_to(self.open(tracking), ending)
        address = form.action or tracking
        return _checked(self._http.post(address, data=form.filled(**fields))).text

    def request(self, number: str) -> dict[str, Any]:
        """The report as Open311 shows it."""
        answer = self._http.get(f"/open311/v2/requests/{number}.json")
        shown: dict[str, Any] = _checked(answer).json()[0]
        return shown

    def with_photo(self, number: str) -> dict[str, Any] | None:
        """The report once a photo of it is public."""
        shown = self.request(number)
        return shown if shown.get("media_url") else None

    def shown_texts(self, containing: str) -> Counter[str]:
        """How often each public text with this word stands among the newest reports."""
        answer = self._http.get("/open311/v2/requests.json")
        texts = [shown["description"] or "" for shown in _checked(answer).json()]
        return Counter(text for text in texts if containing in text)


class Clerk(Person):
    """Somebody who works at the desk."""

    def __init__(self, url: str, user: str, password: str) -> None:
        super().__init__(url)
        login = form_to(_checked(self._http.get("/desk/login")).text, "/desk/login")
        page = self._http.post("/desk/login", data=login.filled(login=user, password=password))
        if urlsplit(str(_checked(page).url)).path.endswith("/login"):
            raise DoorClosed(f"{user} could not sign in:\n{page.text[:2000]}")

    def case(self, number: str) -> str:
        """The case page; raises DoorClosed while the case is not (or not theirs)."""
        return _checked(self._http.get(f"/desk/cases/{number}")).text

    def sees(self, number: str) -> bool:
        """Whether the case is there for this clerk."""
        return self._http.get(f"/desk/cases/{number}").status_code == 200

    def act(self, number: str, action: str, **fields: str) -> str:
        """Send the form of the case page whose address ends with ``action``."""
        form = form_to(self.case(number), action)
        return _checked(self._http.post(form.action, data=form.filled(**fields))).text

    def release_photos(self, number: str) -> int:
        """Release every photo that waits for it; how many there were."""
        released = 0
        while True:
            try:
                form = form_to(self.case(number), "/release", containing="/photos/")
            except LookupError:
                return released
            _checked(self._http.post(form.action, data=form.filled()))
            released += 1

    def get(self, path: str) -> httpx.Response:
        """Any address, with this clerk's session."""
        return self._http.get(path)

    def post(self, path: str, fields: Mapping[str, Any]) -> httpx.Response:
        """Send a form, right or wrong, and go where it leads."""
        return self._http.post(path, data=fields)
