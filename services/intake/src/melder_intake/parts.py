"""What handlers, timers and routes of intake work with; built once, in ``main``."""

from dataclasses import dataclass, field
from uuid import UUID

import httpx

from melder_common.group_commit import GroupCommit
from melder_common.rate_limit import RateLimiter
from melder_common.unit_of_work import UnitsOfWork
from melder_intake.domain.quota import Usage
from melder_intake.domain.submission import Accepted
from melder_intake.settings import IntakeSettings
from melder_intake.store.current_reception import CurrentReception
from melder_intake.store.known_clients import KnownClients
from melder_intake.store.media import Media
from melder_intake.store.responsibility import Responsibility
from melder_intake.use_cases.accept_report import Acceptance, Sending
from melder_web import Pages


@dataclass(frozen=True)
class Parts:
    """The parts; ``connections`` are closed when the service stops.

    ``usage``: what this process knows of the quotas of API clients.
    """

    settings: IntakeSettings
    units: UnitsOfWork
    reception: CurrentReception
    clients: KnownClients
    responsibility: Responsibility
    media: Media
    acceptance: Acceptance
    accepting: GroupCommit[Sending, Accepted]
    form_key: bytes
    limiter: RateLimiter
    pages: Pages
    usage: dict[UUID, Usage] = field(default_factory=dict)
    connections: tuple[httpx.AsyncClient, ...] = ()
