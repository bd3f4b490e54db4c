"""Traffic signs that something has run into."""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from melder_local.photos.canvas import Patch, Scene, area, curve, stroke
from melder_local.photos.places import verge


def sign(scene: Scene) -> None:
    """A traffic sign that something has run into."""
    verge(scene)
    foot, lean = (
        (scene.between(700, 860), 1010.0),
        scene.between(120, 230) * scene.chance.choice([-1, 1]),
    )
    head = (foot[0] + lean, 330.0)
    bend = (foot[0] + lean * 0.1, 700.0)
    scene.shade(area(scene.blob(foot[0] + 30, foot[1] + 4, 80, 16, 0.2), 10), 0.6)
    scene.paint(
        stroke(curve([foot, bend, bend, head]), 26), (0.58, 0.60, 0.61), rough=0.12, cell=18
    )
    plate = Image.new("RGBA", (900, 900))
    SIGNS[int(scene.between(0, len(SIGNS)))](ImageDraw.Draw(plate))
    plate = plate.rotate(-lean * 0.1, Image.Resampling.BICUBIC).resize(
        (400, 400), Image.Resampling.LANCZOS
    )
    paint = np.asarray(plate, np.float32) / 255
    at = Patch(paint[..., 3], int(head[0]) - 200, int(head[1]) - 170)
    scene.shade(at._replace(left=at.left + 8, top=at.top + 10), 0.35)
    dirt = 1 - 0.22 * np.clip(scene.noise(60, size=(400, 400)), 0, 1)
    scene.blend(at, paint[..., :3] * dirt[..., None])


RED, WHITE, BLUE = (196, 30, 38), (240, 240, 236), (20, 78, 160)


def give_way(pen: Any) -> None:
    """The German sign 205."""
    pen.polygon([(60, 130), (840, 130), (450, 810)], fill=RED)
    pen.polygon([(200, 212), (700, 212), (450, 650)], fill=WHITE)


def no_entry(pen: Any) -> None:
    """The German sign 267."""
    pen.ellipse((80, 80, 820, 820), fill=WHITE)
    pen.ellipse((98, 98, 802, 802), fill=RED)
    pen.rectangle((190, 390, 710, 510), fill=WHITE)


def thirty(pen: Any) -> None:
    """The German sign 274-30."""
    pen.ellipse((80, 80, 820, 820), fill=RED)
    pen.ellipse((180, 180, 720, 720), fill=WHITE)
    pen.text(
        (450, 450),
        "30",
        fill=(20, 20, 20),
        font=ImageFont.load_default(370),
        anchor="mm",
        stroke_width=9,
    )


def parking(pen: Any) -> None:
    """The German sign 314."""
    pen.rounded_rectangle((110, 110, 790, 790), 50, fill=BLUE)
    pen.text(
        (450, 450), "P", fill=WHITE, font=ImageFont.load_default(560), anchor="mm", stroke_width=14
    )


SIGNS = (give_way, no_entry, thirty, parking)
