"""All of Germany: 100,000 points against the oracle, and the golden cases that need the country.

    make data-germany && make routing-check

Takes a quarter of an hour; the short forms are ``test_oracle.py`` and ``test_golden_cases.py``.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.database import make_engine
from melder_common.testing.databases import Databases
from melder_common.testing.postgres import PostgresCluster
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.apply_region import apply_region
from melder_routing.use_cases.read_region import read_region

from .germany_region import LAYERS, read_names, slug_of, write_germany
from .golden import GOLDEN, facts_of, load_golden
from .oracle import Oracle
from .test_oracle import differences, sql_answers

pytestmark = [pytest.mark.integration, pytest.mark.timeout(7200)]

DATA = Path(os.environ.get("MELDER_GERMANY", Path(__file__).parents[4] / ".data/germany"))
POINTS = int(os.environ.get("MELDER_ROUTING_POINTS", "100000"))
CHUNK = 5_000
PATIENCE_S = 900.0


@pytest.fixture(scope="session")
def germany_database(
    databases: Databases, postgres: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The name of a database with a region of all of Germany."""
    if not (DATA / "gemeinden.geojson").exists():
        pytest.fail("all of Germany is missing: run make data-germany")
    return asyncio.run(_build(databases, postgres, tmp_path_factory.mktemp("germany")))


async def _build(databases: Databases, postgres: PostgresCluster, directory: Path) -> str:
    name = await databases.clone("routing")
    engine = make_engine(
        postgres.url(name, "routing_worker"),
        application_name="germany",
        pool_size=1,
        command_timeout_s=PATIENCE_S,
    )
    units = UnitsOfWork(engine, tables=EVENT_TABLES, speaker="routing", partitions=4)
    async with units.begin() as unit:
        await apply_region(unit, read_region(write_germany(directory, DATA)), ())
    await engine.dispose()
    return name


@pytest.fixture
async def germany(
    germany_database: str, postgres: PostgresCluster
) -> AsyncIterator[AsyncConnection]:
    """A connection as the desk's HTTP has it."""
    engine = make_engine(
        postgres.url(germany_database, "routing_desk"),
        application_name="check",
        pool_size=1,
        command_timeout_s=PATIENCE_S,
    )
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    """Reads the files that npm brought; a body's areas are those that spell its ARS."""
    bodies = _bodies()
    files = {layer: DATA / f"{name}.geojson" for name, layer in LAYERS.items()}
    return Oracle(files, lambda layer, key: bodies.get((layer, key)))


@pytest.fixture(scope="module")
def rulebooks() -> Rulebooks:
    """Kept as a service keeps them: 12,000 bodies are not read again for every place."""
    return Rulebooks()


def _bodies() -> dict[tuple[str, str], str]:
    gemeinden = [one.key for one in read_names(DATA, "gemeinden")]
    towns = {key[:5] for key in gemeinden if key.endswith("0000000")}
    found = {("land", one.key): slug_of(one.key) for one in read_names(DATA, "laender")}
    found |= {("kreis", one.key): slug_of(one.key) for one in read_names(DATA, "kreise")}
    for one in read_names(DATA, "aemter"):
        if one.key[5] == "5":
            found["verband", one.key] = slug_of(one.key)
    for key in gemeinden:
        if key.endswith("0000000"):
            found["gemeinde", key] = slug_of(key[:5])
        elif key[5] != "9":
            found["gemeinde", key] = slug_of(key)
    assert towns
    return found


async def test_sql_and_the_oracle_agree_on_every_point(
    germany: AsyncConnection, oracle: Oracle
) -> None:
    wrong: list[str] = []
    points = oracle.points(POINTS, seed=20261123)
    for start in range(0, POINTS, CHUNK):
        some = points[start : start + CHUNK]
        wrong += differences(some, oracle.answer(some), await sql_answers(germany, some))
        await germany.rollback()  # the next answers of the oracle may take a minute
        print(f"{start + len(some)} points, {len(wrong)} differ", flush=True)  # noqa: T201 (a long run says how far it is)
    assert wrong == []


@pytest.mark.parametrize("case", load_golden("germany"), ids=lambda case: case["name"])
async def test_a_place_gets_the_body_a_clerk_would_expect(
    germany: AsyncConnection, rulebooks: Rulebooks, case: dict[str, Any]
) -> None:
    found = await facts_of(germany, case, rulebooks)
    assert {name: found[name] for name in case["expected"]} == case["expected"], case["why"]


def test_there_are_enough_golden_cases() -> None:
    cases = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert sum(len(found) for found in cases.values() if isinstance(found, list)) >= 60
