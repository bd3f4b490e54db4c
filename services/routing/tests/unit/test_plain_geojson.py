"""An image without GDAL reads GeoJSON to the same bytes as one with it."""

import json
from pathlib import Path
from typing import Any

import pytest

from melder_routing.store import boundary_files
from melder_routing.store.boundary_files import BoundaryFileRefused, read_boundary_file

DEMO = Path(__file__).parents[4] / "infra/demo/boundaries"
RING = [[12.0, 54.0], [12.4, 54.0], [12.4, 54.4], [12.0, 54.0]]
AREA = {"type": "Polygon", "coordinates": [RING]}


@pytest.fixture
def without_gdal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary_files, "find_spec", lambda _name: None)


def write(file: Path, geometry: Any, *, crs: Any = None, **properties: Any) -> Path:
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    collection = {"type": "FeatureCollection", "features": [feature], "crs": crs}
    file.write_text(json.dumps(collection))
    return file


@pytest.mark.parametrize("name", ["aemter", "gemeinden", "kreise", "ostsee"])
def test_the_demo_boundaries_are_the_same_with_and_without_gdal(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = DEMO / f"{name}.geojson"
    key = "ARS" if '"ARS"' in file.read_text() else "key"
    with_gdal = read_boundary_file(file, key=key, name="GEN")
    monkeypatch.setattr(boundary_files, "find_spec", lambda _name: None)
    assert read_boundary_file(file, key=key, name="GEN") == with_gdal


@pytest.mark.usefixtures("without_gdal")
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        (None, "EPSG:4326"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:EPSG::25832", "EPSG:25832"),
        ("EPSG:3857", "EPSG:3857"),
    ],
)
def test_the_reference_system_is_what_the_file_says(
    tmp_path: Path, name: str | None, reference: str
) -> None:
    crs = {"type": "name", "properties": {"name": name}} if name else None
    file = write(tmp_path / "a.geojson", AREA, crs=crs, ARS="13", GEN="Ort")
    (feature,) = read_boundary_file(file, key=None, name="GEN")
    assert (feature.key, feature.crs) == ("13", reference)


@pytest.mark.usefixtures("without_gdal")
def test_heights_are_left_out(tmp_path: Path) -> None:
    high = {"type": "Polygon", "coordinates": [[[*position, 7.0] for position in RING]]}
    flat = write(tmp_path / "a.geojson", AREA, ARS="13", GEN="Ort")
    tall = write(tmp_path / "b.geojson", high, ARS="13", GEN="Ort")
    read = [read_boundary_file(file, key="ARS", name="GEN") for file in (flat, tall)]
    assert read[0] == read[1]


@pytest.mark.usefixtures("without_gdal")
@pytest.mark.parametrize(
    ("geometry", "properties", "words"),
    [
        (AREA, {"ARS": 13072, "GEN": "Ort"}, "leading zeros are lost"),
        (AREA, {"AGS": "13", "GEN": "Ort"}, "has no property ARS; set key and name"),
        (None, {"ARS": "13", "GEN": "Ort"}, "has no geometry; remove it"),
        ({"type": "Point", "coordinates": [12, 54]}, {"ARS": "13", "GEN": "O"}, "is no area"),
        ({"type": "Polygon", "coordinates": 7}, {"ARS": "13", "GEN": "O"}, "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_same_words(
    tmp_path: Path, geometry: Any, properties: dict[str, Any], words: str
) -> None:
    file = write(tmp_path / "a.geojson", geometry, **properties)
    with pytest.raises(BoundaryFileRefused, match=words):
        read_boundary_file(file, key="ARS", name="GEN")


@pytest.mark.usefixtures("without_gdal")
def test_other_formats_say_how_to_get_them_read(tmp_path: Path) -> None:
    file = tmp_path / "orte.gpkg"
    file.write_bytes(b"SQLite format 3")
    with pytest.raises(BoundaryFileRefused, match="bring GeoJSON"):
        read_boundary_file(file, key="ARS", name="GEN")


@pytest.mark.usefixtures("without_gdal")
@pytest.mark.parametrize("text", ["no geometry in here", "[1]", '{"features": [1]}'])
def test_other_text_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.geojson"
    file.write_text(text)
    with pytest.raises(BoundaryFileRefused, match="bring GeoJSON, GeoPackage or a Shapefile"):
        read_boundary_file(file, key="ARS", name="GEN")
