"""Links to one case for one body: what stands in their address, made anew each time, never kept."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from uuid import UUID

from melder_common.tokens import TOKEN_LENGTH, equal, hmac_token

_PURPOSE = "routing.case_link"
_TEXT = re.compile(rf"([A-Za-z0-9_-]{{22}})\.([A-Za-z0-9_-]{{{TOKEN_LENGTH}}})")


@dataclass(frozen=True, slots=True)
class LinkText:
    """A link's last part, taken apart: whose it says it is, and its proof."""

    link_id: UUID
    mac: str


@dataclass(frozen=True, slots=True)
class LinkKey:
    """Makes and checks the secret part of links; each generation of a link has its own."""

    key: bytes = field(repr=False)

    def issue(self, link_id: UUID, generation: int) -> str:
        """What stands in the address after ``/fall/``: the same every time."""
        packed = urlsafe_b64encode(link_id.bytes).decode().rstrip("=")
        return f"{packed}.{self._mac(link_id, generation)}"

    def fits(self, text: LinkText, generation: int) -> bool:
        """Whether the proof is the one of this generation."""
        return equal(text.mac, self._mac(text.link_id, generation))

    def _mac(self, link_id: UUID, generation: int) -> str:
        return hmac_token(self.key, _PURPOSE, str(link_id), str(generation))


def read_link(text: str) -> LinkText | None:
    """Take a link's last part apart; none for what cannot be one."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    packed, mac = found.groups()
    link_id = UUID(bytes=urlsafe_b64decode(packed + "=="))
    # Base64 has several spellings of the last bits
    same = urlsafe_b64encode(link_id.bytes).decode().rstrip("=") == packed
    return LinkText(link_id, mac) if same else None
