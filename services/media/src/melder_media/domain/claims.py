"""Who may bind a photo to a report: whoever uploaded it."""

from uuid import UUID

from melder_common.tokens import equal, hmac_token

SPOOLED = "spooled"
"""The token of a file that intake kept itself and passes on; the passing names the report."""


def upload_token(key: bytes, photo_id: UUID) -> str:
    """What the uploader gets and later proves the upload with."""
    return hmac_token(key, "photo-upload", str(photo_id))


def is_uploader(key: bytes, photo_id: UUID, token: str) -> bool:
    """Whether ``token`` was handed out for this photo."""
    return equal(token, upload_token(key, photo_id))
