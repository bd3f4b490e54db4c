"""Tables of cases that lie with bodies reached by Open311 (migrations 0011, 0014).

No text of a citizen lies here: what leaves is read anew from the case each time.
"""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from melder_routing.store.metadata import METADATA, SCHEMA

_MOMENT = DateTime(timezone=True)

open311_endpoint = Table(
    "open311_endpoint",
    METADATA,
    Column("body", Text, ForeignKey(f"{SCHEMA}.body.slug"), primary_key=True),
    Column("entry", JSONB, nullable=False),
    Column("heard_until", _MOMENT),
    Column("looked_wide_at", _MOMENT),
    Column("answered_at", _MOMENT),
    Column("failing_since", _MOMENT),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Column("paused_until", _MOMENT),
    Column("removed_at", _MOMENT),
)

outside_case = Table(
    "outside_case",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey(f"{SCHEMA}.case.id"), nullable=False),
    Column("body", Text, ForeignKey(f"{SCHEMA}.body.slug"), nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("noted_at", _MOMENT, nullable=False),
    Column("arrivals", Integer, nullable=False, server_default="1"),
    Column("asked", Boolean, nullable=False, server_default="false"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("with_text", Boolean),
    Column("with_photos", ARRAY(Uuid), nullable=False, server_default="{}"),
    Column("token", Text),
    Column("remote_id", Text),
    Column("sent_at", _MOMENT),
    Column("remote_status", Text),
    Column("remote_at", _MOMENT),
    Column("heard_at", _MOMENT),
    Column("error", Text),
    Column("error_words", Text),
    Column("failing_since", _MOMENT),
    Column("next_at", _MOMENT),
)
"""``id`` is the Idempotency-Key for good; ``arrivals`` counts how often the case came to this body;
``with_text`` and ``with_photos`` are what the first
attempt carried, so that a repeated one carries the same."""

outside_told = Table(
    "outside_told",
    METADATA,
    Column("outside_id", Uuid, ForeignKey(f"{SCHEMA}.outside_case.id"), primary_key=True),
    Column("what", Text, primary_key=True),
    Column("at", _MOMENT, nullable=False),
    Column("done", Boolean, nullable=False, server_default="true"),
)

"""``at`` is when it was said first, ``done`` whether that is known to have arrived."""

outside_heard = Table(
    "outside_heard",
    METADATA,
    Column("outside_id", Uuid, ForeignKey(f"{SCHEMA}.outside_case.id"), primary_key=True),
    Column("update_id", Text, primary_key=True),
    Column("at", _MOMENT, nullable=False),
)
