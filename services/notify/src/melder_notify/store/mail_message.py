"""A letter as the bytes of a mail (RFC 5322): text first, then HTML, threaded, one-click.

Put together here, because ``email``'s own header parser costs 2 ms per mail. Headers come about in
``_header`` alone, which refuses line breaks, so that no name can add one; a test reads every mail
back with ``email``.
"""

import binascii
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from uuid import UUID

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from melder_notify.domain.addresses import MailAddress
from melder_notify.domain.letters import Facts, Letter, Link, Paragraph, Quote

LONGEST_LINE = 998
"""Octets of a line without its CRLF (RFC 5322 §2.1.1)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything of a mail that is not its words; nobody unsubscribes from its own duty."""

    mail_id: UUID
    recipient: MailAddress
    number: str
    region: str
    language: str
    unsubscribe_url: str | None
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
        context = {"letter": letter, "region": envelope.region, "language": envelope.language}
        text = self._text.render(context).strip() + "\n"
        html = self._inliner.inline(self._html.render(context))
        boundary = f"=_{envelope.mail_id.hex}"
        head = [_header(name, value) for name, value in self._head(letter, envelope)]
        head += [
            _header("MIME-Version", "1.0"),
            _header("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
        ]
        parts = (_part("plain", text, boundary), _part("html", html, boundary))
        return b"".join((*head, b"\r\n", *parts, f"--{boundary}--\r\n".encode()))

    def _head(self, letter: Letter, envelope: Envelope) -> list[tuple[str, str]]:
        postmark = self.postmark
        head = [
            ("Message-ID", postmark.message_id(envelope.mail_id)),
            ("Date", format_datetime(envelope.sent_at)),
            ("From", _named_address(one_line(letter.sender), postmark.mail_from)),
            ("To", str(envelope.recipient)),
            ("Subject", _encoded(one_line(letter.subject), after=len("Subject: "))),
        ]
        if postmark.reply_to:
            head.append(("Reply-To", postmark.reply_to))
        if envelope.thread_id and envelope.thread_id != envelope.mail_id:
            first = postmark.message_id(envelope.thread_id)
            head += [("In-Reply-To", first), ("References", first)]
        number = "".join(c for c in envelope.number.lower()[:40] if c.isascii() and c.isalnum())
        head.append(("List-Id", f"<{number}.meldung.{postmark.domain}>"))
        if envelope.unsubscribe_url:
            head += [
                ("List-Unsubscribe", f"<{envelope.unsubscribe_url}>"),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ]
        return [
            *head,
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
            ("Content-Language", envelope.language),
        ]


def one_line(text: str, limit: int = 200) -> str:
    """``text`` fit for a header: no line breaks, control or invisible formatting characters."""
    visible = "".join(
        " " if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"} else character
        for character in text
    )
    return " ".join(visible.split())[:limit].strip()


def _header(name: str, value: str) -> bytes:
    """One header; only folding (CRLF and a space) may break its line. Raises ValueError."""
    lines = value.split("\r\n ")
    if not all(line.isprintable() and len(line.encode()) < LONGEST_LINE - 80 for line in lines):
        raise ValueError(f"the header {name} would break its line")
    return f"{name}: {value}\r\n".encode()


def _encoded(text: str, *, after: int = 0) -> str:
    """``text`` in encoded words (RFC 2047) where it needs them, folded at 76 characters."""
    charset = "us-ascii" if _is_plain(text) else "utf-8"
    return Header(text, charset, maxlinelen=76, header_name="x" * after).encode(linesep="\r\n")


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


@lru_cache(maxsize=1000)  # the same few senders again and again, and encoding is slow
def _named_address(name: str, address: str) -> str:
    if _is_plain(name):
        return formataddr((name, address))
    return f"{_encoded(name, after=len('From: '))}\r\n <{address}>"


def _part(subtype: str, content: str, boundary: str) -> bytes:
    """A part in quoted-printable, whose lines are short and can never hold the boundary ``=_``."""
    body = binascii.b2a_qp("\n".join(content.splitlines()).encode() + b"\n", istext=True)
    head = (
        f"--{boundary}\r\n"
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + body.replace(b"\n", b"\r\n")
