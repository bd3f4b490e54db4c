"""A demo's post office: takes every mail by SMTP, delivers none, shows them below ``/mail/``.

``python -m melder_local.mail_sink --smtp-port 2525 --http-port 8025 --dir .run/mail``
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session

from melder_local.mail_box import MailBox
from melder_local.mail_pages import build_app

LARGEST_MAIL = 10 * 1024 * 1024


@dataclass(frozen=True)
class Catcher:
    """What aiosmtpd asks: every mail is taken, whoever it is for."""

    box: MailBox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Keep one mail; 250 only once it is on disk."""
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        number = self.box.add(
            raw,
            at=datetime.now(UTC),
            envelope_from=envelope.mail_from or "",
            envelope_to=envelope.rcpt_tos,
        )
        return f"250 2.0.0 kept as {number}"


async def run(host: str, smtp_port: int, http_port: int, directory: Path) -> None:
    """Serve both ports until SIGTERM or SIGINT."""
    box = MailBox(directory)
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(
        lambda: SMTP(
            Catcher(box),
            hostname="mail-sink",
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            loop=loop,
        ),
        host,
        smtp_port,
    )
    config = uvicorn.Config(
        build_app(box),
        host=host,
        port=http_port,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
    )
    async with smtp:
        await uvicorn.Server(config).serve()
    box.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="melder_local.mail_sink", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True, help="where mails are kept")
    options = parser.parse_args(arguments)
    asyncio.run(run(options.host, options.smtp_port, options.http_port, options.dir))


if __name__ == "__main__":
    main()
