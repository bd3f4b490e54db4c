"""What a mail's row keeps of the event with the link: everything of it that is no secret."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from melder_common.event_values import BodyRef, CategoryRef, Translated
from melder_common.events import CaseLinkIssued


class LinkFacts(BaseModel):
    """As in ``CaseLinkIssued``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: str
    occasion: str
    body: BodyRef
    language: str
    responsible: BodyRef | None
    category: CategoryRef
    municipality: str | None
    hazard: bool
    due_at: datetime
    ask: BodyRef
    ask_contact: Translated

    @classmethod
    def of_event(cls, event: CaseLinkIssued) -> "LinkFacts":
        """The event without its letter and its ids."""
        return cls(**{name: getattr(event, name) for name in cls.model_fields})
