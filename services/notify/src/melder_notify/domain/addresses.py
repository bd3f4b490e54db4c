"""E-mail addresses: exactly one, safe in a header, with its domain as the wire needs it."""

from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address

import idna


class UnusableAddress(ValueError):
    """This text is not one e-mail address; the message does not repeat it."""


@dataclass(frozen=True, slots=True)
class MailAddress:
    """An address for SMTP: ``local`` as written, ``domain`` in its ASCII form (IDNA 2008)."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    def __repr__(self) -> str:
        """Nothing of the person, so that no traceback or log line tells it."""
        return "MailAddress(…)"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether the part before the @ needs RFC 6531 on every server of the way."""
        return not self.local.isascii()


def parse_address(text: str) -> MailAddress:
    """Read one address, at most 254 characters (RFC 5321). Raises UnusableAddress."""
    candidate = text.strip()
    if len(candidate) > 254 or not candidate.isprintable():
        raise UnusableAddress("too long, or with characters that no address has")
    local, at, domain = candidate.rpartition("@")
    if not at or not local or len(local.encode()) > 64 or any(c in ' ,;:<>()[]"\\@' for c in local):
        raise UnusableAddress("not one local part, an @ and a domain")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode()
        Address(addr_spec=f"{local if local.isascii() else 'x'}@{ascii_domain}")
    except (idna.IDNAError, MessageError, ValueError, IndexError) as broken:
        raise UnusableAddress("its domain or local part breaks the rules") from broken
    if "." not in ascii_domain:
        raise UnusableAddress("its domain has no dot")
    return MailAddress(local, ascii_domain)
