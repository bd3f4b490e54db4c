"""Open311 as OpenAPI tells it: parameters from their tables, answers in both formats, errors.

FastAPI sees only a request and an answer here, so it would tell of a 422 that never comes.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import Path

from melder_intake.http.open311.documents import ITEMS
from melder_intake.http.open311.parameters import Parameter

Form = Annotated[str, Path(description="xml or json", json_schema_extra={"enum": ["xml", "json"]})]
"""The format, at the end of every address. Another one is answered with 404, not with 422."""

Schema = Mapping[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NOTHING: Schema = {"type": ["string", "null"]}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_MOMENT_OR_NOTHING: Schema = {"type": ["string", "null"], "format": "date-time"}
_NUMBER_OR_NOTHING: Schema = {"type": ["number", "null"]}
_YES_OR_NO: Schema = {"type": "boolean"}


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def _list(name: str, item: Schema) -> Schema:
    return {
        "type": "array",
        "items": {**item, "xml": {"name": ITEMS[name]}},
        "xml": {"name": name, "wrapped": True},
    }


ENDPOINT = _object(
    {
        "specification": _TEXT, "url": _TEXT, "changeset": _MOMENT,
        "type": {"enum": ["production", "test"]}, "formats": _list("formats", _TEXT),
    }
)  # fmt: skip
DISCOVERY = _object(
    {
        "changeset": _MOMENT, "contact": _TEXT, "key_service": _TEXT,
        "endpoints": _list("endpoints", ENDPOINT),
    }
)  # fmt: skip
SERVICE = _object(
    {
        "service_code": _TEXT, "service_name": _TEXT, "description": _TEXT_OR_NOTHING,
        "metadata": _YES_OR_NO, "type": {"enum": ["realtime", "batch", "blackbox"]},
        "keywords": _TEXT_OR_NOTHING, "group": _TEXT_OR_NOTHING,
    },
    {"agency_responsible": _TEXT_OR_NOTHING},
)  # fmt: skip
ATTRIBUTE = _object(
    {
        "variable": _YES_OR_NO, "code": _TEXT,
        "datatype": {"enum": ["string", "number", "datetime", "text", "singlevaluelist",
                              "multivaluelist"]},
        "required": _YES_OR_NO, "datatype_description": _TEXT_OR_NOTHING,
        "order": {"type": "integer", "minimum": 1}, "description": _TEXT,
        "values": _list("values", _object({"key": _TEXT, "name": _TEXT})),
    }
)  # fmt: skip
DEFINITION = _object({"service_code": _TEXT, "attributes": _list("attributes", ATTRIBUTE)})
REQUEST = _object(
    {
        "service_request_id": _TEXT, "status": {"enum": ["open", "closed"]},
        "status_notes": _TEXT_OR_NOTHING, "service_name": _TEXT, "service_code": _TEXT,
        "description": _TEXT_OR_NOTHING, "agency_responsible": _TEXT_OR_NOTHING,
        "service_notice": _TEXT_OR_NOTHING, "requested_datetime": _MOMENT,
        "updated_datetime": _MOMENT, "expected_datetime": _MOMENT_OR_NOTHING,
        "address": _TEXT_OR_NOTHING, "address_id": _TEXT_OR_NOTHING,
        "zipcode": _TEXT_OR_NOTHING, "lat": _NUMBER_OR_NOTHING, "long": _NUMBER_OR_NOTHING,
        "media_url": _TEXT_OR_NOTHING,
    },
    {
        "extended_attributes": _object({}, {
            "service_object_type": _TEXT_OR_NOTHING, "service_object_id": _TEXT_OR_NOTHING,
            "detailed_status": {"enum": ["RECEIVED", "IN_PROCESS", "PROCESSED", "REJECTED"]},
            "title": _TEXT_OR_NOTHING, "media_urls": _list("media_urls", _TEXT),
        }),
        "attributes": _list("attributes", _object(
            {"label": _TEXT, "name": _TEXT, "value": _TEXT, "code": _TEXT}
        )),
        "notes": _list("notes", _object(
            {"datetime": _MOMENT, "description": _TEXT, "type": _TEXT}
        )),
    },
)  # fmt: skip
ACCEPTED = _object(
    {
        "service_notice": _TEXT, "account_id": _TEXT_OR_NOTHING,
    },
    {"service_request_id": _TEXT, "token": _TEXT},
)  # fmt: skip
UPDATE = _object(
    {
        "update_id": _TEXT, "service_request_id": _TEXT, "status": _TEXT,
        "updated_datetime": _MOMENT, "description": _TEXT, "media_url": _TEXT_OR_NOTHING,
    }
)  # fmt: skip
SERVICES, REQUESTS = _list("services", SERVICE), _list("service_requests", REQUEST)
ACCEPTEDS = _list("service_requests", ACCEPTED)
TOKENS = _list("service_requests", _object({"token": _TEXT}, {"service_request_id": _TEXT}))
UPDATES = _list("service_request_updates", UPDATE)
UPDATES_TAKEN = _list("service_request_updates", _object({"update_id": _TEXT}))
_ERRORS = _list("errors", _object({"code": _TEXT, "description": _TEXT}))


def described(
    root: str, answer: Schema, parameters: Iterable[Parameter] = (), posts: Schema | None = None
) -> dict[str, Any]:
    """What a route is told beside its address. ``root``: the outer element in XML."""
    extra: dict[str, Any] = {"parameters": [_parameter(one) for one in parameters]}
    if posts is not None:
        kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
        content = {kind: {"schema": posts} for kind in kinds}
        extra["requestBody"] = {"required": True, "content": content}
    return {
        "openapi_extra": extra,
        "responses": {
            200: {"description": "The answer, in the format asked for.",
                  "content": _both(root, answer)},
            "4XX": {"description": "400 what was sent is wrong, 403 the key, 404 no such service, "
                    "report, jurisdiction or format, 429 too often.",
                    "content": _both("errors", _ERRORS)},
            503: {"description": "For a moment; Retry-After says how long.",
                  "content": _both("errors", _ERRORS)},
        },
    }  # fmt: skip


def _both(root: str, schema: Schema) -> dict[str, Any]:
    in_xml = {**schema, "xml": {**schema.get("xml", {}), "name": root}}
    return {"application/json": {"schema": schema}, "text/xml": {"schema": in_xml}}


def _parameter(one: Parameter) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": one.name, "in": "query", "required": False, "description": one.told,
        "schema": dict(one.schema),
    }  # fmt: skip
    if one.schema.get("type") == "array":
        told |= {"style": "form", "explode": False}
    return told
