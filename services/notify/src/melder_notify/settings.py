"""What notify is told by its environment, prefix NOTIFY_."""

from datetime import time, timedelta
from email.headerregistry import Address
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from melder_common.settings import ServiceSettings
from melder_notify.domain.contacts import Retention
from melder_notify.domain.sending import Rhythm


class NotifySettings(ServiceSettings):
    """Keys, the mail server, and how long and how often.

    ``mail_from`` is the address in From and in the envelope; its domain also stands in every
    Message-ID, so it stays the same over restarts. ``smtp_deadline_s`` bounds one whole mail.
    ``mail_patience_days``: a mail that only ever failed temporarily is given up after that.
    ``receipt_wait_minutes``: how long a receipt waits for the routing. ``quiet_from`` and
    ``quiet_until``: no status mails between these times of day (``zone``).
    """

    model_config = SettingsConfigDict(env_prefix="NOTIFY_")

    port: int = Field(default=8104, ge=0, le=65535)
    sealing_private_dir: Path
    link_key_file: Path
    contact_key_file: Path

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_user: str | None = None
    smtp_password_file: Path | None = None
    smtp_connections: int = Field(default=4, ge=1, le=50)
    smtp_deadline_s: float = Field(default=20, gt=0, le=60)
    mail_from: str
    reply_to: str | None = None
    mail_patience_days: float = Field(default=3, gt=0)

    receipt_wait_minutes: float = Field(default=10, ge=0)
    status_pause_minutes: float = Field(default=60, ge=0)
    quiet_from: time | None = None
    quiet_until: time | None = None
    zone: str = "Europe/Berlin"
    languages: tuple[str, ...] = ("de", "en")
    unconfirmed_days: float = Field(default=7, gt=0)
    contact_days: float = Field(default=90, gt=0)
    erase_every_minutes: float = Field(default=15, gt=0)

    @field_validator("mail_from", "reply_to")
    @classmethod
    def _is_plain_address(cls, value: str | None) -> str | None:
        if value is not None and "@" not in str(Address(addr_spec=value)):
            raise ValueError("must be a plain address like meldungen@example.org")
        return value

    @field_validator("zone")
    @classmethod
    def _is_known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, OSError) as unknown:
            raise ValueError("must be a time zone like Europe/Berlin") from unknown
        return value

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.smtp_user and self.smtp_tls == "none":
            raise ValueError("smtp_user needs smtp_tls=starttls or tls: a password is sent")
        if self.smtp_user and self.smtp_password_file is None:
            raise ValueError("smtp_user needs smtp_password_file")
        return self

    @property
    def receipt_wait(self) -> timedelta:
        """How long a receipt waits for the routing of its report."""
        return timedelta(minutes=self.receipt_wait_minutes)

    @property
    def mail_patience(self) -> timedelta:
        """How long temporary failures are borne with."""
        return timedelta(days=self.mail_patience_days)

    @property
    def erase_every(self) -> timedelta:
        """How often erasing looks for contacts whose time is over."""
        return timedelta(minutes=self.erase_every_minutes)

    @property
    def rhythm(self) -> Rhythm:
        """How often status mails leave."""
        return Rhythm(
            status_pause=timedelta(minutes=self.status_pause_minutes),
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
            zone=ZoneInfo(self.zone),
        )

    @property
    def retention(self) -> Retention:
        """How long contacts are kept."""
        return Retention(
            unconfirmed=timedelta(days=self.unconfirmed_days),
            after_closing=timedelta(days=self.contact_days),
        )
