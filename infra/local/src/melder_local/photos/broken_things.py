"""What is broken: roads, lamps, benches, walls."""

import math

import numpy as np

from melder_local.photos.canvas import (
    HEIGHT,
    WIDTH,
    Colour,
    Point,
    Scene,
    area,
    box,
    curve,
    dim,
    stroke,
)
from melder_local.photos.left_things import litter
from melder_local.photos.places import (
    ASPHALT,
    METAL,
    PAVING,
    houses,
    marked,
    road,
    sky,
    slabs,
    stony,
    trees,
    verge,
)


def pothole(scene: Scene) -> None:
    """A hole in the asphalt, near the kerb."""
    scene.horizon = 210
    sky(scene)
    houses(scene, 225)
    trees(scene, 225, 130)
    scene.blur(7)
    road(scene, slabs(scene, PAVING, 26, 26), 3, 3)
    road(scene, marked(scene, stony(scene, ASPHALT, 0.14, 0.16)), 0.30, 0.9)
    kerb = [(WIDTH * 0.19, 210), (WIDTH * 0.203, 210), (-110, HEIGHT), (-330, HEIGHT)]
    scene.paint(area(kerb), (0.64, 0.63, 0.60), rough=0.2, cell=20)
    x, y = scene.between(720, 980), scene.between(690, 790)
    wide, high = scene.between(250, 340), scene.between(90, 125)
    for _ in range(9):
        crack(scene, x, y, wide)
    scene.paint(
        area(scene.blob(x, y, wide + 26, high + 12, 0.22), 5),
        (0.47, 0.46, 0.45),
        rough=0.35,
        cell=8,
    )
    hole = area(scene.blob(x, y, wide, high, 0.2), 2)
    scene.paint(hole, (0.20, 0.185, 0.17), rough=0.5, cell=14)
    wall = np.clip(hole.mask - np.roll(hole.mask, 26, axis=0), 0, 1)
    scene.shade(hole._replace(mask=wall), 0.75)
    if scene.chance.random() < 0.6:
        water = area(scene.blob(x + 20, y + 28, wide * 0.6, high * 0.5, 0.18), 3)
        scene.paint(water, (0.36, 0.42, 0.47), rough=0.35, cell=160, slope=0.9)
    for _ in range(120):
        far, angle = scene.between(0.9, 1.6), scene.between(0, 6.3)
        pebble(scene, x + wide * far * math.cos(angle), y + high * far * math.sin(angle))


def crack(scene: Scene, x: float, y: float, wide: float) -> None:
    """A crack that runs away from a point."""
    angle, far = scene.between(0, 6.3), scene.between(1.1, 1.9) * wide
    points = [(x, y)]
    for step in range(1, 12):
        bend, reach = scene.between(-18, 18), far * step / 11
        points.append(
            (x + reach * math.cos(angle) + bend, y + reach * math.sin(angle) * 0.45 + bend / 3)
        )
    scene.shade(stroke(points, 4, 1), 0.7)


def pebble(scene: Scene, x: float, y: float) -> None:
    """A loose chip of asphalt."""
    size, tone = scene.between(2, 9), scene.between(0.28, 0.55)
    shape = scene.blob(x, y, size, size * 0.6, 0.3)
    scene.shade(area([(a + 2, b + 3) for a, b in shape], 2), 0.45)
    scene.blend(area(shape, 0.8), (tone, tone, tone * 0.97))


def lamp(scene: Scene) -> None:
    """A street at dusk in which one lamp stays dark."""
    scene.horizon, scene.cloudy = 700, scene.cloudy * 0.5
    sky(scene, (0.04, 0.07, 0.17), (0.36, 0.30, 0.38), (0.17, 0.17, 0.24))
    houses(scene, 705, lit=True, tone=0.22)
    trees(scene, 712, 120, (0.05, 0.075, 0.05))
    scene.blur(5)
    road(scene, slabs(scene, dim(PAVING, 0.25), 40, 40), 3, 3)
    road(scene, marked(scene, stony(scene, dim(ASPHALT, 0.3), 0.2, 0.3)) * 0.7, 0.05, 0.6)
    for far in (0.28, 0.4, 0.58):
        post(scene, 800 + 620 * far, 700 + 300 * far**2, 640 * far, glows=True)
    post(scene, scene.between(380, 560), 1130, 1000, glows=False)


def post(scene: Scene, x: float, foot: float, tall: float, *, glows: bool) -> None:
    """A lamp post; its head hangs over the road to the right."""
    wide, top = tall * 0.021, foot - tall
    arm = [(x, top + tall * 0.08), (x + tall * 0.03, top), (x + tall * 0.2, top - tall * 0.015)]
    head = [
        (x + tall * 0.17, top - tall * 0.03),
        (x + tall * 0.33, top - tall * 0.016),
        (x + tall * 0.33, top + tall * 0.006),
        (x + tall * 0.17, top + tall * 0.012),
    ]
    if glows:
        centre = (x + tall * 0.26, top + tall * 0.01)
        for reach, much in ((0.75, 0.16), (0.35, 0.3), (0.1, 0.95)):
            glow = area(
                scene.blob(*centre, tall * reach * 0.5, tall * reach * 0.5, 0), tall * reach * 0.22
            )
            scene.blend(glow._replace(mask=glow.mask * much), (1.0, 0.83, 0.52))
        pool = area(scene.blob(centre[0], foot + 6, tall * 0.55, tall * 0.09, 0.05), tall * 0.05)
        scene.blend(pool._replace(mask=pool.mask * 0.35), (1.0, 0.80, 0.50))
    scene.paint(stroke([(x, foot), (x, top + tall * 0.07)], wide), (0.10, 0.105, 0.11), rough=0.15)
    scene.paint(stroke(arm, wide * 0.8), (0.10, 0.105, 0.11))
    scene.paint(area(head), (0.98, 0.9, 0.7) if glows else (0.075, 0.08, 0.085), rough=0.1)


def bench(scene: Scene) -> None:
    """A park bench with a slat broken off."""
    verge(scene)
    x, y = scene.between(330, 470), scene.between(610, 650)
    wide, wood = 760, dim((0.47, 0.30, 0.17), scene.between(0.85, 1.15))
    scene.shade(
        area(
            [
                (x - 40, y + 268),
                (x + wide + 60, y + 268),
                (x + wide + 130, y + 318),
                (x - 10, y + 318),
            ],
            16,
        ),
        0.6,
    )
    for leg in (x + 70, x + wide - 90):
        for foot in (leg - 26, leg + 46):
            scene.paint(
                stroke([(leg, y - 90), (leg + 8, y + 130), (foot, y + 285)], 20),
                METAL,
                rough=0.2,
                cell=9,
            )
    broken = int(scene.between(0, 3))
    slats = [(y - 100, 34), (y - 48, 34), (y + 4, 34), (y + 112, 26), (y + 142, 28), (y + 174, 30)]
    for number, (top, high) in enumerate(slats):
        out = 12 * (number - 2) if number > 2 else 0
        if number == broken:
            half = scene.between(0.28, 0.4) * wide
            ragged = [
                (x + half, top),
                (x + half + 26, top + 9),
                (x + half + 4, top + 17),
                (x + half + 20, top + high),
            ]
            plank(scene, [(x, top), *ragged, (x, top + high)], wood)
            hanging = [
                (x + wide - 120, top),
                (x + wide - 84, top + 8),
                (x + half + 150, top + 205),
                (x + half + 112, top + 190),
            ]
            plank(scene, hanging, wood)
        else:
            plank(scene, box(x - out, top, wide + 2 * out, high), wood)
    litter(scene, 8, (300, 1300), (930, 1050))


def plank(scene: Scene, shape: list[Point], wood: Colour) -> None:
    """A board with grain and a dark lower edge."""
    scene.shade(area([(a + 5, b + 8) for a, b in shape], 5), 0.5)
    scene.paint(area(shape), wood, rough=0.22, cell=14, slope=0.45)


def graffiti(scene: Scene) -> None:
    """A sprayed wall beside a pavement."""
    wall = (
        slabs(scene, (0.55, 0.36, 0.29), 92, 34)
        if scene.chance.random() < 0.6
        else stony(scene, (0.70, 0.68, 0.62), 0.03)
    )
    scene.pixels[:] = wall
    scene.lay(
        slabs(scene, PAVING, 100, 70), [(-400, 930), (2000, 930), (2900, 1400), (-1300, 1400)]
    )
    scene.shade(area(box(0, 900, WIDTH, 44), 14), 0.6)
    inks: list[Colour] = [
        (0.08, 0.55, 0.62),
        (0.85, 0.18, 0.42),
        (0.95, 0.72, 0.10),
        (0.35, 0.22, 0.60),
        (0.15, 0.15, 0.17),
    ]
    first = int(scene.between(0, 4))
    x = scene.between(180, 300)
    for _ in range(int(scene.between(4, 6))):
        letter = curve(
            [(x + scene.between(-30, 190), 420 + scene.between(-190, 260)) for _ in range(5)]
        )
        for width, ink, soft in (
            (92, inks[4], 3),
            (70, inks[first], 2),
            (22, dim(inks[first], 1.5), 5),
        ):
            spray = stroke(letter, width, soft)
            scene.blend(spray._replace(mask=spray.mask * 0.93), ink)
        for a, b in letter[::9]:
            if scene.chance.random() < 0.35:
                scene.blend(
                    stroke([(a, b), (a + 2, b + scene.between(60, 190))], 6, 1.5), inks[first]
                )
        x += scene.between(190, 250)
    swing = curve(
        [(scene.between(200, 400), 800), (700, 720), (1000, 850), (scene.between(1200, 1450), 690)]
    )
    scene.blend(stroke(swing, 24, 3), inks[(first + 1) % 4])
    scene.pixels *= 1 + 0.05 * scene.noise(400)[..., None]
