"""What lies about: rubbish, litter bins, broken branches."""

import math

from melder_local.photos.canvas import Colour, Point, Scene, area, box, curve, dim, stroke
from melder_local.photos.places import METAL, verge


def rubbish(scene: Scene) -> None:
    """Bags and boxes left on the verge."""
    verge(scene)
    for _ in range(int(scene.between(1, 3))):
        carton(scene, scene.between(420, 1100), scene.between(760, 830), scene.between(150, 230))
    bags = [(scene.between(360, 1200), scene.between(800, 930)) for _ in range(7)]
    tones: list[Colour] = [
        (0.08, 0.085, 0.09),
        (0.10, 0.16, 0.36),
        (0.80, 0.66, 0.20),
        (0.09, 0.09, 0.1),
    ]
    for x, y in sorted(bags, key=lambda at: at[1]):
        bag(scene, x, y, scene.between(90, 140), tones[int(scene.between(0, 4))])
    litter(scene, 30, (200, 1400), (900, 1080))


def bag(scene: Scene, x: float, y: float, size: float, tone: Colour) -> None:
    """A tied rubbish bag with folds and highlights."""
    scene.shade(area(scene.blob(x + 14, y + size * 0.82, size * 1.15, size * 0.25, 0.1), 12), 0.6)
    scene.paint(
        area(scene.blob(x, y, size, size * 0.86, 0.16)), tone, rough=0.5, cell=34, slope=0.8
    )
    knot = [
        (x - 14, y - size * 0.78),
        (x - 34, y - size * 1.12),
        (x, y - size * 0.98),
        (x + 36, y - size * 1.14),
        (x + 14, y - size * 0.78),
    ]
    scene.paint(area(knot), dim(tone, 1.15), rough=0.4, cell=10)
    for _ in range(12):
        angle = scene.between(3.4, 6.0)
        start = (x + size * 0.15 * math.cos(angle), y - size * 0.68)
        bend = (x + size * 0.5 * math.cos(angle), y - size * 0.1 * scene.between(0, 3))
        end = (x + size * 0.85 * math.cos(angle), y + size * scene.between(-0.1, 0.5))
        shine = stroke([start, bend, end], scene.between(3, 8), 3)
        bright = scene.between(-0.25, 0.3)
        scene.blend(
            shine._replace(mask=shine.mask * abs(bright)),
            (0.9, 0.92, 0.95) if bright > 0 else (0, 0, 0),
        )


def carton(scene: Scene, x: float, y: float, size: float) -> None:
    """An open cardboard box."""
    tilt, card = scene.between(-0.12, 0.12) * size, (0.60, 0.45, 0.29)
    scene.shade(area(scene.blob(x + size * 0.6, y + size * 0.8, size * 0.9, size * 0.16), 12), 0.55)
    front = [(x, y), (x + size, y + tilt), (x + size, y + size * 0.8 + tilt), (x, y + size * 0.8)]
    side = [
        (x + size, y + tilt),
        (x + size * 1.4, y - size * 0.12 + tilt),
        (x + size * 1.4, y + size * 0.6 + tilt),
        (x + size, y + size * 0.8 + tilt),
    ]
    top = [
        (x, y),
        (x + size * 0.42, y - size * 0.2),
        (x + size * 1.4, y - size * 0.12 + tilt),
        (x + size, y + tilt),
    ]
    for shape, light in ((top, 0.45), (side, 0.72), (front, 1.0)):
        scene.paint(area(shape), dim(card, light), rough=0.08, cell=60, slope=0.2)
    flap = [
        (x, y),
        (x + size, y + tilt),
        (x + size * 0.9, y + size * 0.22),
        (x - size * 0.08, y + size * 0.2),
    ]
    scene.paint(area(flap), dim(card, 1.12), rough=0.06, cell=40)


def litter(scene: Scene, count: int, across: Point, down: Point) -> None:
    """Paper and cups on the ground."""
    tones: list[Colour] = [
        (0.85, 0.85, 0.82),
        (0.75, 0.20, 0.16),
        (0.85, 0.75, 0.35),
        (0.45, 0.55, 0.65),
    ]
    for _ in range(count):
        x, y, size = scene.between(*across), scene.between(*down), scene.between(7, 24)
        shape = scene.blob(x, y, size, size * 0.5, 0.7)
        scene.shade(area([(a + 3, b + 5) for a, b in shape], 4), 0.5)
        scene.paint(area(shape), tones[int(scene.between(0, 4))], rough=0.25, cell=8)


def bin_overflowing(scene: Scene) -> None:
    """A litter bin with more beside and on it than in it."""
    verge(scene)
    x, y = scene.between(640, 860), 520
    tone = ((0.78, 0.36, 0.10), (0.20, 0.36, 0.24), (0.42, 0.44, 0.46))[int(scene.between(0, 3))]
    scene.shade(area(scene.blob(x + 150, 985, 260, 34, 0.1), 18), 0.6)
    scene.paint(area(box(x + 118, 860, 24, 120)), METAL, rough=0.2)
    heap = [(x + 10, y + 20), *scene.blob(x + 130, y - 2, 120, 76, 0.25), (x + 250, y + 20)]
    scene.paint(area(heap), (0.72, 0.71, 0.68), rough=0.5, cell=26, slope=0.4)
    litter(scene, 34, (x + 10, x + 250), (y - 70, y + 20))
    shell = [(x, y), (x + 260, y), (x + 236, y + 372), (x + 24, y + 372)]
    scene.paint(area(shell), tone, rough=0.07, cell=120)
    for step in range(30):
        light = math.cos((step / 29 - 0.38) * 3.0)
        strip = [
            (x + 260 * step / 30, y),
            (x + 260 * (step + 1.3) / 30, y),
            (x + 24 + 212 * (step + 1.3) / 30, y + 372),
            (x + 24 + 212 * step / 30, y + 372),
        ]
        scene.shade(area(strip, 3), max(0.0, 0.5 - 0.5 * light))
    scene.paint(
        area([(x - 10, y - 12), (x + 270, y - 12), (x + 266, y + 30), (x - 6, y + 30)]),
        dim(tone, 0.7),
        rough=0.1,
        slope=0.5,
    )
    bag(scene, x - 90, 930, 84, (0.10, 0.105, 0.11))
    bag(scene, x + 350, 950, 70, (0.75, 0.76, 0.78))
    litter(scene, 46, (x - 260, x + 560), (930, 1090))


def branch(scene: Scene) -> None:
    """A broken branch across the path."""
    verge(scene)
    y = scene.between(880, 940)
    spine = curve([(90, y + 70), (500, y - 40), (900, y + 50), (1250, y - 60), (1560, y - 150)])
    twigs = [
        (spine[int(at)], scene.between(-2.6, 0.4))
        for at in scene.chance.uniform(8, len(spine) - 4, 16)
    ]
    scene.shade(stroke([(a + 20, b + 44) for a, b in spine], 60, 16), 0.55)
    for (x, top), angle in twigs:
        reach = scene.between(120, 330)
        end = (x + reach * math.cos(angle), top + reach * 0.6 * math.sin(angle))
        scene.paint(
            stroke([(x, top), end], scene.between(9, 18)), (0.30, 0.22, 0.15), rough=0.35, cell=10
        )
        foliage(scene, *end, scene.between(60, 120))
    for number in range(len(spine) - 1):
        thick = 58 - 44 * number / len(spine)
        scene.paint(
            stroke(spine[number : number + 2], thick),
            (0.33, 0.25, 0.18),
            rough=0.45,
            cell=11,
            slope=0.7,
        )
    cut = area(scene.blob(90, y + 70, 20, 31, 0.1))
    scene.paint(cut, (0.80, 0.66, 0.44), rough=0.25, cell=8)


def foliage(scene: Scene, x: float, y: float, reach: float) -> None:
    """A bunch of leaves with their shadow."""
    scene.shade(area(scene.blob(x + 12, y + reach * 0.5, reach, reach * 0.4, 0.3), 12), 0.4)
    for _ in range(46):
        a, b = x + scene.chance.normal(0, reach * 0.55), y + scene.chance.normal(0, reach * 0.34)
        size, green = scene.between(11, 24), scene.between(0.55, 1.5)
        leaf = scene.blob(a, b, size, size * scene.between(0.4, 0.8), 0.15)
        scene.paint(area(leaf, 1), dim((0.24, 0.37, 0.13), green), rough=0.3, cell=6)
