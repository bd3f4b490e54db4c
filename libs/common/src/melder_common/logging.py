"""JSON logs without personal data: one line per happening, on standard output.

Everything passes ``scrub``: known personal keys are never written, free text is masked and cut, and
exceptions are told by type and place, because their messages may quote what people typed.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

import orjson
import structlog
from pydantic import ValidationError
from structlog.typing import EventDict, Processor, WrappedLogger

from melder_common.database import sqlstate_of
from melder_common.text import mask_personal_data

LONGEST_TEXT = 500
REMOVED = "[removed]"

PERSONAL_KEYS = frozenset(
    {
        "account", "address", "attributes", "authorization", "body", "box", "client", "contact",
        "cookie", "data", "description", "email", "envelope", "first_name", "from", "headers",
        "ip", "lat", "last_name", "lng", "login", "lon", "long", "mail", "message",
        "name", "params", "password", "payload", "phone", "place", "query", "query_string",
        "recipient", "referer", "reply_to", "secret", "sender", "subject", "text", "title", "to",
        "token", "tracking_token", "tracking_url", "upload_token", "uri", "url", "user",
        "user_agent", "username", "value", "values",
    }
)  # fmt: skip
"""Keys whose values are never written, whatever they hold; but ``name`` may name an event."""

OUR_OWN_KEYS = frozenset({"at", "level", "service", "logger", "request_id", "route", "trace_id"})
"""Keys whose values this package has made or checked; they are written as they are."""

_SECRET_LOOKING = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}(?![\w-])")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_IP_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_IPV6_ADDRESS = re.compile(
    r"(?<![\w:])(?:[0-9a-f:]*::[0-9a-f:]*[0-9a-f]|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4})(?![\w:])",
    re.IGNORECASE,
)
_EVENT_NAME = re.compile(r"(?:[a-z]+\.\d+\.)?[a-z_]+\.[a-z_]+\.v\d+")
_QUERY = re.compile(r"\?[^\s\"']+")


def configure_logging(service: str, level: str = "INFO") -> None:
    """Send structlog's and the standard library's records through the same processors."""
    number = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_processors(service), _to_json],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines(_processors(service)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for noisy in ("httpx", "httpcore", "urllib3", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for own in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(own)
        logger.handlers.clear()
        logger.propagate = True


def _processors(service: str) -> list[Processor]:
    def say_who_and_when(_logger: WrappedLogger, level: str, line: EventDict) -> EventDict:
        line.setdefault("level", level)
        line["service"] = service
        line["at"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        return line

    return [say_who_and_when, describe_exceptions, scrub]


class _JsonLines(logging.Formatter):
    """Writes records of the standard library (uvicorn, libraries) as lines like our own."""

    def __init__(self, processors: Sequence[Processor]) -> None:
        super().__init__()
        self._processors = (structlog.contextvars.merge_contextvars, *processors, _to_json)

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line: Any = {"event": record.getMessage(), "logger": record.name}
        line["exc_info"] = record.exc_info
        for processor in self._processors:
            line = processor(None, record.levelname.lower(), line)
        return bytes(line).decode()


def describe_exceptions(_logger: WrappedLogger, _level: str, line: EventDict) -> EventDict:
    """Replace exceptions by type, code and place; their own words are masked and kept short."""
    exc_info = line.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if isinstance(error, BaseException):
        line["error"] = error
        line["traceback"] = _frames(error.__traceback__)
    if isinstance(line.get("error"), BaseException):
        line["error"] = describe_error(line["error"])
    return line


def describe_error(error: BaseException) -> str:
    """An exception chain on one line, without values: ``IntegrityError 23505 < …``."""
    return " < ".join(_describe_one(link) for link in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(5):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _describe_one(error: BaseException) -> str:
    kind = type(error).__name__
    if isinstance(error, ValidationError):
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors()][:5]
        return f"{kind} {', '.join(wrong)}"
    state = sqlstate_of(error)
    if state is not None:
        return f"{kind} {state}"
    first_line = str(error).partition("\n")[0]
    return f"{kind}: {first_line}" if first_line else kind


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-12:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def scrub(_logger: WrappedLogger, _level: str, line: EventDict) -> EventDict:
    """Take personal data and secrets out of a log line."""
    return {key: _scrub_value(key, value) for key, value in line.items()}


def _scrub_value(key: str, value: Any) -> Any:
    if key in PERSONAL_KEYS and not (isinstance(value, str) and _EVENT_NAME.fullmatch(value)):
        return REMOVED
    match value:
        case Enum():
            plain = _scrub_value(key, value.value)
        case bool() | int() | float() | None | UUID():
            plain = value
        case str() if key in OUR_OWN_KEYS:
            plain = value
        case str() | Path():
            plain = scrub_text(str(value))
        case Mapping():
            plain = {str(k): _scrub_value(str(k), v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            plain = [_scrub_value(key, inner) for inner in value]
        case datetime():
            plain = value.isoformat()
        case _:
            plain = type(value).__name__
    return plain


def scrub_text(text: str) -> str:
    """``text`` without mail addresses, phone numbers, IP addresses, query strings and tokens."""
    if _UUID.fullmatch(text) or (text.isascii() and text.replace("_", "").isalpha()):
        return text
    text = _QUERY.sub("?" + REMOVED, text[:LONGEST_TEXT])
    text = _SECRET_LOOKING.sub(_remove_unless_uuid, text)
    text = _IPV6_ADDRESS.sub(REMOVED, _IP_ADDRESS.sub(REMOVED, text))
    return mask_personal_data(text)


def _remove_unless_uuid(found: re.Match[str]) -> str:
    return found.group() if _UUID.fullmatch(found.group()) else REMOVED


def _to_json(_logger: WrappedLogger, _level: str, line: EventDict) -> bytes:
    return orjson.dumps(line, default=repr, option=orjson.OPT_NON_STR_KEYS)
