"""The server under test: a whole installation with two reports on which a clerk has worked."""

from collections.abc import Iterator

import httpx
import pytest

from melder_local.people import Clerk
from melder_local.system import System, eventually

from .server import Server, Target


@pytest.fixture(scope="session")
def target(system: System) -> Target:
    info = system.info()
    endpoint = f"{system.url}/open311/v2"
    return Target(endpoint, info["OPEN311_KEY"], info["JURISDICTION_ID"])


@pytest.fixture(scope="session")
def server(system: System, target: Target) -> Iterator[Server]:
    """The reports are routed, accepted, and their texts public."""
    with (
        httpx.Client(timeout=60) as http,
        Clerk(system.url, *system.clerk("amt-carbaek")) as clerk,
    ):
        server = Server(target, http)
        server.prepare()
        for number in server.shown:
            eventually(lambda number=number: clerk.sees(number), what="the case at the desk")
            clerk.act(number, "/accept")
            server.wait_for(number, "description")
        yield server
