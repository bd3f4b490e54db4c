"""The gateway never shows what is private and sends every path to its service."""

import subprocess
from pathlib import Path

from melder_common.testing.nats import program
from melder_local.gateway import CONTAINERS, NEVER_PUBLIC, ROUTES, caddyfile
from melder_local.place import CHECKOUT


def test_caddy_understands_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "Caddyfile"
    file.write_text(caddyfile(8080, CONTAINERS))
    argv = [program("caddy"), "validate", "--config", str(file), "--adapter", "caddyfile"]
    checked = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_private_paths_are_answered_before_any_service() -> None:
    text = caddyfile(8080, CONTAINERS)
    assert text.index("respond 404") < text.index("reverse_proxy")
    assert all(path in text for path in NEVER_PUBLIC)


def test_a_route_takes_whole_segments_only() -> None:
    """``/me*`` once swallowed ``/melden`` and ``/meldungen``."""
    for _, paths, _ in ROUTES:
        assert all(path.endswith("/*") or "*" not in path for path in paths.split())


def test_the_containers_have_the_same_gateway() -> None:
    committed = (CHECKOUT / "infra/compose/Caddyfile").read_text()
    assert committed == caddyfile(8000, CONTAINERS), "python -m melder_local.gateway writes it"
