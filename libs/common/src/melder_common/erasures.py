"""Who was erased, kept outside the database, so that a restored backup does not bring them back.

A use case that erases notes it in its own unit (``note_erasures``); a timer then writes the ids
into the ledger, a directory of text files that only grow. Ids only: whoever reads the ledger learns
nothing about anybody. After a restore ``melder-<service> erase-again`` reads it and erases again.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import typer

from melder_common.timers import Due, TimerHandler, settle
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

Parts = TypeVar("Parts")

NOTE_ERASURE = "note_erasure"
KEPT = timedelta(days=42)
"""Longer than any backup is kept (35 days): an older entry can never be needed again."""
BATCH = 100


class NoLedger(RuntimeError):
    """No directory is set for the ledger: what was erased would come back with a restore."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One line of the ledger: what was erased (a word of the service's own) and its id."""

    kind: str
    id: UUID


EraseAgain = Callable[[UnitOfWork, list[Erasure], Parts], Awaitable[None]]
"""What a service does about a batch of the ledger's lines in a restored database; repeatable."""


async def note_erasures(unit: UnitOfWork, kind: str, ids: Iterable[UUID]) -> None:
    """Have the ledger note, after the commit, that these were erased."""
    for one in ids:
        await unit.plan(NOTE_ERASURE, f"{kind} {one}", at=unit.now)


class ErasureLedger:
    """One service's part of the ledger: a file per day and process, one line per erasure."""

    def __init__(self, directory: Path | None, service: str, instance: str) -> None:
        self._directory = directory / service if directory else None
        self._writer = re.sub(r"[^\w-]+", "-", instance)

    def add(self, erasure: Erasure, now: datetime) -> None:
        """Append a line, on disk when this returns. Raises OSError, NoLedger."""
        directory = self._existing()
        file = directory / f"{now.astimezone(UTC):%Y-%m-%d}.{self._writer}.txt"
        if not file.exists():
            self._forget_before((now - KEPT).date())
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, f"{erasure.kind} {erasure.id}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self) -> list[Erasure]:
        """Every erasure that is noted, once. Raises NoLedger."""
        lines = (line for file in self._files() for line in file.read_text().splitlines())
        return list(dict.fromkeys(erasure for line in lines if (erasure := _parse(line))))

    def _existing(self) -> Path:
        if self._directory is None:
            raise NoLedger("set <SERVICE>_ERASURE_LEDGER to a directory that survives the database")
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._directory

    def _files(self) -> list[Path]:
        return sorted(self._existing().glob("*.txt"))

    def _forget_before(self, day: date) -> None:
        for file in self._files():
            if file.name[:10] < day.isoformat():
                file.unlink(missing_ok=True)


def ledger_timer(ledger: ErasureLedger) -> TimerHandler[Any]:
    """The timer ``note_erasure``; its key is the line. It fails until there is a ledger."""

    async def note_erasure(due: Due, _parts: Any, units: UnitsOfWork) -> None:
        erasure = _parse(due.key)
        if erasure is not None:
            await asyncio.to_thread(ledger.add, erasure, units.clock())
        async with units.begin() as unit:
            await settle(unit, due)

    return note_erasure


async def erase_all_again(
    units: UnitsOfWork, ledger: ErasureLedger, erase: EraseAgain[Parts], parts: Parts
) -> int:
    """Erase everything the ledger names; returns how many lines there were."""
    noted = ledger.read()
    for batch in _batches(noted):
        async with units.begin() as unit:
            await erase(unit, batch, parts)
    return len(noted)


def add_erase_again(
    app: typer.Typer,
    build: Callable[[], tuple[Any, Parts]],
    erase: EraseAgain[Parts],
) -> None:
    """Give a service's command line ``erase-again``; ``build`` as for ``dead_letter_commands``."""

    @app.command("erase-again")
    def erase_again() -> None:
        """Erase in a restored database whom the ledger names; before the service starts."""
        service, parts = build()

        async def run() -> int:
            try:
                ledger = ledger_of(service.settings, service.name)
                return await erase_all_again(service.units, ledger, erase, parts)
            finally:
                await service.engine.dispose()

        typer.echo(f"{asyncio.run(run())} erasures repeated in {service.name}")


def ledger_of(settings: Any, service: str) -> ErasureLedger:
    """The ledger that a service's settings name."""
    return ErasureLedger(settings.erasure_ledger, service, settings.instance)


def _batches(noted: list[Erasure]) -> Iterator[list[Erasure]]:
    for start in range(0, len(noted), BATCH):
        yield noted[start : start + BATCH]


def _parse(line: str) -> Erasure | None:
    """A line as an erasure; None for one that a crash has torn."""
    kind, _, text = line.partition(" ")
    try:
        return Erasure(kind, UUID(text))
    except ValueError:
        return None
