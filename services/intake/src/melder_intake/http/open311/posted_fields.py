"""The fields of the POSTs of Open311, for OpenAPI.

``posts`` and ``update_posts`` read them.
"""

from typing import Any

_TEXT = {"type": "string"}
_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}}

POSTED: dict[str, Any] = {
    "type": "object",
    "required": ["service_code"],
    "properties": {
        "api_key": _TEXT | {"description": "Also taken from the query or the header X-API-Key."},
        "jurisdiction_id": _TEXT | {"description": "May be absent: the place decides."},
        "service_code": _TEXT,
        "lat": {"type": "number", "description": "WGS 84; together with long."},
        "long": {"type": "number"},
        "address_string": _TEXT | {"maxLength": 200, "description": "Beside lat and long."},
        "address_id": _TEXT | {"maxLength": 100},
        "attribute[CODE]": _TEXT | {
            "description": "Answer to a question; repeated, or with [] behind it, for several.",
        },
        "title": _TEXT | {"maxLength": 200},
        "description": _TEXT | {"maxLength": 4000},
        "email": _TEXT | {"format": "email"},
        "first_name": _TEXT,
        "last_name": _TEXT,
        "phone": _TEXT,
        "account_id": _TEXT,
        "device_id": _TEXT | {"description": "Not stored."},
        "media_url": _TEXT | {"description": "Kept as text, never fetched; may be repeated."},
        "media": _FILES | {
            "description": "Photos, under any name in multipart/form-data; a text is Base64.",
        },
        "service_object_type": _TEXT | {"description": "Together with service_object_id."},
        "service_object_id": _TEXT,
        "locale": _TEXT,
    },
}  # fmt: skip

POSTED_UPDATE: dict[str, Any] = {
    "type": "object",
    "required": ["service_request_id", "update_id", "updated_datetime"],
    "properties": {
        "api_key": POSTED["properties"]["api_key"],
        "jurisdiction_id": _TEXT,
        "service_request_id": _TEXT,
        "update_id": _TEXT | {"description": "The sender's; the same one is taken once."},
        "updated_datetime": _TEXT | {"format": "date-time"},
        "status": _TEXT | {"description": "In capitals, as FixMyStreet writes it."},
        "description": _TEXT | {"maxLength": 4000, "description": "Needed without a photo."},
        "media_url": POSTED["properties"]["media_url"],
        "media": POSTED["properties"]["media"],
    },
}  # fmt: skip
