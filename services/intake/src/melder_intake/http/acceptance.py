"""Sending a checked report, for the form and for Open311 alike."""

from melder_common.ids import new_id
from melder_common.problems import Problem, unavailable
from melder_common.telemetry import outgoing_headers
from melder_intake.domain.catalogue import Category
from melder_intake.domain.checking import PhotoLimits
from melder_intake.domain.submission import Accepted, Identity, Submission
from melder_intake.parts import Parts
from melder_intake.store.catalogue import Reception
from melder_intake.use_cases.accept_report import Sending


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
    """Accept it, once more when the connection was lost on the way. Raises KeyReused.

    What arrives together is written together. Files go alone: they would hold the others up.
    """
    trace = outgoing_headers().get("traceparent")
    sending = Sending(submission, identity, category.policy, trace)
    if submission.files:
        return await parts.accepting.alone(sending)
    return await parts.accepting.ask(sending)
