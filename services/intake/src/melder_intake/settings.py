"""What intake is told by its environment (``INTAKE_…``)."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from melder_common.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """Frozen; every path names a file or directory of secrets.

    Byte figures: ``photo_bytes`` is the largest photo taken, ``request_bytes`` the largest whole
    request, ``spool_bytes`` what the photo spool may hold before photos are turned away (the
    report itself is always kept). ``routing_wait_s`` is how long somebody may wait for the hint.
    ``open311_test_url`` is named by discovery as the endpoint for trying out (default: this one).
    """

    model_config = SettingsConfigDict(env_prefix="INTAKE_", frozen=True)

    port: int = Field(default=8101, ge=0, le=65535)
    routing_internal_url: str = "http://127.0.0.1:8102"
    routing_wait_s: float = Field(default=0.3, gt=0, le=5)
    media_internal_url: str = "http://127.0.0.1:8103"
    tracking_key_file: Path
    form_key_file: Path
    sealing_public_dir: Path
    open311_test_url: str | None = None
    photos_per_report: int = Field(default=5, ge=0, le=20)
    photo_bytes: int = Field(default=20_000_000, ge=100_000)
    request_bytes: int = Field(default=80_000_000, ge=1_000_000)
    spool_bytes: int = Field(default=2_000_000_000, ge=0)
    reports_per_minute: int = Field(default=60, ge=1)
    drafts_kept: timedelta = timedelta(hours=24)
    reports_kept: timedelta = timedelta(days=3 * 365)
