from datetime import time, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from melder_notify.settings import NotifySettings

NEEDED = {
    "database_url": "postgresql+asyncpg://melder_notify@localhost/melder",
    "public_url": "https://melder.example",
    "internal_token_file": Path("token"),
    "sealing_private_dir": Path("private"),
    "link_key_file": Path("link_key"),
    "contact_key_file": Path("contact_key"),
    "mail_from": "meldungen@melder.example",
}


def test_defaults_are_the_rules_of_the_design() -> None:
    settings = NotifySettings(**NEEDED)
    assert settings.rhythm.status_pause == timedelta(hours=1)
    assert settings.receipt_wait == timedelta(minutes=10)
    assert settings.retention.unconfirmed == timedelta(days=7)
    assert settings.retention.after_closing == timedelta(days=90)
    assert settings.smtp_tls == "starttls"


def test_quiet_hours_are_times_of_day() -> None:
    settings = NotifySettings(**NEEDED, quiet_from="22:00", quiet_until="06:00", zone="Europe/Rome")
    assert settings.rhythm.quiet_from == time(22)
    assert settings.rhythm.zone.key == "Europe/Rome"


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail_from": "Region <meldungen@melder.example>"},
        {"mail_from": "meldungen"},
        {"mail_from": "a@b.example\r\nBcc: c@d.example"},
        {"smtp_user": "melder", "smtp_tls": "none", "smtp_password_file": "x"},
        {"smtp_user": "melder"},
        {"zone": "Mars/Olympus"},
        {"smtp_deadline_s": 600},
    ],
)
def test_what_would_go_wrong_later_is_refused_at_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        NotifySettings(**{**NEEDED, **wrong})
