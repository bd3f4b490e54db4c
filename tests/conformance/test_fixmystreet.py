"""FixMyStreet's client, as it speaks: it would get along with our server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from melder_local.photos import generate_photo

from .server import Server, Target
from .transcripts import Transcript, play, read_transcripts

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

TRANSCRIPTS = read_transcripts(Path(__file__).parent / "fixmystreet.yaml")


@pytest.fixture
def values(server: Server, target: Target) -> dict[str, str]:
    """What the transcripts know of this server and of the time."""
    now, hour = datetime.now(UTC), timedelta(hours=1)
    return {
        "now": f"{now:%FT%TZ}",
        "hour_ago": f"{now - hour:%FT%TZ}",
        "in_an_hour": f"{now + hour:%FT%TZ}",
        "unique": uuid4().hex,
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
