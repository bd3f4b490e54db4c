"""A picture in work: uneven colour through soft masks, like light on real surfaces."""

import io
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1600, 1200
SIZE = (WIDTH, HEIGHT)
Pixels = NDArray[np.floating[Any]]
Point = tuple[float, float]
Colour = tuple[float, float, float]


class Patch(NamedTuple):
    """A mask, 0 … 1, and where its top left corner lies in the picture."""

    mask: Pixels
    left: int
    top: int


class Scene:
    """A picture in work: values 0 … 1, and the chance that belongs to its seed."""

    def __init__(self, seed: int, horizon: int = 430) -> None:
        self.chance = np.random.default_rng(seed)
        self.horizon = horizon
        self.pixels: Pixels = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        self.cloudy = self.chance.random()
        self.warmth = self.between(-0.02, 0.02)

    def between(self, low: float, high: float) -> float:
        """A number between two others."""
        return float(self.chance.uniform(low, high))

    def noise(self, cell: float, octaves: int = 3, size: tuple[int, int] = SIZE) -> Pixels:
        """Cloudy unevenness around 0, about −1 … 1; ``cell``: pixels of the largest lumps."""
        width, height = size
        total = np.zeros((height, width), np.float32)
        for octave in range(octaves):
            step = max(1.0, cell / 2**octave)
            grid = (int(height / step) + 2, int(width / step) + 2)
            lumps = Image.fromarray(self.chance.random(grid, np.float32))
            total += np.asarray(lumps.resize(size, Image.Resampling.BICUBIC)) / 2**octave
        total -= total.mean()
        even: Pixels = total / (np.abs(total).max() + 1e-6)
        return even

    def blend(self, patch: Patch, colour: Pixels | Colour) -> None:
        """Put ``colour`` where ``patch`` says."""
        part = self.part(patch)
        part += patch.mask[..., None] * (np.asarray(colour, np.float32) - part)

    def paint(
        self,
        patch: Patch,
        colour: Colour,
        *,
        rough: float = 0.1,
        cell: float = 30,
        slope: float = 0,
    ) -> None:
        """Put an uneven colour where ``patch`` says; ``slope`` > 0 darkens it downwards."""
        height, width = patch.mask.shape
        light = 1 + rough * self.noise(cell, size=(width, height))
        light *= (1 + slope * np.linspace(0.5, -0.5, height, dtype=np.float32))[:, None]
        self.blend(patch, np.clip(light[..., None] * np.asarray(colour, np.float32), 0, 1))

    def shade(self, patch: Patch, strength: float) -> None:
        """Darken where ``patch`` says."""
        part = self.part(patch)
        part *= 1 - strength * patch.mask[..., None]

    def part(self, patch: Patch) -> Pixels:
        """The pixels under a patch, for changing them."""
        height, width = patch.mask.shape
        return self.pixels[patch.top : patch.top + height, patch.left : patch.left + width]

    def blob(
        self, x: float, y: float, width: float, height: float, ragged: float = 0.15
    ) -> list[Point]:
        """An uneven ellipse around (x, y)."""
        waves = [(n, self.between(-1, 1) / n, self.between(0, 6.3)) for n in range(2, 9)]
        points = []
        for step in range(90):
            angle = step / 90 * 2 * math.pi
            swell = 1 + ragged * sum(much * math.sin(n * angle + at) for n, much, at in waves)
            points.append(
                (x + width * swell * math.cos(angle), y + height * swell * math.sin(angle))
            )
        return points

    def lay(self, tile: Pixels, corners: Sequence[Point]) -> None:
        """Lay a flat texture on the ground: its corners (clockwise from top left) go there."""
        height, width = tile.shape[:2]
        flat = [(0, 0), (width, 0), (width, height), (0, height)]
        rows: list[list[float]] = []
        for (x, y), (u, v) in zip(corners, flat, strict=True):
            rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        turn = np.linalg.solve(np.array(rows, float), np.array(flat, float).ravel())
        image = to_image(tile).transform(
            SIZE, Image.Transform.PERSPECTIVE, list(turn), Image.Resampling.BICUBIC
        )
        patch = area(corners, soft=1)
        height, width = patch.mask.shape
        seen = np.asarray(image, np.float32)[patch.top :, patch.left :][:height, :width]
        self.blend(patch, seen / 255)

    def blur(self, radius: float) -> None:
        """Set everything painted so far out of focus."""
        image = to_image(self.pixels).filter(ImageFilter.GaussianBlur(radius))
        self.pixels = np.asarray(image, np.float32) / 255


def area(points: Sequence[Point], soft: float = 1.2) -> Patch:
    """A polygon with soft edges."""
    return patch_of(lambda pen, path: pen.polygon(path, fill=255), points, soft)


def stroke(points: Sequence[Point], width: float, soft: float = 1.2) -> Patch:
    """A line with round joints and soft edges."""

    def draw(pen: Any, path: list[Point]) -> None:
        pen.line(path, fill=255, width=round(width), joint="curve")
        for x, y in (path[0], path[-1]):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)

    return patch_of(draw, points, soft, width)


def patch_of(
    draw: Callable[[Any, list[Point]], None],
    points: Sequence[Point],
    soft: float,
    reach: float = 0,
) -> Patch:
    """What ``draw`` makes of ``points``, as a mask no larger than it must be."""
    edge = int(3 * soft + reach) + 2
    left = min(WIDTH - 1, max(0, int(min(x for x, _ in points)) - edge))
    top = min(HEIGHT - 1, max(0, int(min(y for _, y in points)) - edge))
    right = min(WIDTH, max(left + 1, int(max(x for x, _ in points)) + edge))
    bottom = min(HEIGHT, max(top + 1, int(max(y for _, y in points)) + edge))
    sheet = Image.new("L", (right - left, bottom - top))
    draw(ImageDraw.Draw(sheet), [(x - left, y - top) for x, y in points])
    mask = np.asarray(sheet.filter(ImageFilter.GaussianBlur(soft)), np.float32) / 255
    return Patch(mask, left, top)


def box(x: float, y: float, width: float, height: float) -> list[Point]:
    """The corners of a rectangle."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def curve(points: list[Point]) -> list[Point]:
    """A smooth line through the middle of the given corners (quadratic pieces)."""
    smooth = [points[0]]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        start, end = ((ax + bx) / 2, (ay + by) / 2), ((bx + cx) / 2, (by + cy) / 2)
        for step in range(14):
            t = step / 13
            one, two, three = (1 - t) ** 2, 2 * t * (1 - t), t**2
            smooth.append(
                (
                    one * start[0] + two * bx + three * end[0],
                    one * start[1] + two * by + three * end[1],
                )
            )
    return [*smooth, points[-1]]


def dim(colour: Colour, by: float) -> Colour:
    """A colour darker (``by`` < 1) or lighter."""
    return (colour[0] * by, colour[1] * by, colour[2] * by)


def to_image(pixels: Pixels) -> Image.Image:
    """Values 0 … 1 as a Pillow image."""
    return Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))


def finish(scene: Scene) -> bytes:
    """Lens, grain and JPEG."""
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    scene.blur(0.9)
    pixels = scene.pixels * (1 - 0.2 * (x**2 + y**2) ** 1.2 / 2)[..., None]
    pixels = pixels + np.array([scene.warmth, 0.0, -scene.warmth])
    pixels = pixels + scene.chance.normal(0, 0.016, pixels.shape)
    pixels = pixels * 0.94 + 0.03
    out = io.BytesIO()
    to_image(pixels.astype(np.float32)).save(out, "JPEG", quality=87)
    return out.getvalue()
