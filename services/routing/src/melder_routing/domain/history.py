"""The history of a case: what happened, never what was written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class HistoryKind(StrEnum):
    """What can happen to a case. Texts and photos are referred to by id."""

    OPENED = "opened"
    STATE = "state"
    RELOCATED = "relocated"
    RECATEGORISED = "recategorised"
    REROUTED = "rerouted"
    TAKEN_OVER = "taken_over"
    SUCCEEDED = "succeeded"
    CLAIMED = "claimed"
    GIVEN_BACK = "given_back"
    MESSAGE = "message"
    TEXT_RELEASED = "text_released"
    TEXT_REDACTED = "text_redacted"
    TEXT_HIDDEN = "text_hidden"
    PHOTO_RELEASE_ASKED = "photo_release_asked"
    PHOTO_HIDE_ASKED = "photo_hide_asked"
    PHOTO_READY = "photo_ready"
    PHOTO_REJECTED = "photo_rejected"
    PHOTO_RELEASED = "photo_released"
    PHOTO_REDACTED = "photo_redacted"
    PHOTO_DELETED = "photo_deleted"
    COMMENT = "comment"
    FEEDBACK = "feedback"
    REOPEN_REQUESTED = "reopen_requested"
    SUPPORTED = "supported"
    TRACKING_OPENED = "tracking_opened"
    CONTACT_CONFIRMED = "contact_confirmed"
    CONTACT_ERASED = "contact_erased"
    ERASED = "erased"
    SENT_OUTSIDE = "sent_outside"
    NUMBERED_OUTSIDE = "numbered_outside"
    REFUSED_OUTSIDE = "refused_outside"
    HEARD_OUTSIDE = "heard_outside"
    ASKED_OUTSIDE = "asked_outside"
    LINK_ISSUED = "link_issued"
    LINK_SENT = "link_sent"
    LINK_FAILED = "link_failed"
    LINK_UNANSWERED = "link_unanswered"


MOVES = frozenset({HistoryKind.REROUTED, HistoryKind.TAKEN_OVER, HistoryKind.SUCCEEDED})
"""What brings a case to another body; its codes ``from`` and ``to`` are slugs of bodies."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of a case's history.

    ``body`` (slug) and ``clerk_id`` are empty for reporters, timers and services; ``version`` is
    the case's version after it, where it changed one; ``codes`` are states,
    reasons and counts, never text of people.
    """

    kind: HistoryKind
    body: str | None = None
    clerk_id: UUID | None = None
    version: int | None = None
    refers_to: UUID | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
