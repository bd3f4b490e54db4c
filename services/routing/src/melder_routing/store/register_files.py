"""Reading files of roads and assets: GeoJSON, or CSV with coordinates or WKT. No GDAL needed."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from melder_routing.domain.registers import Record, RegisterRefused

_EPSG = re.compile(r"EPSG:{1,2}(\d{4,5})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """What a file holds. ``srid`` is its reference system, ``digest`` that of its bytes."""

    records: tuple[Record, ...]
    srid: int
    digest: str


def read_register_file(path: Path, *, crs: str | None = None) -> RegisterFile:
    """Every feature or line of ``path``; ``crs`` overrides what it says. Raises RegisterRefused."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise RegisterRefused(f"{path} cannot be read ({error.strerror}); correct it") from error
    except UnicodeDecodeError as error:
        raise RegisterRefused(f"{path.name} is not UTF-8; save it as UTF-8") from error
    digest = hashlib.sha256(content).hexdigest()
    if path.suffix.lower() == ".csv":
        return RegisterFile(tuple(_lines(path, text)), _srid(crs or "EPSG:4326"), digest)
    if path.suffix.lower() in {".json", ".geojson"}:
        plain = _json(path, text)
        said = plain.get("crs", {}).get("properties", {}).get("name", "EPSG:4326")
        said = "EPSG:4326" if str(said).endswith("CRS84") else str(said)
        return RegisterFile(tuple(_features(path, plain)), _srid(crs or said), digest)
    raise RegisterRefused(f"{path.name} is of no kind that is read; bring .geojson or .csv")


def _srid(crs: str) -> int:
    found = _EPSG.search(crs)
    if found is None:
        raise RegisterRefused(f"“{crs}” is no reference system; write it as EPSG:25832")
    return int(found.group(1))


def _json(path: Path, text: str) -> Mapping[str, Any]:
    try:
        plain = json.loads(text)
    except json.JSONDecodeError as error:
        raise RegisterRefused(f"{path.name}:{error.lineno}: is no JSON; export it again") from error
    if not isinstance(plain, dict) or not isinstance(plain.get("features"), list):
        raise RegisterRefused(f"{path.name} is no FeatureCollection; export it as GeoJSON")
    return plain


def _features(path: Path, plain: Mapping[str, Any]) -> Iterator[Record]:
    for number, feature in enumerate(plain["features"], start=1):
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not geometry:
            raise RegisterRefused(f"{path.name}: feature {number} has no geometry; remove it")
        yield Record(number, feature.get("properties") or {}, json.dumps(geometry))


def _lines(path: Path, text: str) -> Iterator[Record]:
    head = text.split("\n", 1)[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") else ",")
    names = set(rows.fieldnames or ())
    if "wkt" not in names and not {"lat", "long"} <= names:
        raise RegisterRefused(f"{path.name}: has neither the column wkt nor lat and long; add them")
    for number, row in enumerate(rows, start=2):
        yield Record(number, row, row.get("wkt") or _point(path, number, row))


def _point(path: Path, number: int, row: Mapping[str, Any]) -> str:
    try:
        long, lat = (float(str(row[name]).replace(",", ".")) for name in ("long", "lat"))
    except (KeyError, ValueError) as error:
        raise RegisterRefused(
            f"{path.name}:{number}: lat and long are no numbers; write decimal degrees"
        ) from error
    return f"POINT({long} {lat})"
