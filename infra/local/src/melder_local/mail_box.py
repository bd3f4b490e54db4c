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
_UNREAD = ""
"""Stands where the headers will be, once somebody has looked."""
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
    """Append, list, read, clear.

    A mail is taken apart when somebody first looks at it, so that taking many costs little.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = directory / "mails.sqlite"
        with closing(self._open()) as connection, connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_SCHEMA)
        # kept open: SQLite empties its journal into the file whenever the last connection closes
        self._taking = self._open(check_same_thread=False)

    def close(self) -> None:
        """Let go of the file."""
        self._taking.close()

    def add(
        self, raw: bytes, *, at: datetime, envelope_from: str, envelope_to: Sequence[str]
    ) -> int:
        """Keep one mail; returns its number. Without From or To the SMTP envelope counts."""
        row = (at.isoformat(timespec="milliseconds"), envelope_from, ", ".join(envelope_to), raw)
        with self._taking as connection:
            cursor = connection.execute(
                "INSERT INTO mail (at, sender, recipients, subject, headers, text, html, raw) "
                f"VALUES (?, ?, ?, '', '{_UNREAD}', '', '', ?)",
                row,
            )
        return int(cursor.lastrowid or 0)

    def list_mails(self, *, to: str = "", limit: int = -1) -> list[CaughtMail]:
        """Mails, the newest first; ``to`` narrows to recipients that contain it."""
        newest = "ORDER BY id DESC LIMIT ?"
        if not to:
            return self._show(newest, (limit,))
        self._show(f"WHERE headers = '{_UNREAD}'", ())
        return self._show(
            f"WHERE recipients LIKE ? ESCAPE '\\' {newest}", (f"%{_escaped(to)}%", limit)
        )

    def find_mail(self, number: int) -> CaughtMail | None:
        """One mail, or None."""
        return next(iter(self._show("WHERE id = ?", (number,))), None)

    def _show(self, which: str, arguments: tuple[object, ...]) -> list[CaughtMail]:
        with closing(self._open()) as connection:
            found = connection.execute(f"SELECT id, headers FROM mail {which}", arguments)
            mails = []
            for number, headers in found.fetchall():
                if headers == _UNREAD:
                    _take_apart(connection, number)
                query = f"SELECT {_SHOWN} FROM mail WHERE id = ?"
                mails += [_mail(row) for row in connection.execute(query, (number,))]
        return mails

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

    def _open(self, *, check_same_thread: bool = True) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=10, check_same_thread=check_same_thread)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


def _take_apart(connection: sqlite3.Connection, number: int) -> None:
    """Read one mail for the first time; when two do so side by side, both write the same."""
    query = "SELECT raw, sender, recipients FROM mail WHERE id = ?"
    for raw, sender, recipients in connection.execute(query, (number,)).fetchall():
        with connection:
            connection.execute(
                "UPDATE mail SET sender = ?, recipients = ?, subject = ?, headers = ?, text = ?, "
                "html = ? WHERE id = ?",
                (*_read(raw, sender, recipients), number),
            )


def _read(raw: bytes, envelope_from: str, envelope_to: str) -> tuple[str, str, str, str, str, str]:
    """Sender, recipients, subject, all headers, text and HTML of a mail."""
    mail = message_from_bytes(raw, policy=modern_policy)
    assert isinstance(mail, EmailMessage)  # noqa: S101 (what the modern policy makes)
    headers = _headers(mail)
    return (
        headers.get("From") or envelope_from,
        headers.get("To") or envelope_to,
        headers.get("Subject", ""),
        json.dumps(headers, ensure_ascii=False),
        _content(mail, "plain"),
        _content(mail, "html"),
    )


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
