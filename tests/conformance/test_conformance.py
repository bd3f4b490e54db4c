"""Our server keeps every rule, and the checks notice each fault that servers are known for."""

from dataclasses import replace

import httpx
import pytest

from .faults import FAULTS, NO_FAULT, Fault, Planted
from .run import CHECKS, Check, run
from .server import Server, Target

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_the_server_keeps(server: Server, check: Check) -> None:
    (found,) = run(server, [check])
    assert found.state == "ok", found.why


@pytest.mark.parametrize(
    ("fault", "form"),
    [(fault, form) for fault in FAULTS for form in fault.forms],
    ids=str,
)
def test_a_planted_fault_is_found(server: Server, target: Target, fault: Fault, form: str) -> None:
    checks = [one for one in CHECKS if one.title == fault.found_by and one.form == form]
    assert checks, f"no check is called {fault.found_by!r}"
    with httpx.Client(transport=Planted(fault, target.api_key), timeout=60) as http:
        found = run(replace(server, http=http), checks)
    assert {one.state for one in found} == {"broken"}


def test_the_planting_itself_changes_nothing(server: Server, target: Target) -> None:
    noticing = {fault.found_by for fault in FAULTS}
    checks = [one for one in CHECKS if one.title in noticing]
    with httpx.Client(transport=Planted(NO_FAULT, target.api_key), timeout=60) as http:
        found = run(replace(server, http=http), checks)
    assert [one for one in found if one.state != "ok"] == []
