"""Ask an endpoint whether what the region file maps to it is there; nothing is sent."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from melder_routing.domain.endpoint_checks import (
    CheckLine,
    check_attributes,
    check_services,
    choices_of,
    mapped_codes,
)
from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.domain.outside_trouble import EndpointFailed
from melder_routing.store.open311_addresses import Open311Addresses
from melder_routing.store.open311_client import Address, Open311Client

TRUE = "true"


async def check_endpoint(
    client: Open311Client, addresses: Open311Addresses, entry: Open311Entry, now: datetime
) -> AsyncIterator[CheckLine]:
    """Every finding, good and bad, in the order of asking; ends at the first failed call."""
    key: str | None = None
    try:
        at = await addresses.resolve(entry)
        key = at.key
        yield CheckLine(True, f"{at.base} speaks {at.form}")
        services = await client.list_services(at)
        for line in check_services(entry, services):
            yield line
        with_attributes = {
            str(one.get("service_code"))
            for one in services
            if str(one.get("metadata")).lower() == TRUE
        }
        async for line in _attributes(client, at, entry, with_attributes):
            yield line
        if entry.updates:
            await client.list_updates(at, ["0"], now - timedelta(minutes=1), now)
            yield CheckLine(True, "servicerequestupdates can be read")
    except EndpointFailed as failed:
        yield CheckLine(False, f"{failed.trouble}: {failed.without(key).words}")


async def _attributes(
    client: Open311Client, at: Address, entry: Open311Entry, with_attributes: set[str]
) -> AsyncIterator[CheckLine]:
    for code in sorted(mapped_codes(entry) & with_attributes):
        definition = await client.get_definition(at, code)
        for line in check_attributes(code, choices_of(entry, code), definition):
            yield line
