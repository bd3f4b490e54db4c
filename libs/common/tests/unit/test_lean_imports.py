"""Services carry no libraries for coloured output, and their commands still print help."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("service", ["intake", "routing", "media", "notify"])
def test_a_service_is_built_without_coloured_output(service: str) -> None:
    code = (
        f"import sys, melder_{service}.main; "
        "print([name for name in ('rich', 'pygments', 'numpy', 'pycparser') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_what_was_hidden_is_found_afterwards() -> None:
    code = (
        "import melder_common.clock, rich, pygments, sys; "
        "from typer.testing import CliRunner; from melder_notify.commands import app; "
        "print(CliRunner().invoke(app, ['--help']).output)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Usage" in done.stdout
