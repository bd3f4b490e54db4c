"""Measures the performance goals on a private installation: ``make bench``.

    python tests/load [P1 P2 P3 P5 P8 P9] --rounds 5 --json figures.json

Every denominator is measured in the same round. The table gives medians and ranges of the rounds;
the figures are those of one machine at one time.
"""

import json
import platform
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import accepting
import psutil
import pyvips
import typer
import uvloop
import workloads
from installation import Installation, private_installation
from relay_load import relay
from workloads import Figure

from melder_local.photos import generate_photo

ALL = ("P1", "P2", "P3", "P5", "P8", "P9")


def bench(
    which: Annotated[list[str] | None, typer.Argument(help="goals; all without")] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    reports: Annotated[int, typer.Option(help="per workload and round", min=100)] = 1500,
    seconds: Annotated[float, typer.Option(help="of the steady load P2, each round")] = 20,
    json_file: Annotated[Path, typer.Option("--json")] = Path(".run/bench.json"),
) -> None:
    """Print one table; write the same as JSON."""
    wanted = [name.upper() for name in which or ALL]
    figures: list[tuple[int, Figure]] = []
    with tempfile.TemporaryDirectory(prefix="melder-load-") as scratch:
        directory = Path(scratch)
        directory.chmod(0o755)
        if "P5" in wanted:
            for number in range(rounds):
                found = uvloop.run(relay(directory / f"relay{number}"))
                figures += [(number, figure) for figure in found]
        if set(wanted) - {"P5"}:
            with private_installation(directory / "run") as installation:
                figures += _loads(installation, wanted, rounds, reports, seconds)
    _print(figures)
    json_file.parent.mkdir(parents=True, exist_ok=True)
    json_file.write_text(json.dumps(_document(figures), indent=1) + "\n")
    typer.echo(f"\nall single figures: {json_file}")


def _loads(
    installation: Installation,
    wanted: Sequence[str],
    rounds: int,
    reports: int,
    seconds: float,
) -> list[tuple[int, Figure]]:
    figures: list[tuple[int, Figure]] = []
    photo = _photo_of_3_mb()
    if "P8" in wanted:
        for number in range(rounds):
            figures += [(number, figure) for figure in workloads.idle(installation)]
    uvloop.run(workloads.warm_up(installation))
    for number in range(rounds):
        run = f"r{number}"
        works = {
            "P1": lambda run=run: accepting.accept(installation, f"a{run}", reports),
            "P3": lambda run=run: workloads.end_to_end(installation, f"e{run}", reports),
            "P2": lambda run=run: workloads.steady(installation, f"s{run}", seconds, photo),
            "P9": lambda run=run: workloads.burst(installation, f"b{run}"),
        }
        for name, work in works.items():
            if name in wanted:
                found = uvloop.run(work())
                figures += [(number, figure) for figure in found]
                typer.echo(f"round {number + 1} {name}", err=True)
    return figures


def _photo_of_3_mb() -> bytes:
    """Twelve megapixels with the grain of a telephone's camera."""
    small = pyvips.Image.new_from_buffer(generate_photo("pothole", 1), "")
    large = small.resize(4000 / small.width)
    grain = pyvips.Image.gaussnoise(large.width, large.height, sigma=7, seed=1)
    noisy: bytes = (large + grain).cast("uchar").jpegsave_buffer(Q=85)  # type: ignore[no-untyped-call]  # pyvips has no types
    return noisy


def _rows(figures: Sequence[tuple[int, Figure]]) -> list[tuple[str, str, float, float, float, str]]:
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for _, figure in figures:
        values[figure.id, figure.what, figure.unit].append(figure.value)
    return [
        (id_, what, statistics.median(found), min(found), max(found), unit)
        for (id_, what, unit), found in sorted(values.items())
    ]


def _print(figures: Sequence[tuple[int, Figure]]) -> None:
    typer.echo("| goal | figure | median | range |\n|---|---|---|---|")
    for id_, what, median, least, most, unit in _rows(figures):
        typer.echo(f"| {id_} | {what} | {median:.3g} {unit} | {least:.3g}–{most:.3g} |")


def _document(figures: Sequence[tuple[int, Figure]]) -> dict[str, object]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cores": psutil.cpu_count(), "python": platform.python_version()},
        "load_average": psutil.getloadavg(),
        "figures": [{"round": number, **asdict(figure)} for number, figure in figures],
    }


if __name__ == "__main__":
    typer.run(bench)
