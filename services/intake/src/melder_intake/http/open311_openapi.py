"""What OpenAPI says of every address below ``/open311``: parameters, forms, answers, errors.

One table; a route that is missing in it stops the start.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from melder_intake.http import open311_parameters as parameters
from melder_intake.http import open311_schemas as schemas
from melder_intake.http.open311_parameters import Parameter
from melder_intake.http.open311_schemas import MOMENT, TEXT, Schema, listed
from melder_intake.http.open311_update_window import UPDATES

FILES: Schema = {"type": "array", "items": {"type": "string", "format": "binary"}}
COORDINATE: Schema = {"type": "number"}
KEY = {"api_key": TEXT}
POSTED_REQUEST = {
    "jurisdiction_id": TEXT, "service_code": TEXT, "lat": COORDINATE, "long": COORDINATE,
    "address_string": TEXT, "description": {"type": "string", "maxLength": 4000}, "email": TEXT,
    "phone": TEXT, "first_name": TEXT, "last_name": TEXT, "account_id": TEXT, "device_id": TEXT,
    "media_url": TEXT, "title": TEXT, "media": FILES,
}  # fmt: skip
POSTED_UPDATE = {
    "jurisdiction_id": TEXT, "service_request_id": TEXT, "update_id": TEXT,
    "updated_datetime": MOMENT, "status": TEXT,
    "description": {"type": "string", "maxLength": 4000}, "media_url": TEXT, "media": FILES,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Described:
    """``answer``: the JSON of a good answer; ``form``: the fields of a post."""

    answer: Schema
    parameters: Iterable[Parameter] = ()
    form: Mapping[str, Schema] | None = None
    required: tuple[str, ...] = ()


TABLE: Mapping[tuple[str, str], Described] = {
    ("GET", "discovery"): Described(schemas.DISCOVERY, parameters.DISCOVERY),
    ("GET", "services"): Described(listed(schemas.SERVICE), parameters.SERVICES),
    ("GET", "services/{code}"): Described(schemas.DEFINITION, parameters.DEFINITION),
    ("GET", "requests"): Described(listed(schemas.REQUEST), parameters.REQUESTS),
    ("GET", "requests/{number}"): Described(listed(schemas.REQUEST), parameters.ONE_REQUEST),
    ("GET", "tokens/{token}"): Described(listed(schemas.TOKEN), parameters.DISCOVERY),
    ("GET", "servicerequestupdates"): Described(listed(schemas.UPDATE), UPDATES),
    ("POST", "requests"): Described(
        listed(schemas.ACCEPTED), (), POSTED_REQUEST, ("service_code", "lat", "long")
    ),
    ("POST", "servicerequestupdates"): Described(
        listed(schemas.TAKEN), (), POSTED_UPDATE,
        ("service_request_id", "update_id", "updated_datetime", "status"),
    ),
}  # fmt: skip


def describe(router: APIRouter) -> APIRouter:
    """Write the table into the routes. Raises KeyError for a route that is not in it."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            resource = route.path.removeprefix("/").removeprefix("v2/").removesuffix(".{form}")
            method = next(iter(route.methods or ()))
            described = TABLE[method, resource]
            route.openapi_extra = _operation(described)
            route.responses = {
                200: _answer("As JSON; XML has the same content.", described.answer),
                "4XX": _answer("What is wrong, each named by its parameter.", schemas.ERRORS),
                503: _answer("Starting, or the database is away.", schemas.ERRORS),
            }
    return router


def _answer(told: str, schema: Schema) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}, "text/xml": {"schema": TEXT}}
    return {"description": told, "content": content}


def _operation(described: Described) -> dict[str, Any]:
    operation: dict[str, Any] = {"parameters": [_parameter(one) for one in described.parameters]}
    if described.form is not None:
        form = {
            "type": "object",
            "properties": {**KEY, **described.form},
            "required": [*KEY, *described.required],
        }
        kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
        operation["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": form} for kind in kinds},
        }
    return operation


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described = {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.told,
        "schema": dict(parameter.schema),
    }
    if parameter.schema.get("type") == "array":
        described |= {"style": "form", "explode": False}
    return described
