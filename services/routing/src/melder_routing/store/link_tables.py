"""Tables of bodies reached by links to their cases (migration 0015).

No link and no token lies here: both follow from the id, the generation and a key in a file.
"""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, Table, Text, Uuid

from melder_routing.store.metadata import METADATA, SCHEMA

_MOMENT = DateTime(timezone=True)

link_receiver = Table(
    "link_receiver",
    METADATA,
    Column("body", Text, ForeignKey(f"{SCHEMA}.body.slug"), primary_key=True),
    Column("email", Text, nullable=False),
    Column("send", Text, nullable=False),
    Column("longest_wait_hours", Integer, nullable=False),
    Column("remind_after", Integer, nullable=False),
    Column("their_texts", Text, nullable=False),
    Column("removed_at", _MOMENT),
)
"""As the region file declares them. The desk's role may not read ``email``."""

case_link = Table(
    "case_link",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey(f"{SCHEMA}.case.id"), nullable=False),
    Column("body", Text, ForeignKey(f"{SCHEMA}.body.slug"), nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("noted_at", _MOMENT, nullable=False),
    Column("arrivals", Integer, nullable=False, server_default="1"),
    Column("asked", Boolean, nullable=False, server_default="false"),
    Column("generation", Integer, nullable=False, server_default="1"),
    Column("mails", Integer, nullable=False, server_default="0"),
    Column("mail_id", Uuid),
    Column("issued_at", _MOMENT),
    Column("sent_at", _MOMENT),
    Column("reminders", Integer, nullable=False, server_default="0"),
    Column("answer", Text),
    Column("answered_at", _MOMENT),
    Column("error", Text),
)
"""``generation`` counts the links of a case to a body, of which the latest counts; ``mails`` all
mails with any of them, ``mail_id`` names the latest; ``answer`` is the last word of the body (a
status as in ``domain/remote_status.py``)."""
