"""An SMTP server that keeps every mail in memory and can misbehave on request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern_policy
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope


@dataclass  # without slots: aiosmtpd looks at all members, which Python 3.11.2 cannot bear then
class MailSink:
    """``answer`` decides per mail what the server says; ``250 OK`` keeps the mail."""

    port: int
    host: str = "127.0.0.1"
    received: list[EmailMessage] = field(default_factory=list)
    answer: Callable[[EmailMessage], str] = lambda _mail: "250 OK"
    _controller: Controller | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Take one mail (aiosmtpd's hook)."""
        mail = BytesParser(policy=modern_policy).parsebytes(envelope.original_content or b"")
        verdict = self.answer(mail)
        if verdict.startswith("250"):
            self.received.append(mail)
        return verdict

    def start(self) -> None:
        """Listen in a thread of its own."""
        self._controller = Controller(self, hostname=self.host, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Stop listening; mails stay."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def forget(self) -> None:
        """Back to an empty, well-behaved server."""
        self.received.clear()
        self.answer = lambda _mail: "250 OK"
