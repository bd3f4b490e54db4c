"""P6: processor time of the sanitiser against a bare pyvips loop, same renditions and encoders.

Run: ``VIPS_CONCURRENCY=1 python services/media/bench/photos.py [photos per round]``. Both sides
work on the same 12-megapixel JPEG in the same run, in turn; the median of the ratios counts.
"""

import asyncio
import json
import os
import resource
import statistics
import sys
import time

import pyvips

from melder_media.domain.pictures import LONG_SIDE, Size
from melder_media.sanitiser.client import Limits, Sanitiser
from melder_media.sanitiser.picture import JPEG_QUALITY, WEBP_EFFORT, WEBP_QUALITY

ROUNDS = 5


def make_photo() -> bytes:
    """A 12-megapixel JPEG with the detail of a real one (about 3 MB)."""
    bands = [pyvips.Image.perlin(4032, 3024, cell_size=cell, seed=cell) for cell in (256, 64, 32)]
    image = bands[0].bandjoin(bands[1:]).linear([100, 80, 60], [128, 128, 128])
    noisy = image + pyvips.Image.gaussnoise(4032, 3024, sigma=8, seed=1)
    plain: bytes = noisy.cast("uchar").copy(interpretation="srgb").jpegsave_buffer(Q=90)
    return plain


def bare_loop(photo: bytes) -> None:
    """What it costs at least: decode, three sizes, two encoders, no process, no checks."""
    image = pyvips.Image.jpegload_buffer(photo, access="sequential", shrink=2)
    for size in (Size.FULL, Size.LIST, Size.THUMBNAIL):
        side = LONG_SIDE[size]
        image = image.thumbnail_image(side, height=side, size="down").copy_memory()
        image.webpsave_buffer(Q=WEBP_QUALITY, effort=WEBP_EFFORT, keep="none")
        image.jpegsave_buffer(Q=JPEG_QUALITY, optimize_coding=True, keep="none")


async def sanitise(photo: bytes, times: int, *, inspect: bool) -> float:
    """Processor seconds for ``times`` photos, with the start of the process."""
    before = _cpu()
    sanitiser = Sanitiser(Limits(processes=1))
    source = os.memfd_create("photo")
    os.write(source, photo)
    for _ in range(times):
        if inspect:
            await sanitiser.inspect(source)
        await sanitiser.render(source)
    await sanitiser.inspect(source)  # lets the process count its last child in
    sanitiser.close()
    os.close(source)
    return _cpu() - before


def _cpu() -> float:
    ours = resource.getrusage(resource.RUSAGE_SELF)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ours.ru_utime + ours.ru_stime + others.ru_utime + others.ru_stime


def main(photos: int) -> None:
    """Print the figures as JSON."""
    pyvips.cache_set_max(0)
    photo = make_photo()
    bare_loop(photo)
    bare: list[float] = []
    ours: list[float] = []
    whole: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(photos):
            bare_loop(photo)
        bare.append((time.process_time() - begun) / photos)
        ours.append(asyncio.run(sanitise(photo, photos, inspect=False)) / photos)
        whole.append(asyncio.run(sanitise(photo, photos, inspect=True)) / photos)
    ratios = [round(b / o, 3) for b, o in zip(bare, ours, strict=True)]
    print(
        json.dumps(
            {
                "photo_bytes": len(photo),
                "bare_cpu_ms": round(1000 * statistics.median(bare), 1),
                "render_cpu_ms": round(1000 * statistics.median(ours), 1),
                "inspect_and_render_cpu_ms": round(1000 * statistics.median(whole), 1),
                "bare_over_render": statistics.median(ratios),
                "ratios": ratios,
                "largest_process_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
                // 1024,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
