"""Which lines of which log say that something is wrong."""

import json
import re
from collections.abc import Mapping

BAD_LEVELS = {"warning", "warn", "error", "critical", "fatal", "panic"}

_PLAIN = re.compile(r"\b(ERROR|FATAL|PANIC|WARNING|CRITICAL|Traceback|panic:)|\[(ERR|WRN|FTL)\]")
_GLOG = re.compile(r"^[EF]\d{4} ")

TOLERATED: Mapping[str, re.Pattern[str]] = {
    # The passwords are 64 random digits, in a file that only NATS can read.
    "nats": re.compile(r"Plaintext passwords detected"),
    # Caddy says at every start what we have chosen: no HTTP/2 and 3 without TLS, no admin endpoint.
    "gateway": re.compile(r"HTTP/[23] skipped because it requires TLS|admin endpoint disabled"),
}


def find_trouble(service: str, log: str) -> list[str]:
    """The lines of a log that are warnings or worse, without those that are known and harmless."""
    return [
        f"{service}: {line[:300]}"
        for line in log.splitlines()
        if is_trouble(line) and not is_tolerated(service, line)
    ]


def is_trouble(line: str) -> bool:
    """JSON by its level; other lines by the words that PostgreSQL, NATS and SeaweedFS use."""
    if line.startswith("{"):
        try:
            return str(json.loads(line).get("level", "")).lower() in BAD_LEVELS
        except ValueError:
            return True
    return bool(_PLAIN.search(line) or _GLOG.match(line))


def is_tolerated(service: str, line: str) -> bool:
    """Whether a line is known."""
    known = TOLERATED.get(service)
    return bool(known and known.search(line))
