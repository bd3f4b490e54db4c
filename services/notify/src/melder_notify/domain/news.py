"""What there is to tell, before it is known when and in which mail it leaves."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class MailKind(StrEnum):
    """Why a mail leaves. Receipt, question and closing never wait; status mails are folded."""

    RECEIPT = "receipt"
    QUESTION = "question"
    STATUS = "status"
    CLOSING = "closing"


class Topic(StrEnum):
    """What a piece of news is about."""

    ACCEPTED_REPORT = "accepted_report"
    QUESTION = "question"
    CLOSED = "closed"
    STATE = "state"
    RESPONSIBLE = "responsible"
    WORD = "word"
    SEPARATED = "separated"


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news. ``text`` is a body's word to the reporter, never the reporter's own."""

    topic: Topic
    at: datetime
    body: str | None = None
    text: str | None = None
    state: str | None = None
    reopened: bool = False

    def to_facts(self) -> dict[str, Any]:
        """The JSON that a notification row keeps until its text is erased."""
        facts = {
            "topic": self.topic.value,
            "at": self.at.isoformat(),
            "body": self.body,
            "text": self.text,
            "state": self.state,
            "reopened": self.reopened or None,
        }
        return {name: value for name, value in facts.items() if value is not None}

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "News":
        """Read a row's JSON back."""
        return cls(
            topic=Topic(facts["topic"]),
            at=datetime.fromisoformat(facts["at"]),
            body=facts.get("body"),
            text=facts.get("text"),
            state=facts.get("state"),
            reopened=bool(facts.get("reopened")),
        )


class NotificationState(StrEnum):
    """Where a notification is on its way.

    ``held`` waits for the confirmation of the address; ``sending`` has its mail's content fixed, so
    that trying again says the same under the same Message-ID; ``folded`` left in another's mail.
    """

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    FOLDED = "folded"
    FAILED = "failed"
    DROPPED = "dropped"


WAITING = frozenset({NotificationState.QUEUED, NotificationState.HELD, NotificationState.SENDING})


@dataclass(frozen=True, slots=True)
class Notification:
    """One record per (event, recipient, channel, kind); its id makes the Message-ID.

    ``mail_id`` is the notification in whose mail this one leaves, itself or another.
    """

    notification_id: UUID
    contact_id: UUID
    report_id: UUID
    kind: MailKind
    state: NotificationState
    queued_at: datetime
    news: News | None
    mail_id: UUID | None = None
