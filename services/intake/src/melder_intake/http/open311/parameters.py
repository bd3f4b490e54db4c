"""The parameters of every GET of Open311: one table each, for reading and for OpenAPI alike.

An empty parameter counts as absent; of a repeated one the first counts, lists are joined.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams

from melder_intake.http.open311 import values
from melder_intake.http.open311.errors import Open311Error

MOST_REQUESTS = 1000
EXTENSIONS = ("citysdk", "media", "attributes", "notes")
"""What ``extensions=`` may name; ``true`` means all."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """``told`` and ``schema`` are for OpenAPI; ``also`` are the names other servers gave it."""

    name: str
    told: str
    read: Callable[[str], Any] = str
    default: Any = None
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    also: tuple[str, ...] = ()


def read_query(query: QueryParams, parameters: Iterable[Parameter]) -> Values:
    """Every parameter by its name. Raises Open311Error 400 with all that is wrong."""
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for parameter in parameters:
        text = _given(query, parameter)
        try:
            found[parameter.name] = parameter.read(text) if text else parameter.default
        except values.ValueRefused as refused:
            wrong.append(f"{parameter.name}: {refused}")
    if wrong:
        raise Open311Error(400, *wrong)
    return found


def _given(query: QueryParams, parameter: Parameter) -> str:
    names = (parameter.name, f"{parameter.name}[]", *parameter.also)
    given = [text.strip() for name in names for text in query.getlist(name) if text.strip()]
    is_list = parameter.schema.get("type") == "array"
    return ",".join(given) if is_list else next(iter(given), "")


def _extensions(text: str) -> frozenset[str]:
    """Words nobody knows ask for nothing: every server has extensions of its own."""
    named = frozenset(word.lower() for word in values.words(text))
    return frozenset(EXTENSIONS) if "true" in named else named & set(EXTENSIONS)


def _agencies(text: str) -> tuple[str, ...]:
    """FixMyStreet separates with ``|``, because names of bodies may hold commas."""
    return tuple(word for part in text.split("|") if (word := part.strip()))


_LIST = {"type": "array", "items": {"type": "string"}}
_MOMENT = {"type": "string", "format": "date-time"}
_FLAG = {"type": "boolean", "default": False}


def _whole(least: int, most: int, default: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most, "default": default}


JURISDICTION = Parameter(
    "jurisdiction_id",
    "The region (also when absent), or one body by its slug or official key (AGS, Kreis, Amt).",
)
LOCALE = Parameter("locale", "Language of names and sentences (BCP 47); German when unknown.",
                   default="de")  # fmt: skip
LAT = Parameter("lat", "Latitude, WGS 84; together with long.", values.degrees_north,
                schema={"type": "number"})  # fmt: skip
LONG = Parameter("long", "Longitude, WGS 84.", values.degrees_east,
                 schema={"type": "number"}, also=("lon", "lng"))  # fmt: skip

DISCOVERY = (JURISDICTION,)
SERVICES = (JURISDICTION, LOCALE, LAT, LONG)
DEFINITION = (JURISDICTION, LOCALE)
ONE_REQUEST = (
    JURISDICTION,
    LOCALE,
    Parameter(
        "extensions",
        "true for all, or some of citysdk, media (extended_attributes), attributes, notes.",
        _extensions,
        frozenset(),
        _LIST,
    ),
)
REQUESTS = (
    *ONE_REQUEST,
    Parameter("service_request_id", "Numbers with commas; overrides all other filters.",
              values.words, (), _LIST),
    Parameter("service_code", "Codes with commas.", values.words, (), _LIST),
    Parameter("status", "open, closed or both.", values.some_of("open", "closed"),
              frozenset(), {"type": "array", "items": {"enum": ["open", "closed"]}}),
    Parameter("start_date", "Earliest requested_datetime; at most 90 days before end_date.",
              values.moment, schema=_MOMENT),
    Parameter("end_date", "Latest requested_datetime.", values.moment, schema=_MOMENT),
    Parameter("updated_after", "Earliest updated_datetime; lifts the default of 90 days.",
              values.moment, schema=_MOMENT),
    Parameter("updated_before", "Latest updated_datetime.", values.moment, schema=_MOMENT),
    Parameter("page_size", f"Reports on a page, 1 to {MOST_REQUESTS}.",
              values.whole(1, MOST_REQUESTS), MOST_REQUESTS, _whole(1, MOST_REQUESTS, 1000),
              ("max_requests",)),
    Parameter("page", "The page, from 1 on; the last one is shorter than page_size.",
              values.whole(1, 100_000), 1, _whole(1, 100_000, 1)),
    Parameter("sort", "Order; a minus sign means the newest first.",
              values.one_of("requested_datetime", "-requested_datetime",
                            "updated_datetime", "-updated_datetime"),
              "-requested_datetime",
              {"enum": ["requested_datetime", "-requested_datetime",
                        "updated_datetime", "-updated_datetime"],
               "default": "-requested_datetime"}, ("order_by",)),
    Parameter("q", "Words in released descriptions.", values.line, also=("search",)),
    Parameter("bbox", "west,south,east,north in degrees; public places only.", values.box),
    LAT,
    LONG,
    Parameter("radius", "Metres around lat and long; public places only.", values.metres, 500.0,
              {"type": "number", "default": 500}),
    Parameter("agency_responsible", "Bodies by name, slug or key, separated by |.",
              _agencies, ()),
    Parameter("service_object_type", "Kind of an object; together with service_object_id.",
              values.line),
    Parameter("service_object_id", "Number on an object such as a lamp.", values.line),
    Parameter("has_photo", "Only reports with a released photo.", values.flag, False, _FLAG,
              ("with_picture",)),
)  # fmt: skip
