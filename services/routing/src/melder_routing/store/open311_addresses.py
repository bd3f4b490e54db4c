"""From the region file's entry to an address: discovery is read and kept, the key fetched."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from melder_common.settings import SettingsError, read_secret
from melder_routing.domain.open311_entry import LOOPBACK, Open311Entry
from melder_routing.domain.outside_trouble import EndpointFailed, Trouble
from melder_routing.store.open311_client import Address, Form, Open311Client

KEPT_S = 3600.0
"""How long a discovery document is believed."""


class Open311Addresses:
    """Resolves entries; ``secrets`` is the folder in which their key files lie."""

    def __init__(
        self,
        client: Open311Client,
        secrets: Path | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._secrets = secrets
        self._clock = clock
        self._discovered: dict[str, tuple[float, str, Form]] = {}

    async def resolve(self, entry: Open311Entry) -> Address:
        """Where and how to speak. Raises EndpointFailed, also for a key that is not there."""
        base, form = await self._place(entry)
        return Address(base, form, entry.jurisdiction_id, self._key(entry))

    def _key(self, entry: Open311Entry) -> str | None:
        """Read anew each time: a rotated key counts without a restart."""
        if entry.key_file is None:
            return None
        if self._secrets is None:
            raise EndpointFailed(Trouble.KEY_MISSING, "ROUTING_OPEN311_KEYS_DIR is not set")
        try:
            return read_secret(self._secrets / entry.key_file)
        except SettingsError:
            raise EndpointFailed(Trouble.KEY_MISSING, entry.key_file) from None

    async def _place(self, entry: Open311Entry) -> tuple[str, Form]:
        if not entry.url.endswith(("/discovery.json", "/discovery.xml")):
            return entry.url, entry.format or "json"
        known = self._discovered.get(entry.url)
        if known is None or self._clock() - known[0] > KEPT_S:
            known = (self._clock(), *await self._discover(entry.url))
            self._discovered[entry.url] = known
        return known[1], entry.format or known[2]

    async def _discover(self, url: str) -> tuple[str, Form]:
        form: Form = "json" if url.endswith(".json") else "xml"
        records = await self._client.read_document(url, form, "endpoint")
        endpoints = records
        if form == "json" and records and "endpoints" in records[0]:
            endpoints = [one for one in records[0].get("endpoints") or () if isinstance(one, dict)]
        chosen = next((one for one in endpoints if one.get("type") == "production"), None)
        chosen = chosen or next(iter(endpoints), None)
        base = chosen.get("url") if chosen else None
        if not chosen or not isinstance(base, str):
            raise EndpointFailed(Trouble.UNREADABLE, "the discovery document names no endpoint")
        _require_same_host(url, base)
        return base.rstrip("/"), _best_form(chosen)


def _best_form(endpoint: Mapping[str, Any]) -> Form:
    """JSON where it is offered: it needs no XML parser."""
    formats = endpoint.get("formats")
    offered = [str(one) for one in formats] if isinstance(formats, list) else []
    return "json" if any("json" in one for one in offered) or not offered else "xml"


def _require_same_host(url: str, base: str) -> None:
    """The key goes where the operator said, not where a document sends it."""
    try:
        wanted, named = urlsplit(url), urlsplit(base)
        httpx.URL(base)
    except (ValueError, httpx.InvalidURL):
        raise EndpointFailed(
            Trouble.UNREADABLE, "the discovery document names no web address"
        ) from None
    same = wanted.hostname == named.hostname
    safe = named.scheme == "https" or (named.scheme == "http" and named.hostname in LOOPBACK)
    if not (same and safe):
        where = f"{named.scheme}://{named.hostname}"
        raise EndpointFailed(Trouble.REDIRECTED, f"discovery names {where}: write it as url")
