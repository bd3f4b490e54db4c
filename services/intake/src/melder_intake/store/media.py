"""Handing spooled files over to media; doing it twice is harmless."""

from uuid import UUID

import httpx

TIMEOUT = httpx.Timeout(30.0, connect=3.0)


class PhotoRefused(Exception):
    """Media will never take this file; trying again is useless."""


class Media:
    """Media's internal upload."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def put_photo(
        self, photo_id: UUID, content: bytes, *, content_type: str, report_id: UUID
    ) -> str | None:
        """Upload one file of a report; its upload token. Raises PhotoRefused and httpx errors."""
        answer = await self._client.put(
            f"/internal/photos/{photo_id}",
            content=content,
            headers={"Content-Type": content_type, "X-Report-Id": str(report_id)},
            timeout=TIMEOUT,
        )
        if answer.status_code in {400, 413, 415, 422}:
            raise PhotoRefused(f"media answered {answer.status_code}")
        answer.raise_for_status()
        token = answer.json().get("upload_token")
        return token if isinstance(token, str) else None
