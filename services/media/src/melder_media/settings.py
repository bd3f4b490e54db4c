"""What the media service is told by its environment, prefix ``MEDIA_``."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from melder_common.settings import ServiceSettings

_MEGABYTE = 1_000_000


class MediaSettings(ServiceSettings):
    """Sizes in bytes, times in seconds or days as their names say.

    ``upload_key_file`` and ``original_key_file`` hold 32 bytes as hexadecimal text: the first signs
    upload tokens, the second wraps every photo's own data key. Without the second no kept photo
    can be read again, so it is backed up beside the database, never inside it.
    """

    model_config = SettingsConfigDict(env_prefix="MEDIA_", frozen=True)

    port: int = 8003

    s3_endpoint: str = Field(description="host:port, plain S3")
    s3_secure: bool = True
    s3_region: str = "us-east-1"
    s3_bucket_originals: str = "melder-originals"
    s3_bucket_renditions: str = "melder-renditions"
    s3_access_key_file: Path
    s3_secret_key_file: Path
    s3_upload_seconds: float = Field(default=4.0, gt=0, description="then an upload is spooled")

    upload_key_file: Path
    original_key_file: Path
    grant_public_key_file: Path

    max_upload_bytes: int = Field(default=20 * _MEGABYTE, gt=0)
    max_pixels: int = Field(default=40_000_000, gt=0)
    spool_quota_bytes: int = Field(default=2_000 * _MEGABYTE, ge=0)
    upload_rate: str = Field(default="4000/hour", description="uploads per address")

    sanitiser_processes: int = Field(default=2, ge=1, le=16)
    sanitiser_memory: int = Field(default=1 << 30, gt=0, description="address space per picture")
    sanitiser_cpu_seconds: int = Field(default=10, gt=0)

    public_max_age: int = Field(default=900, ge=0, le=3600)
    orphan_days: float = Field(default=7, gt=0)
    original_days_after_release: float = Field(default=14, ge=0)
    claim_days: float = Field(
        default=14, gt=0, description="how long a report's claim waits for its photo"
    )
