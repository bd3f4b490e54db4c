"""Section 4: what this system promises beyond the specification."""

import json
from uuid import uuid4

from .checks_common import needs_key
from .rules import rule
from .server import Server

SECRETS = {
    "first_name": "Annegret",
    "last_name": "Geheimrath",
    "email": "annegret@geheim.example",
    "phone": "0381 9988776",
    "device_id": "geraet-4711",
    "account_id": "konto-0815",
    "media_url": "https://geheim.example/bild.jpg",
}


@rule("4.once", "an Idempotency-Key makes a repeated post the same report")
def idempotency_key(server: Server, form: str) -> None:
    needs_key(server)
    key = {"Idempotency-Key": uuid4().hex}
    first, again = (server.post(form, headers=key).data() for _ in range(2))
    assert first == again, f"{first} and then {again}"
    told = server.post(form, {"description": "anders"}, headers=key).told(400)
    assert "Idempotency-Key" in told, told
    assert server.report(form) != server.report(form), "two equal posts became one report"


@rule("4.key", "the key may stand in a header")
def key_in_header(server: Server, form: str) -> None:
    needs_key(server)
    for name in ("X-API-Key", "Api-Key"):
        headers = {name: server.target.api_key}
        server.post(form, without=("api_key",), headers=headers).data()


@rule("4.private", "what reporters say about themselves is never returned")
def private(server: Server, form: str) -> None:
    needs_key(server)
    number = server.report(form, **SECRETS)
    server.wait_for(number, "description")
    for resource in (f"requests/{number}", "requests"):
        answer = server.get(resource, form, extensions="true", service_request_id=number)
        told = json.dumps(answer.data(), ensure_ascii=False)
        for name, secret in SECRETS.items():
            assert secret not in told, f"{name} stands in {resource}"


@rule("4.place", "a place that cannot be served is refused with the reason")
def refused_places(server: Server, form: str) -> None:
    needs_key(server)
    here = server.target
    swapped = {"lat": str(here.long), "long": str(here.lat)}
    for place in ({"lat": "0", "long": "0"}, {"lat": "52.52", "long": "13.405"}, swapped):
        told = server.post(form, place).told(400)
        assert "lat" in told, told
        assert len(told) > 30, f"no reason: {told}"


@rule("4.services", "with coordinates only what can be reported there is listed")
def services_by_place(server: Server, form: str) -> None:
    everything = {one["service_code"] for one in server.services(form)}
    here = server.get("services", form, lat=server.target.lat, long=server.target.long).data()
    codes = {one["service_code"] for one in here}
    assert server.target.service in codes, f"{server.target.service} is missing"
    assert codes <= everything, codes - everything


@rule("4.jurisdiction", "a post for one body is routed by its place all the same")
def jurisdiction_of_a_body(server: Server, form: str) -> None:
    needs_key(server)
    if server.target.jurisdiction:
        (said,) = server.post(form, {"jurisdiction_id": server.target.jurisdiction}).data()
        assert said["service_request_id"]
