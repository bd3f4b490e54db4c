"""Routing decided who is responsible: the receipt can leave; later changes are news."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from melder_common.envelope import Heard
from melder_common.events import CaseHandedOver, CaseRouted
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.news import MailKind, News, Topic
from melder_notify.store.notifications import release_late_receipts, release_receipts
from melder_notify.store.reports import ReportFacts, change_report, find_reports, note_routing
from melder_notify.use_cases.announce import Announcement, announce, plan_mails
from melder_notify.use_cases.office import Office

BATCH = 200


async def note_routed_cases(
    unit: UnitOfWork, heard: Sequence[Heard[CaseRouted]], office: Office
) -> None:
    """Note what was decided and let the waiting receipts leave.

    A body that becomes responsible after the receipt may have left is told as a status.
    """
    latest = {one.event.report_id: one for one in heard}
    before = await find_reports(unit.connection, list(latest))
    await note_routing(unit.connection, [_decision(one.event, unit.now) for one in latest.values()])
    await plan_mails(unit, await release_receipts(unit.connection, list(latest)))
    news = [
        Announcement(report_id, one.event_id, MailKind.STATUS, _responsible(one))
        for report_id, one in latest.items()
        if report_id in before and _is_news(before[report_id], one.event, unit.now, office)
    ]
    await announce(unit, news)


async def let_late_receipts_go(unit: UnitOfWork, office: Office) -> None:
    """Send receipts that waited long enough without a routing: people must not wonder."""
    before = unit.now - office.receipt_wait
    await plan_mails(unit, await release_late_receipts(unit.connection, before, limit=BATCH))


async def note_handed_over_cases(
    unit: UnitOfWork, heard: Sequence[Heard[CaseHandedOver]], _office: Office
) -> None:
    """Tell a hand-over once, when the receiver has accepted it.

    Until then the sender stays responsible. What a routing told already is not repeated.
    """
    accepted = [one for one in heard if one.event.step == "accepted"]
    before = await find_reports(unit.connection, list({one.event.report_id for one in accepted}))
    for one in accepted:
        receiver = one.event.receiver
        known = before.get(one.event.report_id)
        if known is None or known.responsible_slug == receiver.slug:
            continue
        await change_report(
            unit.connection,
            known.report_id,
            responsible_slug=receiver.slug,
            responsible_name=receiver.name,
            reason={},
        )
        told = News(Topic.RESPONSIBLE, one.event.changed_at, body=receiver.name)
        await announce(unit, [Announcement(known.report_id, one.event_id, MailKind.STATUS, told)])


def _decision(event: CaseRouted, now: datetime) -> dict[str, Any]:
    return {
        "id": event.report_id,
        "category": event.category.slug,
        "category_name": event.category.name,
        "responsible_slug": event.responsible.slug if event.responsible else None,
        "responsible_name": event.responsible.name if event.responsible else None,
        "municipality": event.municipality,
        "reason": event.reason,
        "usual_days": event.usual_days,
        "routed_at": now,
    }


def _is_news(before: ReportFacts, event: CaseRouted, now: datetime, office: Office) -> bool:
    if event.responsible is None or event.responsible.slug == before.responsible_slug:
        return False
    return before.routed_at is not None or now - before.submitted_at >= office.receipt_wait


def _responsible(heard: Heard[CaseRouted]) -> News:
    assert heard.event.responsible is not None  # noqa: S101 (_is_news has looked)
    return News(Topic.RESPONSIBLE, heard.occurred_at, body=heard.event.responsible.name)
