"""The OpenAPI documents in ``docs/openapi`` are those that the running services publish.

After a change: ``make up``, then fetch ``/docs/openapi/<service>.json`` of each into the folder.
"""

import json
from pathlib import Path

import httpx
import pytest

from melder_local.services import SERVICES
from melder_local.system import System

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi"


@pytest.mark.parametrize("service", SERVICES)
def test_the_committed_document_is_the_published_one(system: System, service: str) -> None:
    published = httpx.get(f"{system.url}/docs/openapi/{service}.json").raise_for_status().json()
    assert json.loads((COMMITTED / f"{service}.json").read_text()) == published
