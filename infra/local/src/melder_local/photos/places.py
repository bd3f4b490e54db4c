"""Where things happen: skies, houses, trees, roads, lawns."""

import numpy as np
from PIL import ImageDraw

from melder_local.photos.canvas import (
    HEIGHT,
    WIDTH,
    Colour,
    Patch,
    Pixels,
    Scene,
    area,
    box,
    dim,
    to_image,
)

ASPHALT: Colour = (0.36, 0.36, 0.37)
GRASS: Colour = (0.30, 0.42, 0.17)
PAVING: Colour = (0.60, 0.58, 0.54)
METAL: Colour = (0.33, 0.35, 0.36)


def sky(
    scene: Scene,
    top: Colour = (0.42, 0.60, 0.82),
    low: Colour = (0.80, 0.86, 0.91),
    cloud: Colour = (0.93, 0.93, 0.94),
) -> None:
    """A sky with clouds, brighter towards the horizon."""
    down = np.clip(np.arange(HEIGHT) / scene.horizon, 0, 1)[:, None, None]
    scene.pixels[:] = np.asarray(top) * (1 - down) + np.asarray(low) * down
    clouds = np.clip(scene.noise(500, 5) * 1.8 + scene.cloudy - 0.4, 0, 0.85)
    scene.blend(Patch(clouds, 0, 0), cloud)


def trees(scene: Scene, y: float, tall: float, tone: Colour = (0.24, 0.34, 0.16)) -> None:
    """A row of bushes and trees standing on ``y``."""
    for _ in range(34):
        x, high = scene.between(-60, WIDTH + 60), scene.between(0.4, 1) * tall
        crown = area(scene.blob(x, y - high * 0.6, high * 0.55, high * 0.6, 0.35), 5)
        scene.paint(crown, dim(tone, scene.between(0.6, 1.3)), rough=0.55, cell=26, slope=0.7)


def houses(scene: Scene, y: float, *, lit: bool = False, tone: float = 1.0) -> None:
    """A street of houses standing on ``y``."""
    x = scene.between(-180, 0)
    while x < WIDTH:
        wide, high = scene.between(210, 360), scene.between(210, 340)
        warm = scene.between(0.55, 0.82) * tone
        wall = (warm, warm * scene.between(0.86, 0.97), warm * scene.between(0.7, 0.92))
        scene.paint(area(box(x, y - high, wide, high)), wall, rough=0.06, cell=60, slope=0.15)
        roof = [(x - 12, y - high), (x + wide * 0.5, y - high - 100), (x + wide + 12, y - high)]
        scene.paint(area(roof), dim((0.50, 0.24, 0.18), tone), rough=0.15, cell=12)
        for row in range(2):
            for column in range(3):
                left = x + wide * (0.13 + 0.28 * column)
                pane = box(left, y - high * (0.86 - 0.44 * row), wide * 0.16, high * 0.24)
                glass = dim((0.20, 0.25, 0.30), tone)
                if lit and scene.chance.random() < 0.4:
                    glass = (0.98, 0.80, 0.45)
                scene.paint(area(pane), glass, rough=0.2, cell=40)
        x += wide + scene.between(0, 46)


def stony(scene: Scene, colour: Colour, grain: float = 0.10, stains: float = 0.12) -> Pixels:
    """A flat texture of fine stones with stains."""
    tile = np.tile(np.asarray(colour, np.float32), (HEIGHT, WIDTH, 1))
    speckle = scene.chance.normal(0, grain, (HEIGHT, WIDTH, 1)).astype(np.float32)
    return tile * (1 + speckle + stains * scene.noise(300, 4)[..., None])


def slabs(scene: Scene, colour: Colour, wide: int = 160, high: int = 160) -> Pixels:
    """Paving: slabs of slightly different tone between dark joints."""
    tile = stony(scene, colour, 0.06, 0.10)
    for row, y in enumerate(range(0, HEIGHT, high)):
        shift = (row % 2) * wide // 2
        for x in range(-shift, WIDTH, wide):
            tile[y : y + high, max(0, x) : x + wide] *= scene.between(0.88, 1.08)
            tile[y : y + high, max(0, x) : max(0, x + 5)] *= 0.55
        tile[y : y + 5] *= 0.55
    return tile


def grass(scene: Scene, top: float) -> None:
    """A lawn from ``top`` down, its blades longer the nearer they are."""
    scene.paint(area(box(-5, top, WIDTH + 10, HEIGHT)), GRASS, rough=0.25, cell=260)
    sheet = to_image(scene.pixels)
    pen = ImageDraw.Draw(sheet)
    for y in np.sort(scene.chance.uniform(top - 2, HEIGHT, 42000)):
        near = (y - top) / (HEIGHT - top)
        x, green = scene.between(0, WIDTH), scene.between(0.62, 1.3)
        tip = (x + scene.between(-5, 5) * near, y - scene.between(2, 5 + 22 * near))
        tone = (GRASS[0] * green * scene.between(0.85, 1.2), GRASS[1] * green, GRASS[2] * green)
        pen.line(
            (x, y, *tip),
            fill=tuple(int(255 * min(1, part)) for part in tone),
            width=1 + int(near * 2),
        )
    scene.pixels = np.asarray(sheet, np.float32) / 255


def road(scene: Scene, tile: Pixels, left: float = 0.5, right: float = 0.5) -> None:
    """Lay ``tile`` from the lower edge to the horizon; shares of the width at the horizon."""
    top = scene.horizon
    far = ((0.5 - left) * WIDTH, top), ((0.5 + right) * WIDTH, top)
    scene.lay(tile, [far[0], far[1], (WIDTH * 1.9, HEIGHT), (-WIDTH * 0.9, HEIGHT)])


def marked(scene: Scene, tile: Pixels) -> Pixels:
    """A road with a worn, dashed line."""
    for y in range(0, HEIGHT, 240):
        worn = 0.55 + 0.25 * scene.chance.random((130, 26, 1), np.float32)
        tile[y : y + 130, 1040:1066] = worn
    return tile


def verge(scene: Scene) -> None:
    """Trees, a lawn and a paved path: where most things happen."""
    scene.horizon = 400
    sky(scene)
    if scene.chance.random() < 0.5:
        houses(scene, 430)
    trees(scene, 425, 260)
    scene.blur(6)
    grass(scene, 400)
    scene.lay(slabs(scene, PAVING, 90, 60), [(-500, 900), (2100, 900), (3200, 1500), (-1600, 1500)])
    edge = [(0, 896), (WIDTH, 896), (WIDTH, 912), (0, 912)]
    scene.paint(area(edge), (0.50, 0.49, 0.46), rough=0.3, cell=18)
