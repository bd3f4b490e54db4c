"""Section 1: rules for every call."""

import re
from datetime import datetime
from typing import Any

from .reading import MOMENT
from .rules import NotHere, rule
from .server import ADDRESS, Server

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+\Z")
MOMENTS = ("requested_datetime", "updated_datetime", "expected_datetime")
ELSEWHERE = "boston.example"


def shown(server: Server, index: int = 0) -> str:
    """The number of a report to look at."""
    if len(server.shown) <= index:
        raise NotHere("too few reports")
    return server.shown[index]


def needs_key(server: Server) -> None:
    """Stops checks that have to post."""
    if not server.target.api_key:
        raise NotHere("no API key")


@rule("1.1", "an unknown extension is 404", forms=("xml",))
def unknown_extension(server: Server, _form: str) -> None:
    for address in ("services.yaml", "requests.html", "requests"):
        status = server.http.get(f"{server.target.endpoint}/{address}").status_code
        assert status == 404, f"{address} answers {status}"


@rule("1.1", "an unknown resource is 404 in the format of its address")
def unknown_resource(server: Server, form: str) -> None:
    server.get("no-such-resource", form).errors(404)


@rule("1.2", "good answers are UTF-8 of the asked type")
def media_types(server: Server, form: str) -> None:
    for resource in ("discovery", "services", "requests"):
        server.get(resource, form).data()


@rule("1.2", "texts arrive as they were sent")
def texts_arrive(server: Server, form: str) -> None:
    needs_key(server)
    said = server.request(form, shown(server))["address"]
    assert said == ADDRESS, f"{ADDRESS!r} came back as {said!r}"


@rule("1.3", "containers are lists, with one element and with none")
def containers(server: Server, form: str) -> None:
    server.services(form)
    server.request(form, shown(server))
    assert server.requests(form, service_code="no-such-code") == []
    definition = server.get(f"services/{server.target.service}", form).data()
    assert isinstance(definition, dict), "a service definition is no object"
    assert isinstance(definition["attributes"], list), "attributes is no list"


@rule("1.3", "attributes and their values are lists")
def attributes_are_lists(server: Server, form: str) -> None:
    for definition in definitions(server, form):
        attributes = definition["attributes"]
        assert isinstance(attributes, list), f"attributes is a {type(attributes).__name__}"
        for attribute in attributes:
            assert isinstance(attribute["values"] or [], list), "values is no list"


@rule("1.3", "the outer name disappears in JSON", forms=("json",))
def unwrapped(server: Server, form: str) -> None:
    for resource in ("services", "requests"):
        document = server.get(resource, form).data()
        assert isinstance(document, list), f"{resource}.json is a {type(document).__name__}"
    assert "discovery" not in server.get("discovery", form).data()


@rule("1.3", "what is empty is null", forms=("json",))
def empty_is_null(server: Server, form: str) -> None:
    for one in server.requests(form, page_size=50):
        empty = [name for name, value in one.items() if value in ("", {})]
        assert not empty, f"empty but not null: {empty}"


@rule("1.4", "an empty parameter is an absent one")
def empty_parameters(server: Server, form: str) -> None:
    names = ("service_request_id", "service_code", "status", "start_date", "end_date")
    empty = dict.fromkeys((*names, "jurisdiction_id"), "")
    numbers = [one["service_request_id"] for one in server.requests(form, **empty)]
    assert shown(server) in numbers


@rule("1.4", "every moment has seconds and a time zone")
def moments(server: Server, form: str) -> None:
    for one in server.requests(form, page_size=50):
        for name in MOMENTS:
            said = one[name]
            assert said is None or MOMENT.match(said), f"{name} is {said!r}"
            assert said is None or datetime.fromisoformat(said).tzinfo


@rule("1.4", "moments with fractions and offsets are understood")
def moments_understood(server: Server, form: str) -> None:
    number = shown(server)
    for moment in ("{}T00:00:00.123456+00:00", "{}T00:00:00Z", "{}T02:00:00+02:00"):
        day = server.request(form, number)["requested_datetime"][:10]
        found = server.requests(form, start_date=moment.format(day))
        assert number in [one["service_request_id"] for one in found]


@rule("1.5", "jurisdiction_id may be absent, empty or known")
def jurisdictions(server: Server, form: str) -> None:
    for known in {"", server.target.jurisdiction}:
        server.get("services", form, jurisdiction_id=known).data()
    server.get("services", form).data()


@rule("1.5", "an unknown jurisdiction_id is 404 on every method")
def unknown_jurisdiction(server: Server, form: str) -> None:
    addresses = ["services", f"services/{server.target.service}", "requests"]
    for resource in [*addresses, *(f"requests/{number}" for number in server.shown[:1])]:
        told = server.get(resource, form, jurisdiction_id=ELSEWHERE).told(404)
        assert "jurisdiction_id" in told, f"{resource}: {told}"
    if server.target.api_key:
        server.post(form, {"jurisdiction_id": ELSEWHERE}).errors(404)


@rule("1.6", "posting without a key or with a wrong one is 403")
def wrong_keys(server: Server, form: str) -> None:
    assert "api_key" in server.post(form, {"api_key": "nobody-has-this-key"}).told(403)
    assert "api_key" in server.post(form, without=("api_key",)).told(403)


@rule("1.6", "the key may stand in the query")
def key_in_query(server: Server, form: str) -> None:
    needs_key(server)
    key = {"api_key": server.target.api_key}
    server.post(form, without=("api_key",), params=key).data()


@rule("1.7", "errors have the one shape, and 404, 403 and 400 mean what they say")
def errors(server: Server, form: str) -> None:
    server.get("requests/no-such-request", form).errors(404)
    server.get("services/no-such-service", form).errors(404)
    server.get("requests", form, status="half-open").errors(400)
    server.get("requests", form, start_date="yesterday").errors(400)
    needs_key(server)
    server.post(form, without=("lat", "long", "address_string")).errors(400)


@rule("1.7", "a method that is not offered is refused in the client's format")
def wrong_method(server: Server, form: str) -> None:
    url = f"{server.target.endpoint}/services.{form}"
    for method in ("DELETE", "PUT", "POST"):
        answer = server.http.request(method, url)
        assert answer.status_code in {400, 404, 405}, f"{method}: {answer.status_code}"
        assert "detail" not in answer.text


@rule("1.8", "ids are strings, booleans are true or false, coordinates are numbers")
def types(server: Server, form: str) -> None:
    for service in server.services(form):
        assert isinstance(service["metadata"], bool), f"metadata is {service['metadata']!r}"
        assert isinstance(service["service_code"], str)
    one = server.request(form, shown(server))
    assert isinstance(one["service_request_id"], str), "service_request_id is no string"
    for name in ("lat", "long"):
        said: Any = one[name]
        assert said is None or isinstance(said, int | float), f"{name} is {said!r}"


@rule("1.9", "ids and codes need no quoting")
def identifiers(server: Server, form: str) -> None:
    codes = [service["service_code"] for service in server.services(form)]
    for text in [*codes, *server.shown]:
        assert IDENTIFIER.match(str(text)), f"{text!r} needs quoting"


def definitions(server: Server, form: str) -> list[dict[str, Any]]:
    """The definitions of all services that have questions."""
    asked = [one["service_code"] for one in server.services(form) if one["metadata"]]
    if not asked:
        raise NotHere("no service with attributes")
    return [server.get(f"services/{code}", form).data() for code in asked]
