"""FixMyStreet's client, as it speaks: it would get along with our server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from melder_local.photos import generate_photo

from .server import Server, Target
from .transcripts import Transcript, play, read_transcripts

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

TRANSCRIPTS = read_transcripts(Path(__file__).parent / "fixmystreet.yaml")


@pytest.fixture(scope="module")
def values(server: Server, target: Target) -> dict[str, str]:
    """What the transcripts know of this server."""
    return {
        "key": target.api_key,
        "jurisdiction": target.jurisdiction,
        "shown_1": server.shown[0],
        "shown_2": server.shown[1],
    }


@pytest.fixture(scope="module")
def http(target: Target) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{target.endpoint}/", timeout=60) as http:
        yield http


@pytest.fixture(scope="module")
def photo() -> bytes:
    return generate_photo("bench", 2)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_it_gets_along(
    http: httpx.Client, values: dict[str, str], photo: bytes, transcript: Transcript
) -> None:
    play(transcript, http, values, photo)
