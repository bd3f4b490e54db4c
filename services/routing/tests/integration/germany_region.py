"""A region file of all of Germany, made from the boundaries that ``make data-germany`` brought.

Every Land, Kreis, Verband and Gemeinde is a body; waste is the Kreis's duty, a Verband works for
its Gemeinden, everything else is that of the smallest area. Unincorporated areas have no body of
their own: their Kreis has them. It is a workload, not a statement about administrations.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LAYERS = {"laender": "land", "kreise": "kreis", "aemter": "verband", "gemeinden": "gemeinde"}
VERSION = "vg250-2016-01-01"
ATTRIBUTION = "© GeoBasis-DE / BKG 2016 (Daten verändert)"


@dataclass(frozen=True, slots=True)
class Named:
    """An area of a layer as people know it; ``designation`` as in Stadt, Landkreis, Amt."""

    key: str
    name: str
    designation: str


def read_names(directory: Path, layer: str) -> Iterator[Named]:
    """The keys and names of ``layer``, each key once; line by line, as melder_local writes it."""
    seen = set[str]()
    with (directory / f"{layer}.geojson").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith('{"type":"Feature",'):
                properties = json.loads(line[: line.index('"geometry"')].rstrip(",") + "}")[
                    "properties"
                ]
                if properties["ARS"] not in seen:
                    seen.add(properties["ARS"])
                    yield Named(properties["ARS"], properties["GEN"], properties["BEZ"])


def slug_of(key: str) -> str:
    """The slug of the body that has the area ``key``."""
    return f"k{key}"


def write_germany(directory: Path, data: Path) -> Path:
    """``region.yaml`` below ``directory``; JSON is YAML."""
    file = directory / "region.yaml"
    (directory / "boundaries").symlink_to(data.resolve())
    file.write_text(json.dumps(_region(data), ensure_ascii=False, indent=0), encoding="utf-8")
    return file


def _region(data: Path) -> dict[str, Any]:
    bodies = list(_bodies(data))
    kreise = [body["slug"] for body in bodies if len(body["ars"]) == 5]
    verbaende = [body["slug"] for body in bodies if body["kind"] == "verband"]
    duties: list[dict[str, Any]] = [{"body": slug, "group": "waste"} for slug in kreise]
    duties += [{"body": slug, "mode": "performs_for"} for slug in verbaende]
    return {
        "version": 1,
        "region": {
            "slug": "germany",
            "name": "Deutschland",
            "jurisdiction_id": "germany.example",
            "contact": "115",
            "emergency": "112",
            "outline": [{"boundaries": "laender"}],
            "clearing": {"queue": "all", "body": slug_of("13"), "deputy": slug_of("01")},
        },
        "boundaries": [
            {
                "id": name,
                "file": f"boundaries/{name}.geojson",
                "version": VERSION,
                "layer": layer,
                "attribution": ATTRIBUTION,
            }
            for name, layer in LAYERS.items()
        ],
        "bodies": bodies,
        "groups": {"road": "Straße", "waste": "Abfall"},
        "categories": [
            {"slug": "pothole", "name": "Schlagloch", "group": "road"},
            {"slug": "rubbish", "name": "Müll", "group": "waste"},
        ],
        "competences": duties,
        "queues": [{"slug": "all", "name": "Alle", "serves": [body["slug"] for body in bodies]}],
    }


def _bodies(data: Path) -> Iterator[dict[str, Any]]:
    gemeinden = list(read_names(data, "gemeinden"))
    towns = {one.key[:5] for one in gemeinden if one.key.endswith("0000000")}
    for one in read_names(data, "laender"):
        yield _body(one, "land", None)
    for one in read_names(data, "kreise"):
        yield _body(one, "gemeinde" if one.key in towns else "kreis", one.key[:2])
    for one in read_names(data, "aemter"):
        if one.key[5] == "5":
            yield _body(one, "verband", one.key[:5])
    for one in gemeinden:
        if not one.key.endswith("0000000") and one.key[5] != "9":
            yield _body(one, "gemeinde", one.key[:9] if one.key[5] == "5" else one.key[:5])


def _body(one: Named, kind: str, parent: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "slug": slug_of(one.key),
        "name": f"{one.designation} {one.name}",
        "place_name": one.name,
        "kind": kind,
        "ars": one.key,
    }
    if kind == "gemeinde" and len(one.key) == 5:
        town = {"boundaries": "gemeinden", "keys": [f"{one.key}0000000"]}
        body["areas"] = [{"boundaries": "kreise", "keys": [one.key]}, town]
    return {**body, "parent": slug_of(parent)} if parent else body
