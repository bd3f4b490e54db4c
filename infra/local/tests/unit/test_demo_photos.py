"""The demo's photos: one for every kind a demo report asks for, the same for the same seed."""

import io
from pathlib import Path

import yaml
from PIL import Image

from melder_local.photos import KINDS, generate_photo

REPORTS = Path(__file__).parents[3] / "demo" / "reports.yaml"


def test_every_demo_report_finds_its_kind() -> None:
    text = REPORTS.read_text(encoding="utf-8")
    reports = yaml.safe_load(text)
    entries = reports if isinstance(reports, list) else reports["reports"]
    kinds = {entry["photo"][0] for entry in entries if entry.get("photo")}
    assert kinds
    assert kinds <= set(KINDS)


def test_the_same_seed_gives_the_same_picture() -> None:
    first, again, other = (generate_photo("graffiti", seed) for seed in (1, 1, 2))
    assert first == again != other
    image = Image.open(io.BytesIO(first))
    assert (image.format, image.size) == ("JPEG", (1600, 1200))
    assert not image.getexif()
