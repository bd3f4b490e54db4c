"""A link to a case was issued: record the one mail that brings it to its body."""

from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from melder_common.envelope import Heard
from melder_common.events import CaseLinkIssued
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.case_letters import CASE_LINK
from melder_notify.domain.link_facts import LinkFacts
from melder_notify.store.case_mails import SEND_CASE_MAIL, add_case_mails, drop_older
from melder_notify.use_cases.office import Office


async def take_links(
    unit: UnitOfWork, heard: Sequence[Heard[CaseLinkIssued]], _office: Office
) -> None:
    """Keep the letters sealed and have the mails leave; what was heard before changes nothing."""
    added = set(await add_case_mails(unit.connection, [_mail(one, unit) for one in heard]))
    threads = {
        one.event.first_mail_id: one.event.mail_id for one in heard if one.event.mail_id in added
    }
    for thread_id, latest in threads.items():  # of several in one batch the last one leaves
        await drop_older(unit.connection, thread_id, latest)
        await unit.plan(SEND_CASE_MAIL, str(latest), at=unit.now)


def _mail(heard: Heard[CaseLinkIssued], unit: UnitOfWork) -> dict[str, Any]:
    event = heard.event
    return {
        "notification_id": event.mail_id,
        "event_id": heard.event_id,
        "report_id": event.report_id,
        "body": event.body.slug,
        "kind": CASE_LINK,
        "thread_id": event.first_mail_id,
        "facts": LinkFacts.of_event(event).model_dump(mode="json"),
        "key_id": event.letter.key_id,
        "box": b64decode(event.letter.box, validate=True),
        "queued_at": unit.now,
    }
