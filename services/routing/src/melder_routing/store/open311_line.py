"""Carries out what is to be said to an endpoint; every failure comes back as a value."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import httpx

from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.domain.outside import AskToken, Post
from melder_routing.domain.outside_job import Arrived, Informed, Job, Numbered, Outcome
from melder_routing.domain.outside_trouble import EndpointFailed, Trouble
from melder_routing.store.open311_addresses import Open311Addresses
from melder_routing.store.open311_answers import RemoteUpdate
from melder_routing.store.open311_client import Address, Open311Client, Picture

LARGEST_PHOTO = 20 * 1024 * 1024


class Open311Line:
    """``media`` is the media service: released photos are fetched there to be sent as files."""

    def __init__(
        self, client: Open311Client, addresses: Open311Addresses, media: httpx.AsyncClient | None
    ) -> None:
        self._client = client
        self._addresses = addresses
        self._media = media

    async def carry_out(self, job: Job) -> Outcome:
        """Make the call. Raises nothing that an endpoint could cause."""
        try:
            return await self._carry_out(job)
        except EndpointFailed as failed:
            return failed

    async def listen(
        self, entry: Open311Entry, ids: Sequence[str], since: datetime, until: datetime
    ) -> list[RemoteUpdate]:
        """What the other side says of these requests. Raises EndpointFailed."""
        address = await self._addresses.resolve(entry)
        if entry.updates:
            return await self._client.list_updates(address, ids, since, until)
        return await self._client.list_requests(address, ids)

    async def _carry_out(self, job: Job) -> Outcome:
        address = await self._addresses.resolve(job.entry)
        try:
            return await self._speak(address, job)
        except EndpointFailed as failed:
            return failed.without(address.key)  # its words are kept and shown to clerks

    async def _speak(self, address: Address, job: Job) -> Outcome:
        if isinstance(job.step, AskToken) or job.letter is None:
            return Numbered(await self._client.ask_token(address, job.outside.token or ""))
        letter = job.letter
        photos = [one for photo in letter.photos if (one := await self._fetch(photo))]
        if isinstance(job.step, Post):
            taken = await self._client.post_request(address, letter.fields, photos, letter.key)
            return Arrived(taken.remote_id, taken.token)
        await self._client.post_update(address, letter.fields, photos, letter.key)
        return Informed()

    async def _fetch(self, photo_id: UUID) -> Picture | None:
        """A released photo; none when it was taken back meanwhile. Raises EndpointFailed."""
        if self._media is None:
            raise EndpointFailed(Trouble.PHOTO_MISSING, "ROUTING_MEDIA_URL is not set")
        try:
            answer = await self._media.get(f"/photos/{photo_id}/full.jpg", timeout=20)
        except httpx.HTTPError as error:
            raise EndpointFailed(Trouble.PHOTO_MISSING, type(error).__name__) from None
        if answer.status_code in {404, 410}:
            return None
        if not answer.is_success or len(answer.content) > LARGEST_PHOTO:
            raise EndpointFailed(Trouble.PHOTO_MISSING, f"media: {answer.status_code}")
        return Picture(f"{photo_id}.jpg", answer.content)
