"""What the use cases of notify work with, built once in ``main``."""

from dataclasses import dataclass, field
from datetime import timedelta

from melder_notify.domain.contacts import Retention
from melder_notify.domain.links import Act, LinkKey
from melder_notify.domain.sending import Rhythm
from melder_notify.store.mail_message import MailWriter
from melder_notify.store.mail_server import MailServer
from melder_notify.store.translations import Languages
from melder_notify.store.vault import Vault


@dataclass(frozen=True)
class Office:
    """Keys, words and the mail server, with the rules of this installation.

    ``origin``: the public address that links begin with, without a trailing slash. ``region``:
    the name that signs mails until the catalogue brings one.
    """

    vault: Vault
    link_key: LinkKey
    languages: Languages
    writer: MailWriter
    server: MailServer
    origin: str
    region: str = "Mängelmelder"
    rhythm: Rhythm = field(default_factory=Rhythm)
    retention: Retention = field(default_factory=Retention)
    receipt_wait: timedelta = timedelta(minutes=10)
    mail_patience: timedelta = timedelta(days=3)
    erase_every: timedelta = timedelta(minutes=15)

    def page(self, act: Act, token: str) -> str:
        """The address of a /me page."""
        return f"{self.origin}/me/{act.value}/{token}"
