"""SMTP down, slow, 4xx, 5xx: nothing is lost, nothing recorded twice, and it ends."""

import asyncio
from dataclasses import replace
from email.message import EmailMessage
from itertools import pairwise
from typing import Any

import pytest

from melder_common.testing.ports import free_ports
from melder_notify.domain.addresses import parse_address
from melder_notify.store.mail_server import MailDelayed, MailServer, ServerAddress
from melder_notify.timers import plan_forgotten_mails

pytestmark = pytest.mark.integration


async def routed_report(town: Any):
    report_id = await town.submit()
    await town.hear(town.routed(report_id))
    return report_id


async def test_a_server_that_is_away_gets_the_mail_when_it_is_back(town: Any) -> None:
    there = town.office.server
    (port,) = free_ports(1)
    town.office = replace(
        town.office, server=MailServer(ServerAddress("127.0.0.1", port, "none"), rest_s=0)
    )
    await routed_report(town)
    await town.pass_time(seconds=1)
    due = await town.row("SELECT last_error FROM notify.due WHERE kind = 'send_mail'")
    assert due.last_error.startswith("unreachable_")
    assert await town.states() == [("receipt", "sending")]

    town.office = replace(town.office, server=there)
    await town.pass_time(minutes=2)
    assert len(town.sink.received) == 1
    assert await town.states() == [("receipt", "sent")]


async def test_a_temporary_refusal_is_tried_again_with_the_same_message_id(town: Any) -> None:
    tried = []

    def busy_twice(mail: EmailMessage) -> str:
        tried.append(mail["Message-ID"])
        return "451 4.7.1 later" if len(tried) <= 2 else "250 OK"

    town.sink.answer = busy_twice
    await routed_report(town)
    for _ in range(3):
        await town.pass_time(minutes=10)
    assert len(tried) == 3
    assert len(set(tried)) == 1
    assert await town.states() == [("receipt", "sent")]


async def test_tries_grow_apart_and_end(town: Any) -> None:
    tried = []
    town.sink.answer = lambda _mail: (tried.append(town.now), "451 later")[1]
    await routed_report(town)
    for _ in range(40):
        await town.pass_time(hours=2.5)
    pauses = [b - a for a, b in pairwise(tried)]
    assert max(pauses).total_seconds() >= 4 * 3600
    assert await town.states() == [("receipt", "failed")]
    (said,) = await town.spoken()
    assert (said.event.NAME, said.event.reason) == (
        "notification.failed.v1",
        "given_up_delayed_451",
    )


async def test_a_final_refusal_ends_at_once(town: Any) -> None:
    tried = []
    town.sink.answer = lambda _mail: (tried.append(1), "550 5.1.1 no such user")[1]
    await routed_report(town)
    for _ in range(3):
        await town.pass_time(hours=5)
    assert len(tried) == 1
    (said,) = await town.spoken()
    assert (said.event.NAME, said.event.reason) == ("notification.failed.v1", "refused_550")
    assert "kanarienvogel" not in said.event.model_dump_json()


async def test_an_unusable_address_ends_at_once(town: Any) -> None:
    report_id = await town.submit(email="anna@example.org\r\nBcc: bob@example.org")
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    assert town.sink.received == []
    (said,) = await town.spoken()
    assert said.event.reason == "unusable_address"


async def test_an_international_address_is_reached(town: Any) -> None:
    report_id = await town.submit(email="anna@bücher.example")
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    assert town.sink.received[0]["To"] == "anna@xn--bcher-kva.example"


async def test_folded_news_stay_together_when_the_server_refuses_for_now(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    await town.hear(town.changed(report_id, "accepted"))
    await town.hear(town.changed(report_id, "planned", previous="accepted"))
    town.sink.answer = lambda _mail: "421 busy"
    await town.pass_time(seconds=1)
    await town.hear(town.changed(report_id, "in_progress", previous="planned"))
    town.sink.answer = lambda _mail: "250 OK"
    await town.pass_time(minutes=5)
    (mail,) = town.sink.received
    assert "angenommen" in town.plain(mail)
    assert "eingeplant" in town.plain(mail)
    assert "arbeitet daran" not in town.plain(mail), "it came after the mail was fixed"
    await town.pass_time(hours=1)
    assert "arbeitet daran" in town.plain(town.sink.received[1])


async def test_a_silent_server_is_given_up_after_the_deadline() -> None:
    hung_up = asyncio.Event()

    async def say_nothing(reader: Any, writer: Any) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    server = MailServer(ServerAddress("127.0.0.1", port, "none"), deadline_s=0.3, rest_s=30)
    with pytest.raises(MailDelayed, match="deadline"):
        await server.send("a@example.org", parse_address("b@example.org"), b"x")
    with pytest.raises(MailDelayed, match="server_resting"):
        await server.send("a@example.org", parse_address("b@example.org"), b"x")
    await hung_up.wait()
    silent.close()


async def test_connections_are_kept_and_a_lost_one_is_replaced(town: Any) -> None:
    for number in ("AAAAAAAA", "BBBBBBBB"):
        report_id = await town.submit(number=number)
        await town.hear(town.routed(report_id))
        await town.pass_time(seconds=1)
    (kept,) = town.office.server._idle
    kept[1].close()
    report_id = await town.submit(number="CCCCCCCC")
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    assert len(town.sink.received) == 3


async def test_a_missing_key_delays_a_mail_and_loses_nothing(town: Any, key_dirs: Any) -> None:
    _, private = key_dirs
    key = (private / "2026-11.key").rename(private.parent / "away")
    town.office.vault._opening_keys._keys.clear()
    await routed_report(town)
    await town.pass_time(seconds=1)
    assert town.sink.received == []
    due = await town.row("SELECT last_error FROM notify.due WHERE kind = 'send_mail'")
    assert due.last_error == "sealing_key_missing"

    key.rename(private / "2026-11.key")
    await town.pass_time(minutes=2)
    assert len(town.sink.received) == 1


async def test_a_mail_whose_timer_was_lost_is_found_again(town: Any) -> None:
    await routed_report(town)
    async with town.units.begin() as unit:
        await unit.connection.exec_driver_sql("DELETE FROM notify.due WHERE kind = 'send_mail'")
    await town.pass_time(minutes=20)
    assert town.sink.received == []
    assert await plan_forgotten_mails(town.units, town.office) == 1
    await town.pass_time(seconds=1)
    assert len(town.sink.received) == 1
    assert await plan_forgotten_mails(town.units, town.office) == 0


async def test_of_mails_sent_together_a_refused_and_a_late_one_harm_no_other(town: Any) -> None:
    def answer(mail: EmailMessage) -> str:
        if "refused@" in mail["To"]:
            return "550 5.1.1 no such person"
        return "451 later" if "late@" in mail["To"] else "250 OK"

    town.sink.answer = answer
    names = ("one", "refused", "late", "two")
    for place, name in enumerate(names):
        report_id = await town.submit(number=f"K7M4Q2X{place}", email=f"{name}@buerger.example")
        await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)

    states = await town.rows(
        "SELECT state, count(*) FROM notify.notification GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in states] == [("failed", 1), ("sending", 1), ("sent", 2)]
    waiting = await town.row("SELECT last_error FROM notify.due WHERE kind = 'send_mail'")
    assert waiting.last_error == "delayed_451"
    town.sink.answer = lambda _mail: "250 OK"
    await town.pass_time(minutes=5)
    states = await town.rows(
        "SELECT state, count(*) FROM notify.notification GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in states] == [("failed", 1), ("sent", 3)]


async def test_two_mails_due_at_once_for_one_person_leave_one_after_the_other(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    before = len(town.sink.received)
    await town.hear(town.posted(report_id, "Welche Hausnummer?"))
    await town.hear(town.changed(report_id, "resolved"))
    await town.pass_time(seconds=1)
    kinds = [kind for kind, state in await town.states() if state in {"sent", "folded"}]
    assert sorted(kinds) == ["closing", "question", "receipt"]
    assert 1 <= len(town.sink.received) - before <= 2
