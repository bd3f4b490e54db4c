"""Count what a client used of its quotas where every process can read it."""

from collections.abc import Mapping

from melder_common.unit_of_work import UnitOfWork
from melder_intake.domain.api_client import ApiClient
from melder_intake.store import api_clients


async def count_requests(
    unit: UnitOfWork, client: ApiClient, seconds: Mapping[str, float]
) -> dict[str, float]:
    """Fill the client's buckets by ``seconds``; until when each is filled (POSIX time)."""
    await api_clients.note_used(unit.connection, client.client_id, unit.now.date())
    full = await api_clients.add_used(unit.connection, client.client_id, seconds, unit.now)
    return {rule: moment.timestamp() for rule, moment in full.items()}
