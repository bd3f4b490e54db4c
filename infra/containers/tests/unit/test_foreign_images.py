"""Images come from a registry that answers; else they are made, and the check says which."""

from pathlib import Path
from typing import ClassVar

import pytest

from melder_containers.check import Outcome
from melder_containers.engine import Engine, mounts_below
from melder_containers.foreign_images import ForeignImage, ForeignImages
from melder_containers.main import table
from melder_containers.running import ProgramFailed
from melder_containers.service_images import ServiceImage

NATS = ForeignImage("nats:2.12-alpine", "nats")
STORE = ForeignImage("cgr.dev/chainguard/minio:latest", "s3")


class FakeEngine(Engine):
    """Knows the images that a registry has; remembers what it was told."""

    registry: ClassVar[frozenset[str]] = frozenset()
    told: ClassVar[list[tuple[str, ...]]] = []

    def docker(self, *arguments: str, stdin: str | None = None) -> str:
        self.told.append(arguments)
        if arguments[0] == "pull" and arguments[-1] not in self.registry:
            raise ProgramFailed("docker pull\nmanifest unknown")
        return "1" if arguments[0] == "images" else ""


def provide(
    image: ForeignImage, directory: Path, *, reachable: bool, registry: set[str]
) -> tuple[str, list[tuple[str, ...]]]:
    class Known(FakeEngine):
        pass

    Known.registry, Known.told = frozenset(registry), []
    engine = Known("docker", ("docker-compose",), None, own=False)
    images = ForeignImages(engine, directory, None, answers=lambda _registry: reachable)
    return images.provide(image), Known.told


def test_an_image_that_a_registry_has_is_pulled(tmp_path: Path) -> None:
    source, told = provide(NATS, tmp_path, reachable=True, registry={NATS.name})
    assert source == "pulled"
    assert told == [("pull", "--quiet", NATS.name)]


@pytest.mark.parametrize("reachable", [True, False])
def test_an_image_that_cannot_be_had_is_made_under_its_name(
    tmp_path: Path,
    reachable: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    source, told = provide(STORE, tmp_path, reachable=reachable, registry=set())
    assert source == "stand-in"
    assert told[-1][0] == "build"
    assert STORE.name in told[-1]
    assert "melder.stand-in=s3" in told[-1]
    assert any(one[0] == "pull" for one in told) is reachable


def test_the_table_names_every_image_and_its_source() -> None:
    outcome = Outcome(engine="Docker engine 1", sources={NATS.name: "stand-in"})
    outcome.images.append(ServiceImage("intake", 231_400_000, 90, ()))
    rows = table(outcome).splitlines()
    assert "| image melder-intake | 231 MB |" in rows
    assert "| image nats:2.12-alpine | stand-in |" in rows


def test_mounts_that_an_engine_left_are_found() -> None:
    text = (
        "proc /proc proc rw 0 0\n/dev/vda /x/data ext4 rw 0 0\noverlay /x/data/b overlay rw 0 0\n"
    )
    assert mounts_below(Path("/x"), text) == ["/x/data", "/x/data/b"]
    assert mounts_below(Path("/x/d"), text) == []
