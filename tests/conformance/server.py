"""A server as its clients see it: an address, a key, and two reports to look at."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from .reading import Answer

Fields = Mapping[str, str | list[str]]
WORDS = "Loch & Riss <tief>, »größer als gestern«\nzweite Zeile 🚧"
ADDRESS = "Müller & Söhne, Lange Straße 1"


@dataclass(frozen=True)
class Target:
    """What to check. ``service`` takes a report at ``lat``, ``long`` without any attribute.

    ``endpoint`` ends before the resource's name. Without ``api_key`` nothing is posted and only
    what can be read is checked.
    """

    endpoint: str
    api_key: str = ""
    jurisdiction: str = ""
    service: str = "bench-damaged"
    lat: float = 54.0800
    long: float = 12.2700


@dataclass
class Server:
    """Speaks to a target. ``shown``: numbers of reports that were posted for looking at."""

    target: Target
    http: httpx.Client
    shown: list[str] = field(default_factory=list)

    def get(self, resource: str, form: str, **params: Any) -> Answer:
        """GET ``resource`` in a format."""
        url = f"{self.target.endpoint}/{resource}.{form}"
        return Answer(self.http.get(url, params=params), form)

    def post(
        self,
        form: str,
        fields: Fields | None = None,
        *,
        resource: str = "requests",
        without: tuple[str, ...] = (),
        **request: Any,
    ) -> Answer:
        """POST a good report with ``fields`` put over it and ``without`` some of its own."""
        data = {name: value for name, value in self.good().items() if name not in without}
        url = f"{self.target.endpoint}/{resource}.{form}"
        return Answer(self.http.post(url, data=data | dict(fields or {}), **request), form)

    def good(self) -> dict[str, Any]:
        """The fields of a report that any server must take."""
        return {
            "api_key": self.target.api_key,
            "service_code": self.target.service,
            "lat": f"{self.target.lat:.6f}",
            "long": f"{self.target.long:.6f}",
            "description": WORDS,
            "address_string": ADDRESS,
        }

    def report(self, form: str, **fields: Any) -> str:
        """Post a report; its number."""
        (said,) = self.post(form, fields).data()
        number = said["service_request_id"]
        assert number, f"no service_request_id: {said}"
        return str(number)

    def services(self, form: str) -> list[dict[str, Any]]:
        """What can be reported."""
        services = self.get("services", form).data()
        assert isinstance(services, list), f"services is no list: {type(services).__name__}"
        return services

    def requests(self, form: str, **params: Any) -> list[dict[str, Any]]:
        """Reports as they are listed."""
        found = self.get("requests", form, **params).data()
        assert isinstance(found, list), f"service_requests is no list: {type(found).__name__}"
        return found

    def request(self, form: str, number: str) -> dict[str, Any]:
        """One report by its own address."""
        found = self.get(f"requests/{number}", form).data()
        assert isinstance(found, list), "one report is no list of one"
        (one,) = found
        return dict(one)

    def prepare(self) -> None:
        """Have two reports to look at, posted or found."""
        if self.target.api_key:
            self.shown = [self.report("json") for _ in range(2)]
        else:
            listed = self.requests("json", page_size=2)
            self.shown = [str(one["service_request_id"]) for one in listed]

    def wait_for(self, number: str, key: str, *, seconds: float = 30) -> dict[str, Any]:
        """The report once ``key`` says something: publishing may take a moment."""
        deadline = time.monotonic() + seconds
        while not (one := self.request("json", number)).get(key):
            assert time.monotonic() < deadline, f"{key} of {number} stays empty"
            time.sleep(0.2)
        return one
