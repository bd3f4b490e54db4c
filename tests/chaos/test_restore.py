"""A backup comes back: what was promised before it is there, what came after it does no harm.

Everything on real parts, in one story: reports and an erasable contact; a backup under load; more
reports, and one person who says "that was not me"; then the restore, and life goes on.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from melder_local.people import Citizen
from melder_local.system import System, eventually

from . import inside
from .citizens import in_letters
from .history import Promise
from .storm import observer, superuser

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("chaos")]


def melder_local(victim: System, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "MELDER_RUN_DIR": str(victim.place.run),
        "MELDER_PORT": str(victim.place.port),
        "MELDER_DURABLE": "0",
    }
    argv = [Path(sys.executable).parent / "melder-local", *words]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def report(citizen: Citizen, run: str, number: int) -> Promise:
    token, email = f"probe-{run}-{in_letters(f'{number:06x}')}", f"{run}-{number}@buerger.example"
    fields = {
        "service_code": "road-pothole",
        "lat": "54.0801",
        "long": "12.2702",
        "description": f"{token}: ein Loch, das ein Backup überleben soll.",
        "email": email,
    }
    return Promise(citizen.report_surely(fields, key=str(uuid4())).number, token, email, 0)


@pytest.mark.timeout(600)
def test_a_restored_installation_keeps_its_promises_and_forgets_whom_it_forgot(
    victim: System, tmp_path: Path
) -> None:
    run = in_letters(uuid4().hex[:8])
    watcher = observer(victim, run)
    with Citizen(victim.url, api_key=victim.info()["OPEN311_KEY"]) as citizen:
        before = [report(citizen, run, number) for number in range(8)]
        asked = {promise.token for promise in before}
        assert watcher.wait_until_kept(before, asked, seconds=90) == []

        done = melder_local(victim, "backup", str(tmp_path))
        assert done.returncode == 0, done.stdout + done.stderr
        backup = Path(done.stdout.strip().splitlines()[-1])

        after = [report(citizen, run, number) for number in range(8, 12)]
        asked |= {promise.token for promise in after}
        assert watcher.wait_until_kept([*before, *after], asked, seconds=90) == []
        regretted = before[3]
        disown(victim, citizen, regretted)
        wait_until_noted(victim)

    refused = restore_while_running(victim, backup)
    assert refused.returncode != 0
    assert "Stop the services first" in refused.stderr

    done = melder_local(victim, "restore", str(backup))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* erasures repeated in notify", done.stdout), done.stdout
    started = melder_local(victim, "up")
    assert started.returncode == 0, started.stdout + started.stderr

    with Citizen(victim.url, api_key=victim.info()["OPEN311_KEY"]) as citizen:
        eventually(citizen.can_report, what="intake after the restore")
        later = [report(citizen, run, number) for number in range(20, 26)]
        asked |= {promise.token for promise in later}
        # the mail sink is no part of the backup: it still has the mails of the lost four
        assert watcher.wait_until_kept([*before, *later], asked, seconds=120) == []
        numbers = {one["service_request_id"] for one in watcher.look(before).reports}
        assert not numbers & {promise.number for promise in after}, "the past is the backup's"
    assert asyncio.run(inside.wait_for_rest(superuser(victim), seconds=90)) == []
    assert asyncio.run(state_of(superuser(victim), regretted.number)) == ("erased", None)


def disown(victim: System, citizen: Citizen, promise: Promise) -> None:
    """Follow "that was not me" in the receipt and press its button."""
    (mail,) = victim.mails(promise.email)
    link = re.search(r"/me/not-me/[\w.~-]+", mail["text"])
    assert link is not None, mail["text"]
    citizen.answer(link.group(), "")


def wait_until_noted(victim: System) -> None:
    """Until the ledger outside the database has the erasure."""
    ledger = victim.place.run / "erasures" / "notify"
    eventually(lambda: any(ledger.glob("*.txt")) or None, what="the note in the ledger")


def restore_while_running(victim: System, backup: Path) -> subprocess.CompletedProcess[str]:
    """``melder restore`` itself, which does not stop anything."""
    ports, secrets = victim.place.ports(), victim.place.secrets
    argv = [
        Path(sys.executable).parent / "melder",
        "restore",
        str(backup),
        f"--admin-url=postgresql://melder_admin@127.0.0.1:{ports['postgres']}/melder",
        f"--admin-password-file={secrets / 'database' / 'melder_admin'}",
        f"--secrets={secrets}",
    ]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


async def state_of(dsn: str, number: str) -> tuple[str, bytes | None]:
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow(
            "SELECT c.state, c.box FROM notify.contact c JOIN notify.report r USING (report_id) "
            "WHERE r.number = $1",
            number,
        )
        return row["state"], row["box"]
    finally:
        await connection.close()


@pytest.mark.timeout(300)
def test_a_changed_dump_is_refused(victim: System, tmp_path: Path) -> None:
    done = melder_local(victim, "backup", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    backup = Path(done.stdout.strip().splitlines()[-1])
    manifest = json.loads((backup / "manifest.json").read_text())
    assert manifest["heads"].keys() >= {"intake/1", "routing/0"}
    assert (backup / "database.dump").stat().st_mode & 0o077 == 0, "nobody else may read it"
    with (backup / "database.dump").open("r+b") as dump:
        dump.seek(-1, os.SEEK_END)
        dump.write(b"!")
    refused = restore_while_running(victim, backup)
    assert refused.returncode != 0
    assert "SHA-256" in refused.stderr
