"""``make open311-check``: the same checks by hand, against any address."""

import pytest

from melder_local.system import System

from .__main__ import main
from .server import Target

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]


def test_a_good_server_is_told_rule_by_rule(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["conformance", f"{target.endpoint}/"])
    assert main() == 0
    told = capsys.readouterr().out
    assert "ok        2.services every service has its fields and no others (xml)" in told
    assert "broken" not in told


def test_an_address_without_a_server_says_so(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["conformance", f"{system.url}/nowhere"])
    assert main() == 1
    assert "404 instead of 200" in capsys.readouterr().out
