"""Faults that real servers have, planted between the checks and a server without them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from .reading import FORMS, MEDIA_TYPES

Ask = Callable[[httpx.Request], httpx.Request]
Say = Callable[[httpx.Response, str], bytes | None]

ZONE = re.compile(rb"(\d\dT\d\d:\d\d:\d\d)Z")


@dataclass(frozen=True)
class Fault:
    """``found_by``: title of the check that must notice. ``forms``: where the fault can exist.

    ``ask`` spoils what is asked, ``say`` what is answered (None: leave it), ``status`` its status.
    """

    name: str
    found_by: str
    ask: Ask | None = None
    say: Say | None = None
    status: dict[int, int] | None = None
    forms: tuple[str, ...] = FORMS

    def __str__(self) -> str:
        return self.name


class Planted(httpx.BaseTransport):
    """A connection to a server that has a fault. ``api_key`` is one that it accepts."""

    def __init__(self, fault: Fault, api_key: str) -> None:
        self._fault, self._key = fault, api_key
        self._wire = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._fault.ask:
            request.extensions["api_key"] = self._key
            request = self._fault.ask(request)
        answer = self._wire.handle_request(request)
        answer.read()
        status = (self._fault.status or {}).get(answer.status_code, answer.status_code)
        form = request.url.path.rpartition(".")[2]
        body = self._fault.say(answer, form) if self._fault.say else None
        content = answer.content if body is None else body
        return httpx.Response(status, headers=_type_of(answer), content=content)

    def close(self) -> None:
        self._wire.close()


def _type_of(answer: httpx.Response) -> dict[str, str]:
    return {"Content-Type": answer.headers.get("content-type", "")}


def _walk(value: Any, change: Callable[[dict[str, Any]], None]) -> Any:
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            _walk(inner, change)
    if isinstance(value, dict):
        change(value)
    return value


def in_objects(change: Callable[[dict[str, Any]], None]) -> Say:
    """Spoils every object of a JSON answer."""

    def say(answer: httpx.Response, form: str) -> bytes | None:
        if form != "json" or answer.headers["content-type"] != MEDIA_TYPES["json"]:
            return None
        return json.dumps(_walk(answer.json(), change), ensure_ascii=False).encode()

    return say


def _each(first: Say, second: Say) -> Say:
    """One for JSON, the other for XML."""
    return lambda answer, form: (first if form == "json" else second)(answer, form)


def in_bytes(pattern: bytes, becomes: bytes) -> Say:
    """Spoils the text of an answer."""
    return lambda answer, _form: re.sub(pattern, becomes, answer.content)


def _renamed(old: str, new: str) -> Callable[[dict[str, Any]], None]:
    def change(one: dict[str, Any]) -> None:
        if old in one and new in one:
            one[old], one[new] = one[new], one[old]

    return change


def _say_yes(one: dict[str, Any]) -> None:
    if "metadata" in one:
        one["metadata"] = "yes" if one["metadata"] else "no"


def _number_ids(one: dict[str, Any]) -> None:
    if one.get("service_request_id"):
        one["service_request_id"] = int(one["service_request_id"], 36)


def _capital_status(one: dict[str, Any]) -> None:
    if one.get("status"):
        one["status"] = one["status"].capitalize()


def _attributes_as_object(one: dict[str, Any]) -> None:
    if "attributes" in one:
        one["attributes"] = {item["code"]: item for item in one["attributes"]}


def _no_update_id(one: dict[str, Any]) -> None:
    one.pop("update_id", None)


def _wrap(answer: httpx.Response, form: str) -> bytes | None:
    listed = form == "json" and answer.content.startswith(b"[")
    return b'{"wrapped":' + answer.content + b"}" if listed else None


def _latin(answer: httpx.Response, _form: str) -> bytes:
    return answer.content.decode().encode("latin-1", "replace")


def _detail(answer: httpx.Response, _form: str) -> bytes | None:
    return b'{"detail":[{"msg":"field required"}]}' if answer.status_code == 400 else None


def _with_params(change: Callable[[dict[str, str]], None]) -> Ask:
    def ask(request: httpx.Request) -> httpx.Request:
        params = dict(request.url.params)
        change(params)
        url = request.url.copy_with(params=params or None)
        return httpx.Request(
            request.method, url, headers=request.headers, content=request.read(),
            extensions=request.extensions,
        )  # fmt: skip

    return ask


def _without_ids(params: dict[str, str]) -> None:
    params.pop("service_request_id", None)


def _first_id(params: dict[str, str]) -> None:
    if "service_request_id" in params:
        params["service_request_id"] = params["service_request_id"].partition(",")[0]


def _any_key(request: httpx.Request) -> httpx.Request:
    if request.method == "POST":
        form = httpx.QueryParams(request.read().decode())
        body = str(form.set("api_key", request.extensions["api_key"])).encode()
        headers = {**request.headers, "content-length": str(len(body))}
        return httpx.Request("POST", request.url, headers=headers, content=body)
    return request


NO_FAULT = Fault("nothing", "")
SWAPPED = in_bytes(
    rb"<lat>([^<]*)</lat><long>([^<]*)</long>", rb"<lat>\2</lat><long>\1</long>"
)  # fmt: skip
FAULTS = [
    Fault("wrapped JSON", "the outer name disappears in JSON", say=_wrap, forms=("json",)),
    Fault("missing time zone", "every moment has seconds and a time zone",
          say=lambda answer, _form: ZONE.sub(rb"\1", answer.content)),
    Fault("422 errors", "errors have the one shape, and 404, 403 and 400 mean what they say",
          say=_detail, status={400: 422}),
    Fault('metadata "yes"', "ids are strings, booleans are true or false, coordinates are numbers",
          say=_each(in_objects(_say_yes),
                    in_bytes(rb"<metadata>(true|false)<", rb"<metadata>yes<"))),
    Fault("swapped lat and long", "the place comes back where it was sent",
          say=_each(in_objects(_renamed("lat", "long")), SWAPPED)),
    Fault("missing update_id", "every update has its fields and a stable update_id",
          say=_each(in_objects(_no_update_id),
                    in_bytes(rb"<update_id>[^<]*</update_id>", b""))),
    Fault('status "Open"', "every request has the fields of the specification and no others",
          say=_each(in_objects(_capital_status),
                    in_bytes(rb"<status>open<", rb"<status>Open<"))),
    Fault("integer ids", "ids are strings, booleans are true or false, coordinates are numbers",
          say=in_objects(_number_ids), forms=("json",)),
    Fault("attributes as object", "attributes and their values are lists",
          say=in_objects(_attributes_as_object), forms=("json",)),
    Fault("broken UTF-8", "texts arrive as they were sent", say=_latin),
    Fault("unescaped ampersand", "texts arrive as they were sent",
          say=in_bytes(rb"&amp;", b"&"), forms=("xml",)),
    Fault("id filter ignored", "service_request_id finds exactly those it names, in any number",
          ask=_with_params(_without_ids)),
    Fault("only the first of several ids",
          "service_request_id finds exactly those it names, in any number",
          ask=_with_params(_first_id)),
    Fault("any key accepted", "posting without a key or with a wrong one is 403", ask=_any_key),
]  # fmt: skip
