"""Section 2: posting requests. Everything here needs a key."""

from typing import Any

from .checks_common import definitions, needs_key, shown
from .rules import NotHere, rule
from .server import Server

ANSWER_FIELDS = {"service_request_id", "token", "service_notice", "account_id"}


@rule("2.post", "an accepted report answers with an id or with a token")
def accepted(server: Server, form: str) -> None:
    needs_key(server)
    (said,) = server.post(form).data()
    assert set(said) <= ANSWER_FIELDS, set(said) - ANSWER_FIELDS
    assert bool(said.get("service_request_id")) != bool(said.get("token")), said


@rule("2.post", "the place comes back where it was sent")
def place(server: Server, form: str) -> None:
    needs_key(server)
    one = server.request(form, shown(server))
    where, sent = (one["lat"], one["long"]), (server.target.lat, server.target.long)
    assert None not in where, f"lat and long are {where}"
    far = max(abs(got - there) for got, there in zip(where, sent, strict=True))
    assert far < 0.000002, f"sent {sent}, got {where}"


@rule("2.post", "a multipart body is taken like any other")
def multipart(server: Server, form: str) -> None:
    needs_key(server)
    parts = [(name, (None, str(value))) for name, value in server.good().items()]
    url = f"{server.target.endpoint}/requests.{form}"
    answer = server.http.post(url, files=parts)
    assert answer.status_code == 200, answer.text[:300]


@rule("2.post", "a report without a place, without a service or for an unknown one is refused")
def refusals(server: Server, form: str) -> None:
    needs_key(server)
    without_place = server.post(form, without=("lat", "long", "address_string")).told(400)
    assert "lat" in without_place, without_place
    assert "long" in server.post(form, without=("long",)).told(400)
    assert "service_code" in server.post(form, without=("service_code",)).told(400)
    assert "service_code" in server.post(form, {"service_code": "no-such-code"}).told(404)


@rule("2.post", "a description may have 4,000 characters and no more")
def description(server: Server, form: str) -> None:
    needs_key(server)
    server.post(form, {"description": "ä" * 4000}).data()
    assert "description" in server.post(form, {"description": "ä" * 4001}).told(400)


@rule("2.post", "a missing required attribute is named")
def required_attribute(server: Server, form: str) -> None:
    service, attribute = _required(server, form)
    told = server.post(form, {"service_code": service}).told(400)
    assert attribute["code"] in told, told


@rule("2.post", "attributes are taken in every spelling")
def attribute_spellings(server: Server, form: str) -> None:
    service, _ = _required(server, form)
    attributes = server.get(f"services/{service}", form).data()["attributes"]
    for spelling in ("attribute[{}]", "attribute[{}][]"):
        answers = required_answers(attributes, spelling)
        server.post(form, {"service_code": service, **answers}).data()


@rule("2.post", "a list with several answers repeats its attribute")
def several_answers(server: Server, form: str) -> None:
    needs_key(server)
    for definition in definitions(server, form):
        for attribute in definition["attributes"]:
            if attribute["datatype"] == "multivaluelist":
                fields: dict[str, Any] = {**required_answers(definition["attributes"])}
                keys = [value["key"] for value in attribute["values"]][:2]
                fields |= {"service_code": definition["service_code"]}
                for name in ("attribute[{}]", "attribute[{}][]"):
                    server.post(form, fields | {name.format(attribute["code"]): keys}).data()
                return
    raise NotHere("no attribute with several answers")


def _required(server: Server, form: str) -> tuple[str, dict[str, Any]]:
    needs_key(server)
    for definition in definitions(server, form):
        for attribute in definition["attributes"]:
            if attribute["required"]:
                return definition["service_code"], attribute
    raise NotHere("no required attribute")


def required_answers(
    attributes: list[dict[str, Any]], spelling: str = "attribute[{}]"
) -> dict[str, str]:
    """An acceptable answer to every required attribute, as fields of a post."""
    return {spelling.format(one["code"]): _answer(one) for one in attributes if one["required"]}


def _answer(attribute: dict[str, Any]) -> str:
    by_type = {"number": "3", "datetime": "2026-11-23T14:00:00Z"}
    if attribute["values"]:
        return str(attribute["values"][0]["key"])
    return by_type.get(attribute["datatype"], "7")
