"""What notify tells the others: what reached people, and what came back from them."""

from datetime import datetime
from uuid import UUID

from melder_common.event_values import ChannelKind
from melder_common.events.event import Event
from melder_common.events.media import AccessGranted


class NotificationSent(Event):
    """A message left for one recipient, whose address is not told.

    Spoken by notify; heard by routing (the desk's mail log).
    """

    NAME = "notification.sent.v1"
    SPEAKER = "notify"
    AGGREGATE = "notification"

    notification_id: UUID
    report_id: UUID
    kind: str
    channel: ChannelKind
    sent_at: datetime


class NotificationFailed(Event):
    """A message could not be delivered for good. Spoken by notify; heard by routing."""

    NAME = "notification.failed.v1"
    SPEAKER = "notify"
    AGGREGATE = "notification"

    notification_id: UUID
    report_id: UUID
    kind: str
    channel: ChannelKind
    reason: str


class ContactConfirmed(Event):
    """The address was confirmed by its owner.

    Spoken by notify; heard by routing (a question can now be asked by mail).
    """

    NAME = "contact.confirmed.v1"
    SPEAKER = "notify"
    AGGREGATE = "contact"

    contact_id: UUID
    report_id: UUID
    channel: ChannelKind


class ReplyReceived(Event):
    """A mail answer came in, without quotes and signature.

    Spoken by notify; heard by intake, which makes it a comment.
    """

    NAME = "reply.received.v1"
    SPEAKER = "notify"
    AGGREGATE = "contact"

    report_id: UUID
    reply_id: UUID
    text: str
    received_at: datetime


class ContactErased(Event):
    """A contact was erased. Spoken by notify; heard by routing (nobody can be asked any more)."""

    NAME = "contact.erased.v1"
    SPEAKER = "notify"
    AGGREGATE = "contact"

    contact_id: UUID
    report_id: UUID


class ContactAccessGranted(AccessGranted):
    """As AccessGranted, for contacts and the mail log. Spoken by notify; heard by routing."""

    NAME = "contact_access.granted.v1"
    SPEAKER = "notify"
    AGGREGATE = "contact"
