"""A place keeps its ports, also when a new version wants one more."""

import json
from pathlib import Path

from melder_local.place import PORT_NAMES, Place


def test_ports_are_kept_and_only_the_missing_are_chosen(tmp_path: Path) -> None:
    place = Place(tmp_path, 8000)
    chosen = place.ports()
    assert place.ports() == chosen
    older = {name: port for name, port in chosen.items() if name != "nats_monitor"}
    (tmp_path / "ports.json").write_text(json.dumps(older))
    again = place.ports()
    assert set(again) == set(PORT_NAMES)
    assert {name: again[name] for name in older} == older


def test_clients_are_told_every_server_of_a_cluster(tmp_path: Path) -> None:
    place = Place(tmp_path, 8000)
    assert place.nats_url == f"nats://127.0.0.1:{place.ports()['nats']}"
    place.cluster_ports()
    assert len(set(place.nats_url.split(","))) == 3
