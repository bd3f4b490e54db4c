"""A second copy of melder with a region of its own, whose road office is the first copy."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from melder_common.testing.nats import program
from melder_common.testing.ports import free_ports
from melder_local.demo import wait_for_catalogue
from melder_local.place import Place
from melder_local.services import service_environment
from melder_local.system import System
from melder_local.trial import started

CLERK = "rathaus@nachbarn.example"
CLIENT = "Mängelmelder Nachbarn"
PASSWORD = "ein-langes-kennwort-7"
SQUARE = [[12.2, 54.04], [12.34, 54.04], [12.34, 54.12], [12.2, 54.12], [12.2, 54.04]]
"""Around Broderstorf, longitude first."""

REGION = """\
version: 1
region:
  slug: nachbarn
  name: Mängelmelder Nachbarn
  jurisdiction_id: nachbarn.example
  contact: Rathaus, Telefon 115
  emergency: Notruf 112
  margin_m: 100
  outline: [{boundaries: orte}]
  clearing: {queue: rathaus, body: rathaus, deputy: bauhof}
boundaries:
  - {id: orte, file: orte.geojson, version: orte-2026, layer: gemeinde, attribution: gezeichnet}
bodies:
  - {slug: rathaus, name: Rathaus Nachbarn, kind: gemeinde, ars: "130720999001"}
  - {slug: bauhof, name: Bauhof Nachbarn, kind: contractor}
  - slug: strassenamt
    name: Straßenamt
    kind: road_authority
    participation: open311
    open311:
      url: URL/open311/discovery.json
      jurisdiction_id: JURISDICTION
      key_file: strassenamt
      services: {loch: {code: road-pothole, attributes: {size: {value: plate}}}}
      updates: true
      photos: files
      poll_seconds: 2
groups: {strasse: Straße}
categories:
  - {slug: loch, name: Schlagloch, group: strasse}
competences:
  - {body: strassenamt, category: loch, area: everywhere}
queues:
  - {slug: rathaus, name: Rathaus, serves: [rathaus, bauhof, strassenamt]}
clerks:
  - {user: rathaus@nachbarn.example, name: Ria Rathaus, body: rathaus, queues: [rathaus],
     password_file: clerks/rathaus}
"""


@contextmanager
def neighbour_of(first: System, run: Path) -> Iterator[System]:
    """The second copy, running, with its region applied and a key for the first copy."""
    place = Place(run, free_ports(1)[0])
    with started(place, region=False, MELDER_DURABLE="0") as second:
        _put_secrets(first, place)
        _apply(first, place)
        wait_for_catalogue(place)
        yield second


def _put_secrets(first: System, place: Place) -> None:
    for name, secret in (("clerks/rathaus", PASSWORD), ("open311/strassenamt", _key(first))):
        file = place.secrets / name
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_text(secret + "\n")


def _key(first: System) -> str:
    argv = [program("melder"), "api-key", "create", CLIENT, "--per-minute", "600"]
    environment = {**os.environ, **service_environment("intake", first.place)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def _apply(first: System, place: Place) -> None:
    directory = place.run / "region"
    directory.mkdir()
    area = {
        "type": "Feature",
        "properties": {"ARS": "130720999001", "GEN": "Nachbarn"},
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    }
    collection = {"type": "FeatureCollection", "features": [area]}
    (directory / "orte.geojson").write_text(json.dumps(collection))
    jurisdiction = first.info()["JURISDICTION_ID"]
    text = REGION.replace("URL", first.url).replace("JURISDICTION", jurisdiction)
    (directory / "region.yaml").write_text(text)
    argv = [program("melder"), "apply", str(directory / "region.yaml"), "--yes"]
    argv += ["--secrets", str(place.secrets)]
    environment = {**os.environ, **service_environment("routing", place)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
