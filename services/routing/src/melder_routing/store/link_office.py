"""Writes the sealed part of an event with a link: only notify can read address and link."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from melder_common.event_values import Place, SealedEnvelope
from melder_common.sealing import SealingKeys
from melder_common.text import mask_personal_data
from melder_routing.domain.case_link import CaseLink
from melder_routing.domain.link_tokens import LinkKey

PATH = "/fall"
"""Where the pages behind links begin."""


@dataclass(frozen=True, slots=True)
class LinkOffice:
    """The key of links, notify's public keys, and the public address that links begin with."""

    key: LinkKey
    sealing: SealingKeys
    origin: str

    def seal_letter(
        self, link: CaseLink, email: str, place: Place | None, at: datetime
    ) -> SealedEnvelope:
        """Mailbox and link, closed; the place only where it may be told by mail."""
        letter = {
            "email": email,
            "url": f"{self.origin}{PATH}/{self.key.issue(link.id, link.generation)}",
            "lat": place.lat if place else None,
            "long": place.long if place else None,
            "address": mask_personal_data(place.address) if place and place.address else None,
        }
        return self.sealing.seal(orjson.dumps(letter), at)
