"""Section 2: what can be read without a key."""

from datetime import UTC, datetime

from .checks_common import definitions, shown
from .rules import NotHere, rule
from .server import Server

SERVICE_FIELDS = {
    "service_code", "service_name", "description", "metadata", "type", "keywords", "group",
}  # fmt: skip
ATTRIBUTE_FIELDS = {
    "variable", "code", "datatype", "required", "datatype_description", "order", "description",
    "values",
}  # fmt: skip
REQUEST_FIELDS = {
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime",
    "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url",
}  # fmt: skip
DATATYPES = {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"}


@rule("2.discovery", "every field is there, changesets lie in the past")
def discovery(server: Server, form: str) -> None:
    said = server.get("discovery", form).data()
    assert set(said) == {"changeset", "contact", "key_service", "endpoints"}, set(said)
    assert said["contact"], "no contact"
    assert said["key_service"], "no key_service"
    kinds = {endpoint["type"] for endpoint in said["endpoints"]}
    assert kinds == {"production", "test"}, f"endpoints of type {kinds}"
    for endpoint in said["endpoints"]:
        assert set(endpoint) == {"specification", "url", "changeset", "type", "formats"}
        assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert set(endpoint["formats"]) == {"text/xml", "application/json"}
        assert endpoint["url"].startswith(("http://", "https://"))
    for dated in (said, *said["endpoints"]):
        assert datetime.fromisoformat(dated["changeset"]) < datetime.now(UTC)


@rule("2.services", "every service has its fields and no others")
def services(server: Server, form: str) -> None:
    found = server.services(form)
    assert found, "no service at all"
    for service in found:
        assert set(service) == SERVICE_FIELDS, set(service) ^ SERVICE_FIELDS
        assert service["type"] in {"realtime", "batch", "blackbox"}, service["type"]
        assert isinstance(service["keywords"] or "", str), "keywords is no comma string"
        assert service["service_name"], "a service without a name"
    codes = [service["service_code"] for service in found]
    assert len(codes) == len(set(codes)), "a service_code stands twice"


@rule("2.definition", "attributes have their fields, order starts at 1 and is unique")
def definition(server: Server, form: str) -> None:
    for said in definitions(server, form):
        assert set(said) == {"service_code", "attributes"}, set(said)
        assert said["attributes"], f"{said['service_code']} says metadata but asks nothing"
        orders = [attribute["order"] for attribute in said["attributes"]]
        assert orders == list(range(1, len(orders) + 1)), f"order {orders}"
        for attribute in said["attributes"]:
            assert set(attribute) == ATTRIBUTE_FIELDS, set(attribute) ^ ATTRIBUTE_FIELDS
            assert attribute["datatype"] in DATATYPES, attribute["datatype"]
            assert isinstance(attribute["required"], bool), "required is no boolean"
            assert isinstance(attribute["variable"], bool), "variable is no boolean"
            listed = attribute["datatype"].endswith("valuelist")
            assert bool(attribute["values"]) == listed, f"values of a {attribute['datatype']}"
            assert all(set(value) == {"key", "name"} for value in attribute["values"] or [])


@rule("2.definition", "a service without attributes has an empty list, an unknown one is 404")
def empty_definition(server: Server, form: str) -> None:
    plain = [one["service_code"] for one in server.services(form) if not one["metadata"]]
    if not plain:
        raise NotHere("every service has attributes")
    said = server.get(f"services/{plain[0]}", form).data()
    assert said == {"service_code": plain[0], "attributes": []}, said
    assert "service_code" in server.get("services/no-such-code", form).told(404)


@rule("2.requests", "every request has the fields of the specification and no others")
def request_fields(server: Server, form: str) -> None:
    for one in server.requests(form, page_size=50):
        assert set(one) == REQUEST_FIELDS, set(one) ^ REQUEST_FIELDS
        assert one["status"] in {"open", "closed"}, f"status {one['status']!r}"
        assert one["service_code"], "a request without a service_code"


@rule("2.requests", "service_request_id finds exactly those it names, in any number")
def by_id(server: Server, form: str) -> None:
    first, second = shown(server, 0), shown(server, 1)
    for wanted in ([first], [second], [first, second]):
        found = server.requests(form, service_request_id=",".join(wanted))
        numbers = {one["service_request_id"] for one in found}
        assert numbers == set(wanted), f"asked for {wanted}, got {sorted(numbers)}"
    assert server.requests(form, service_request_id="no-such-request") == []


@rule("2.requests", "service_request_id overrides everything else")
def id_overrides(server: Server, form: str) -> None:
    number = shown(server)
    found = server.requests(
        form,
        service_request_id=number,
        service_code="no-such-code",
        status="closed",
        start_date="2001-01-01T00:00:00Z",
        end_date="2001-01-02T00:00:00Z",
    )
    assert [one["service_request_id"] for one in found] == [number]


@rule("2.requests", "service_code and status filter, by one word or by several")
def filters(server: Server, form: str) -> None:
    one = server.request(form, shown(server))
    code, status = one["service_code"], one["status"]
    for codes in (code, f"{code},no-such-code"):
        found = server.requests(form, service_code=codes)
        assert {found_one["service_code"] for found_one in found} == {code}
    assert {other["status"] for other in server.requests(form, status=status)} == {status}
    both = server.requests(form, status="open,closed", page_size=1000)
    assert one["service_request_id"] in {other["service_request_id"] for other in both}
    assert server.requests(form, service_code="no-such-code") == []


@rule("2.requests", "start_date and end_date look at requested_datetime")
def window(server: Server, form: str) -> None:
    one = server.request(form, shown(server))
    day = one["requested_datetime"][:10]
    found = server.requests(form, start_date=f"{day}T00:00:00Z", end_date=f"{day}T23:59:59Z")
    assert one["service_request_id"] in {other["service_request_id"] for other in found}
    assert all(other["requested_datetime"].startswith(day) for other in found)
    old = {"start_date": "2001-01-01T00:00:00Z", "end_date": "2001-01-02T00:00:00Z"}
    assert server.requests(form, **old) == []


@rule("2.requests", "the newest come first, 1,000 at most")
def newest_first(server: Server, form: str) -> None:
    found = server.requests(form)
    assert len(found) <= 1000, f"{len(found)} at once"
    dates = [one["requested_datetime"] for one in found]
    assert dates == sorted(dates, reverse=True), "not sorted by requested_datetime"


@rule("2.request", "one request is a list of exactly that one, an unknown one is 404")
def one_request(server: Server, form: str) -> None:
    number = shown(server)
    one = server.request(form, number)
    assert one["service_request_id"] == number
    assert set(one) == REQUEST_FIELDS, set(one) ^ REQUEST_FIELDS
    assert one == server.requests(form, service_request_id=number)[0]
    assert "service_request_id" in server.get("requests/no-such", form).told(404)


@rule("2.tokens", "an unknown token is 404")
def unknown_token(server: Server, form: str) -> None:
    server.get("tokens/no-such-token", form).errors(404)
