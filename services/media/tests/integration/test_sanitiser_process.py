"""The process around the decoder: what it may use, and what happens when it falls."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import psutil
import pytest

from melder_media.domain.pictures import PictureRefused, PictureTooHard, Refusal
from melder_media.sanitiser import client
from melder_media.sanitiser.client import Limits, Sanitiser, SanitiserBusy

pytestmark = pytest.mark.integration

Descriptor = Callable[[bytes], int]


@pytest.fixture
async def sanitiser() -> AsyncIterator[Sanitiser]:
    one = Sanitiser(Limits())
    yield one
    one.close()


def processes() -> list[psutil.Process]:
    alive = [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]
    return [one for one in alive if "melder_media.sanitiser" in one.cmdline()]


async def test_many_pictures_share_one_process(
    sanitiser: Sanitiser, pictures: Any, descriptor_of: Descriptor
) -> None:
    source = descriptor_of(pictures.jpeg(1200, 800))
    found = await asyncio.gather(*(sanitiser.render(source) for _ in range(6)))
    assert all(len(files) == 6 for files in found)
    assert len(processes()) == 1


async def test_it_knows_no_secrets_and_holds_nothing_open(
    sanitiser: Sanitiser, pictures: Any, descriptor_of: Descriptor
) -> None:
    os.environ["MEDIA_TEST_SECRET"] = "CANARY"
    try:
        await sanitiser.inspect(descriptor_of(pictures.jpeg()))
        (process,) = processes()
        assert "CANARY" not in "".join(process.environ().values())
        assert not any("MEDIA" in name for name in process.environ())
        assert process.net_connections(kind="inet") == []
        assert process.cwd() == "/"
    finally:
        del os.environ["MEDIA_TEST_SECRET"]


async def test_too_much_memory_ends_the_picture_only(
    pictures: Any, descriptor_of: Descriptor
) -> None:
    tight = Sanitiser(Limits(memory=300 << 20))
    try:
        with pytest.raises((PictureTooHard, PictureRefused)) as caught:
            await tight.render(descriptor_of(pictures.slow_jpeg()))
        assert caught.type is PictureTooHard or caught.value.refusal is Refusal.UNREADABLE
        assert len(await tight.render(descriptor_of(pictures.jpeg()))) == 6
    finally:
        tight.close()


@pytest.mark.parametrize("limit", [{"wall_seconds": 1.0}, {"cpu_seconds": 1, "wall_seconds": 30.0}])
async def test_too_much_time_ends_the_picture_only(
    limit: dict[str, Any], pictures: Any, descriptor_of: Descriptor
) -> None:
    quick = Sanitiser(replace(Limits(), **limit))
    slow = descriptor_of(pictures.slow_jpeg())
    try:
        with pytest.raises(PictureTooHard):
            await quick.render(slow)
        assert (await quick.inspect(descriptor_of(pictures.jpeg(64, 64)))).width == 64
    finally:
        quick.close()


async def test_a_process_that_was_killed_is_replaced(
    sanitiser: Sanitiser, pictures: Any, descriptor_of: Descriptor
) -> None:
    source = descriptor_of(pictures.jpeg())
    await sanitiser.inspect(source)
    (process,) = processes()
    process.send_signal(signal.SIGKILL)
    process.wait(5)
    assert (await sanitiser.inspect(source)).width == 320


async def test_an_idle_process_leaves(
    sanitiser: Sanitiser, pictures: Any, descriptor_of: Descriptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "IDLE_SECONDS", 0.2)
    source = descriptor_of(pictures.jpeg())
    await sanitiser.inspect(source)
    (process,) = processes()
    assert await asyncio.to_thread(process.wait, 10) == 0
    assert (await sanitiser.inspect(source)).width == 320


async def test_nobody_waits_for_ever(pictures: Any, descriptor_of: Descriptor) -> None:
    impatient = Sanitiser(Limits(processes=1, patience=0.01))
    source = descriptor_of(pictures.jpeg(3000, 2000))
    try:
        answers = await asyncio.gather(
            *(impatient.render(source) for _ in range(3)), return_exceptions=True
        )
    finally:
        impatient.close()
    assert [type(answer) for answer in answers].count(SanitiserBusy) == 2


async def test_descriptors_are_given_back(
    sanitiser: Sanitiser, pictures: Any, descriptor_of: Descriptor
) -> None:
    good, bad = descriptor_of(pictures.jpeg()), descriptor_of(b"no picture")
    await sanitiser.inspect(good)
    before = psutil.Process().num_fds()
    for _ in range(5):
        await sanitiser.inspect(good)
        with pytest.raises(PictureRefused):
            await sanitiser.inspect(bad)
    assert psutil.Process().num_fds() <= before
