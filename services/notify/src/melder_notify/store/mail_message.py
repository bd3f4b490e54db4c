"""A letter as the bytes of a mail (RFC 5322): text first, then HTML, threaded, one-click.

Values go into headers through ``email``'s own parsers after every line break and control character
is taken out, so that no name can add a header; addresses were parsed before.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from melder_notify.domain.addresses import MailAddress
from melder_notify.domain.letters import Facts, Letter, Link, Paragraph, Quote

_POLICY = SMTP.clone(max_line_length=900)
"""Long header lines instead of encoded words within List-Unsubscribe (RFC 5322: 998 at most)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything of a mail that is not its words."""

    mail_id: UUID
    recipient: MailAddress
    number: str
    region: str
    language: str
    unsubscribe_url: str
    sent_at: datetime
    thread_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Postmark:
    """What all mails of this installation share: the sender's address, an address for answers."""

    mail_from: str
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        """The domain of Message-ID and List-Id."""
        return self.mail_from.rpartition("@")[2]

    def message_id(self, mail_id: UUID) -> str:
        """The same for every try of one notification."""
        return f"<{mail_id}@{self.domain}>"


class MailWriter:
    """Renders letters; templates and styles are compiled once."""

    def __init__(self, postmark: Postmark) -> None:
        self.postmark = postmark
        environment = Environment(
            loader=PackageLoader("melder_notify", "store/templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        environment.tests.update(
            paragraph=lambda block: isinstance(block, Paragraph),
            facts=lambda block: isinstance(block, Facts),
            quote=lambda block: isinstance(block, Quote),
            link=lambda block: isinstance(block, Link),
        )
        self._text = environment.get_template("mail.txt")
        self._html = environment.get_template("mail.html")
        self._inliner = CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)

    def write(self, letter: Letter, envelope: Envelope) -> bytes:
        """The mail, with CRLF line ends, ready for SMTP DATA."""
        mail = EmailMessage(policy=_POLICY)
        self._head(mail, letter, envelope)
        context = {
            "letter": letter,
            "region": envelope.region,
            "language": envelope.language,
        }
        mail.set_content(self._text.render(context).strip() + "\n", cte="quoted-printable")
        html = self._inliner.inline(self._html.render(context))
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
        return mail.as_bytes()

    def _head(self, mail: EmailMessage, letter: Letter, envelope: Envelope) -> None:
        domain = self.postmark.domain
        mail["Message-ID"] = self.postmark.message_id(envelope.mail_id)
        mail["Date"] = format_datetime(envelope.sent_at)
        mail["From"] = Address(one_line(letter.sender), addr_spec=self.postmark.mail_from)
        mail["To"] = _header_address(envelope.recipient)
        mail["Subject"] = one_line(letter.subject)
        if self.postmark.reply_to:
            mail["Reply-To"] = self.postmark.reply_to
        if envelope.thread_id and envelope.thread_id != envelope.mail_id:
            first = self.postmark.message_id(envelope.thread_id)
            mail["In-Reply-To"] = first
            mail["References"] = first
        number = re.sub(r"[^a-z0-9]", "", envelope.number.lower())
        mail["List-Id"] = f"<{number}.meldung.{domain}>"
        mail["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Content-Language"] = envelope.language


def one_line(text: str, limit: int = 200) -> str:
    """``text`` fit for a header: no line breaks, control or invisible formatting characters."""
    visible = "".join(
        " " if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"} else character
        for character in text
    )
    return " ".join(visible.split())[:limit].strip()


def _header_address(recipient: MailAddress) -> Address:
    return Address(username=recipient.local, domain=recipient.domain)
