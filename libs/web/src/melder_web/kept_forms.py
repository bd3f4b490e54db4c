"""A form that was sent and could not be taken: kept for the page that says so.

Pages that nobody else may see are sent with ``no-store``, and with it a browser's way back loses
what was typed. So the page of the problem brings it along, with nothing but the request at hand.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

MOST_FIELDS, LONGEST_VALUE = 30, 10_000
SEND_AGAIN = frozenset({429, 500, 503})
"""Statuses after which the very same form may succeed; after others its texts can be copied."""


@dataclass(frozen=True)
class KeptForm:
    """What was sent to ``action``: ``texts`` that somebody wrote, and the other fields by name."""

    action: str
    texts: Mapping[str, str] = field(repr=False)
    others: Mapping[str, str] = field(repr=False)


def keep_form(request: Request, sent: Mapping[str, object], *, texts: Collection[str]) -> None:
    """Keep ``sent`` with the request; ``texts`` names the fields that people write into."""
    plain = {
        name: value[:LONGEST_VALUE].encode("utf-8", "ignore").decode()
        for name, value in list(sent.items())[:MOST_FIELDS]
        if isinstance(value, str)
    }
    request.state.kept_form = KeptForm(
        request.url.path,
        {name: value for name, value in plain.items() if name in texts and value.strip()},
        {name: value for name, value in plain.items() if name not in texts},
    )


def find_kept_form(request: Request) -> KeptForm | None:
    """The form that was kept, if somebody wrote anything into it."""
    kept: KeptForm | None = getattr(request.state, "kept_form", None)
    return kept if kept is not None and kept.texts else None
