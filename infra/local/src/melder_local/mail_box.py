"""The mails a demo has caught, in one SQLite file that survives restarts."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default as modern_policy
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    subject TEXT NOT NULL,
    headers TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    raw BLOB NOT NULL
)
"""
_SHOWN = "id, at, sender, recipients, subject, headers, text, html"


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """A mail as people and checkers read it, with ``sender`` and ``recipients`` of its headers."""

    id: int
    at: str
    sender: str
    recipients: str
    subject: str
    headers: dict[str, str]
    text: str
    html: str

    def document(self) -> dict[str, object]:
        """The fields of ``messages.json``."""
        fields = asdict(self)
        return {
            "id": fields["id"],
            "at": fields["at"],
            "from": fields["sender"],
            "to": fields["recipients"],
            "subject": fields["subject"],
            "headers": fields["headers"],
            "text": fields["text"],
            "html": fields["html"],
        }


class MailBox:
    """Append, list, read, clear. Every call is one short transaction of its own connection."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = directory / "mails.sqlite"
        with closing(self._open()) as connection, connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_SCHEMA)

    def add(
        self, raw: bytes, *, at: datetime, envelope_from: str, envelope_to: Sequence[str]
    ) -> int:
        """Keep one mail; returns its number. Without From or To the SMTP envelope counts."""
        mail = message_from_bytes(raw, policy=modern_policy)
        assert isinstance(mail, EmailMessage)  # noqa: S101 (what the modern policy makes)
        headers = _headers(mail)
        row = (
            at.isoformat(timespec="milliseconds"),
            headers.get("From") or envelope_from,
            headers.get("To") or ", ".join(envelope_to),
            headers.get("Subject", ""),
            json.dumps(headers, ensure_ascii=False),
            _content(mail, "plain"),
            _content(mail, "html"),
            raw,
        )
        with closing(self._open()) as connection, connection:
            cursor = connection.execute(
                "INSERT INTO mail (at, sender, recipients, subject, headers, text, html, raw) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return int(cursor.lastrowid or 0)

    def list_mails(self, *, to: str = "", limit: int = -1) -> list[CaughtMail]:
        """Mails, the newest first; ``to`` narrows to recipients that contain it."""
        with closing(self._open()) as connection:
            rows = connection.execute(
                f"SELECT {_SHOWN} FROM mail WHERE recipients LIKE ? ESCAPE '\\' "
                "ORDER BY id DESC LIMIT ?",
                (f"%{_escaped(to)}%", limit),
            )
            return [_mail(row) for row in rows]

    def find_mail(self, number: int) -> CaughtMail | None:
        """One mail, or None."""
        with closing(self._open()) as connection:
            row = connection.execute(
                f"SELECT {_SHOWN} FROM mail WHERE id = ?", (number,)
            ).fetchone()
        return _mail(row) if row else None

    def find_raw(self, number: int) -> bytes | None:
        """One mail as it came, or None."""
        with closing(self._open()) as connection:
            row = connection.execute("SELECT raw FROM mail WHERE id = ?", (number,)).fetchone()
        return bytes(row[0]) if row else None

    def count(self) -> int:
        """How many mails there are."""
        with closing(self._open()) as connection:
            return int(connection.execute("SELECT count(*) FROM mail").fetchone()[0])

    def clear(self) -> None:
        """Throw all mails away; numbers go on counting."""
        with closing(self._open()) as connection, connection:
            connection.execute("DELETE FROM mail")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=10)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _mail(row: tuple[int, str, str, str, str, str, str, str]) -> CaughtMail:
    number, at, sender, recipients, subject, headers, text, html = row
    return CaughtMail(number, at, sender, recipients, subject, json.loads(headers), text, html)


def _headers(mail: EmailMessage) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name in mail.keys():  # noqa: SIM118 (iterating a mail gives its lines, not its names)
        values = [_printable(str(value)) for value in mail.get_all(name, [])]
        headers[name] = "\n".join(values)
    return headers


def _content(mail: EmailMessage, kind: str) -> str:
    part: MIMEPart | None = mail.get_body((kind,))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except (LookupError, UnicodeDecodeError):
        payload = part.get_payload(decode=True)
        content = payload.decode("latin-1") if isinstance(payload, bytes) else ""
    return _printable(str(content)).replace("\r\n", "\n")


def _printable(text: str) -> str:
    """Without lone surrogates, which neither SQLite nor JSON takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
