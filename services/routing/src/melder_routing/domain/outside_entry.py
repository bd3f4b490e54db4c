"""What bodies with no desk have in common, whichever way their cases reach them."""

from typing import Annotated, Literal

from pydantic import Field

from melder_routing.domain.region_entry import Entry

Sending = Literal["at_once", "after_review", "by_hand"]
"""When a case leaves; ``by_hand`` is: when a clerk says so."""


class OutsideEntry(Entry):
    """How cases get to a body outside, and what becomes of its words.

    ``send``: at once, after the review of text and photos (at most ``longest_wait_hours``), or only
    when a clerk says so. ``their_texts``: whether what the other side writes is public at once
    (masked), or held for a clerk.
    """

    send: Sending | None = None
    longest_wait_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 48
    their_texts: Literal["public", "held"] = "public"

    @property
    def sends(self) -> Sending:
        """When a case leaves."""
        return self.send or "at_once"

    @property
    def waits_for_photos(self) -> bool:
        """Whether a review of photos is waited for, too."""
        return True
