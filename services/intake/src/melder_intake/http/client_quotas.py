"""Keeps API clients to their quotas, together with the other processes of this installation."""

from melder_common.resilience import retry_once_on_disconnect
from melder_intake.domain.api_client import ApiClient
from melder_intake.domain.quota import Usage
from melder_intake.parts import Parts
from melder_intake.use_cases.count_requests import count_requests


async def count_request(parts: Parts, client: ApiClient) -> int:
    """Count one request of ``client``; 0 when it may pass, else the seconds to wait."""
    usage = parts.usage.setdefault(client.client_id, Usage())
    now = parts.units.clock().timestamp()
    if not usage.must_tell(client, now):
        return usage.count(client, now)
    seconds = usage.begin_telling(client, now)

    async def tell() -> dict[str, float]:
        async with parts.units.begin() as unit:
            return await count_requests(unit, client, seconds)

    return usage.learn(client, await retry_once_on_disconnect(tell), now)
