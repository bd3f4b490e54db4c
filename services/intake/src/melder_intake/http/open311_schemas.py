"""The documents of GeoReport v2 as JSON Schema, for OpenAPI; XML has the same content."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
FLAG: Schema = {"type": "boolean"}
NOTHING: Schema = {"type": "null"}


def record(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def listed(items: Schema) -> Schema:
    """A container: a list, whatever it holds."""
    return {"type": "array", "items": items}


def one_of(*words: str) -> Schema:
    """A text out of a closed list."""
    return {"type": "string", "enum": list(words)}


ERRORS = {**listed(record({"code": TEXT, "description": TEXT})), "minItems": 1}

ENDPOINT = record(
    {
        "specification": TEXT,
        "url": TEXT,
        "changeset": MOMENT,
        "type": one_of("production", "test"),
        "formats": listed(one_of("text/xml", "application/json")),
    }
)
DISCOVERY = record(
    {"changeset": MOMENT, "contact": TEXT, "key_service": TEXT, "endpoints": listed(ENDPOINT)}
)
SERVICE = record(
    {
        "service_code": TEXT,
        "service_name": TEXT,
        "description": TEXT_OR_NULL,
        "metadata": FLAG,
        "type": one_of("realtime", "batch", "blackbox"),
        "keywords": TEXT_OR_NULL,
        "group": TEXT_OR_NULL,
    }
)
ATTRIBUTE = record(
    {
        "variable": FLAG,
        "code": TEXT,
        "datatype": one_of(
            "string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"
        ),
        "required": FLAG,
        "datatype_description": TEXT_OR_NULL,
        "order": {"type": "integer", "minimum": 1},
        "description": TEXT,
        "values": listed(record({"key": TEXT, "name": TEXT})),
    }
)
DEFINITION = record({"service_code": TEXT, "attributes": listed(ATTRIBUTE)})
EXTENDED = record(
    {},
    {
        "service_object_type": TEXT_OR_NULL,
        "service_object_id": TEXT_OR_NULL,
        "detailed_status": one_of("RECEIVED", "IN_PROCESS", "PROCESSED", "REJECTED"),
        "title": TEXT_OR_NULL,
        "media_urls": listed(TEXT),
    },
)
REQUEST = record(
    {
        "service_request_id": TEXT,
        "status": one_of("open", "closed"),
        "status_notes": TEXT_OR_NULL,
        "service_name": TEXT,
        "service_code": TEXT,
        "description": TEXT_OR_NULL,
        "agency_responsible": TEXT_OR_NULL,
        "service_notice": TEXT_OR_NULL,
        "requested_datetime": MOMENT,
        "updated_datetime": MOMENT,
        "expected_datetime": MOMENT_OR_NULL,
        "address": TEXT_OR_NULL,
        "address_id": NOTHING,
        "zipcode": NOTHING,
        "lat": NUMBER_OR_NULL,
        "long": NUMBER_OR_NULL,
        "media_url": TEXT_OR_NULL,
    },
    {
        "extended_attributes": EXTENDED,
        "attributes": listed(record({"label": TEXT, "name": TEXT, "value": TEXT, "code": TEXT})),
        "notes": listed(record({"datetime": MOMENT, "description": TEXT, "type": TEXT})),
    },
)
ACCEPTED = record(
    {"service_notice": TEXT, "account_id": TEXT_OR_NULL},
    {"service_request_id": TEXT_OR_NULL, "token": TEXT},
)
TOKEN = record({"token": TEXT}, {"service_request_id": TEXT})
UPDATE = record(
    {
        "update_id": TEXT,
        "service_request_id": TEXT,
        "status": TEXT,
        "updated_datetime": MOMENT,
        "description": TEXT,
        "media_url": TEXT_OR_NULL,
    }
)
TAKEN = record({"update_id": TEXT})
