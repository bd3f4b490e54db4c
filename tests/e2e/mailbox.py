"""A reporter's mails, as they lie in the demo's mail sink."""

import re
from dataclasses import dataclass
from typing import Any

from melder_local.system import System, eventually

Mail = dict[str, Any]

_LINKS = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Everything that came for one address."""

    system: System
    address: str

    def all(self) -> list[Mail]:
        """The mails, oldest first."""
        return self.system.mails(self.address)

    def wait_for(self, subject: str) -> Mail:
        """The first mail whose subject contains ``subject``."""

        def arrived() -> Mail | None:
            return next((mail for mail in self.all() if subject in mail["subject"]), None)

        return eventually(arrived, what=f"a mail about {subject!r} to {self.address}")


def link_to(mail: Mail, path: str) -> str:
    """The mail's link whose path begins with ``path``. Raises LookupError naming its links."""
    links = _LINKS.findall(mail["text"])
    for link in links:
        if f"{path}/" in link:
            return str(link)
    raise LookupError(f"no link to {path} in {links}")


def message_id(mail: Mail) -> str:
    """The mail's own id."""
    return str(mail["headers"]["Message-ID"])


def thread_of(mail: Mail) -> str:
    """The ids of the mails it follows."""
    return str(mail["headers"].get("References", ""))
