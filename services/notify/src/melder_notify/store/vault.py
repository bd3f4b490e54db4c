"""Opens what intake sealed, and keeps it at rest under a key of its own per contact.

XChaCha20-Poly1305 with the contact's id as associated data: a box moved to another row does not
open. The data key is wrapped by the master key, a file outside the database and its backups.
"""

from base64 import b64encode
from dataclasses import dataclass
from uuid import UUID

from nacl.exceptions import CryptoError
from nacl.secret import Aead
from nacl.utils import random

from melder_common.event_values import SealedEnvelope
from melder_common.sealing import EnvelopeUnreadable, OpeningKeys
from melder_notify.domain.case_letters import CaseLetter
from melder_notify.domain.contacts import ContactDetails

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SealedContact:
    """A contact's box as its row has it: as received (``key_id``), or at rest (``wrapped_key``)."""

    contact_id: UUID
    box: bytes
    key_id: str | None = None
    wrapped_key: bytes | None = None


class Vault:
    """The only place where details of a contact come into the clear, and only in memory."""

    def __init__(self, opening_keys: OpeningKeys, master_key: bytes) -> None:
        self._opening_keys = opening_keys
        self._master = Aead(master_key[:KEY_BYTES])

    def open(self, sealed: SealedContact) -> ContactDetails:
        """What lies inside. Raises EnvelopeUnreadable or UnreadableContact, never with content."""
        if sealed.wrapped_key is None:
            envelope = SealedEnvelope(
                key_id=sealed.key_id or "", box=b64encode(sealed.box).decode()
            )
            return ContactDetails.from_json(self._opening_keys.open(envelope))
        label = sealed.contact_id.bytes
        try:
            data_key = self._master.decrypt(sealed.wrapped_key, aad=label)
            return ContactDetails.from_json(Aead(data_key).decrypt(sealed.box, aad=label))
        except CryptoError:
            raise EnvelopeUnreadable(
                f"the contact {sealed.contact_id} was sealed under another contact_key_file, "
                "or its row was changed"
            ) from None

    def open_letter(self, key_id: str, box: bytes) -> CaseLetter:
        """Mailbox and link. Raises EnvelopeUnreadable or UnreadableLetter, never with content."""
        envelope = SealedEnvelope(key_id=key_id, box=b64encode(box).decode())
        return CaseLetter.from_json(self._opening_keys.open(envelope))

    def seal(self, contact_id: UUID, details: ContactDetails) -> SealedContact:
        """Close ``details`` under a new data key, for keeping."""
        label = contact_id.bytes
        data_key = random(KEY_BYTES)
        return SealedContact(
            contact_id,
            box=bytes(Aead(data_key).encrypt(details.to_json(), aad=label)),
            wrapped_key=bytes(self._master.encrypt(data_key, aad=label)),
        )
