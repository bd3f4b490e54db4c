"""The small region with areas: cases move between them."""

from typing import Any

import pytest
from sqlalchemy import text

from .two_towns import LAYOUT


@pytest.fixture
async def place(world: Any) -> Any:
    """The small region with areas: Nord above 54.1°, Süd below it, the county for waste."""
    async with world.worker.engine.begin() as connection:
        for statement in LAYOUT.split(";"):
            await connection.execute(text(statement))
    return world
