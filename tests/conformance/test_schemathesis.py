"""Schemathesis asks everything that OpenAPI says of Open311, with right and wrong inputs.

A short run by default; ``OPEN311_FUZZ=2000 pytest tests/conformance/test_schemathesis.py`` asks so
many times for each operation, and every kind of wrong value once.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from melder_local.system import System

from .server import Server, Target

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

EXAMPLES = int(os.environ.get("OPEN311_FUZZ", "0"))
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)


@pytest.mark.timeout(0 if EXAMPLES else 400)
def test_nothing_that_is_described_breaks(
    system: System, server: Server, target: Target, tmp_path: Path
) -> None:
    document = httpx.get(f"{system.url}/docs/openapi/intake.json").raise_for_status().json()
    described = tmp_path / "open311.json"
    described.write_text(json.dumps(reachable(document, server.shown)))
    done = subprocess.run(
        [
            Path(sys.executable).parent / "schemathesis", "run", described,
            "--url", system.url, "--header", f"X-API-Key: {target.api_key}",
            "--checks", CHECKS, "--phases", "coverage,fuzzing" if EXAMPLES else "fuzzing",
            "--max-examples", str(EXAMPLES or 20), "--no-shrink", "--generation-database", "none",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=None if EXAMPLES else 300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def reachable(document: dict[str, Any], numbers: list[str]) -> dict[str, Any]:
    """The Open311 part, with places, services and reports that are there, so that much succeeds.

    The key goes as a header: wrong ones are counted, and other tests want to try theirs.
    """
    there = {**NEAR, "service_request_id": {"enum": [*numbers, "UNICORN1"]}}
    in_address = {"number": there["service_request_id"], "code": NEAR["service_code"]}
    paths = document["paths"]
    document["paths"] = {path: paths[path] for path in paths if path.startswith("/open311/")}
    assert document["paths"]
    for operation in document["paths"].values():
        for parameter in operation.get("get", {}).get("parameters", []):
            if parameter["in"] == "path":
                parameter["schema"] |= in_address.get(parameter["name"], {})
        for content in operation.get("post", {}).get("requestBody", {}).get("content", {}).values():
            form = content["schema"]
            del form["properties"]["api_key"]
            form["properties"] |= {name: there[name] for name in there.keys() & form["properties"]}
    return document


NEAR = {
    "lat": {"type": "number", "minimum": 54.05, "maximum": 54.1},
    "long": {"type": "number", "minimum": 12.2, "maximum": 12.3},
    "service_code": {"enum": ["bench-damaged", "light-broken", "tree-wish", "unicorns"]},
    "jurisdiction_id": {"enum": ["", "melder-rostock.example", "nowhere.example"]},
    "status": {"enum": ["OPEN", "FIXED", "IN PROGRESS", "UNICORN"]},
}
