"""Sending a checked report, for the form and for Open311 alike."""

from melder_common.ids import new_id
from melder_common.problems import Problem, unavailable
from melder_common.resilience import retry_once_on_disconnect
from melder_intake.domain.catalogue import Category
from melder_intake.domain.checking import PhotoLimits
from melder_intake.domain.submission import Accepted, Identity, Submission
from melder_intake.parts import Parts
from melder_intake.store.catalogue import Reception
from melder_intake.use_cases.accept_report import accept_report, find_accepted


async def reception_of(parts: Parts) -> Reception:
    """The catalogue in force. Raises Problem 503 before the first complete one."""
    reception = await parts.reception.get()
    if reception is None:
        raise not_ready()
    return reception


def not_ready() -> Problem:
    """503: nobody has told us yet what can be reported and where."""
    problem = unavailable(retry_after_s=10)
    problem.type_slug = "catalogue-missing"
    return problem


def photo_limits(parts: Parts) -> PhotoLimits:
    """The limits of photos by the settings."""
    return PhotoLimits(parts.settings.photos_per_report, parts.settings.photo_bytes)


def mint_identity(scope: str, key: str | None) -> Identity:
    """Ids before the first try, so that a second one means the same report."""
    return Identity(report_id=new_id(), scope=scope, key=key)


async def send_report(
    parts: Parts, submission: Submission, category: Category, identity: Identity
) -> Accepted:
    """Accept it, once more when the connection was lost on the way. Raises KeyReused."""
    tried = False

    async def send() -> Accepted:
        nonlocal tried
        async with parts.units.begin() as unit:
            if tried and (found := await find_accepted(unit, identity)):
                return found
            tried = True
            return await accept_report(
                unit,
                submission,
                identity,
                policy=category.policy,
                acceptance=parts.acceptance,
            )

    return await retry_once_on_disconnect(send)
