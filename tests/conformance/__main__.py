"""``python -m tests.conformance URL [--key …]``: check any server, print a table."""

import argparse
import sys
from collections import Counter

import httpx

from .run import CHECKS, Finding, run
from .server import Server, Target


def main() -> int:
    """Print what came of every check; 1 when a rule is broken or nobody answers."""
    target = _target()
    with httpx.Client(timeout=60) as http:
        server = Server(target, http)
        try:
            server.prepare()
        except (AssertionError, httpx.HTTPError) as wrong:
            sys.stdout.write(f"broken    {target.endpoint} cannot be asked: {wrong}\n")
            return 1
        found = run(server, CHECKS)
    _print(found)
    return min(1, sum(one.state == "broken" for one in found))


def _target() -> Target:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("endpoint", help="address before /services.xml")
    parser.add_argument("--key", default="", help="API key; without one nothing is posted")
    parser.add_argument("--jurisdiction", default="", help="a jurisdiction_id the server knows")
    parser.add_argument("--service", default=Target.service, help="a service without attributes")
    parser.add_argument("--lat", type=float, default=Target.lat)
    parser.add_argument("--long", type=float, default=Target.long)
    given = parser.parse_args()
    return Target(
        given.endpoint.rstrip("/"), given.key, given.jurisdiction, given.service, given.lat,
        given.long,
    )  # fmt: skip


def _print(found: list[Finding]) -> None:
    for one in found:
        line = f"{one.state:9} {one.check}"
        sys.stdout.write(f"{line}\n{'':10}{one.why}\n" if one.why else f"{line}\n")
    counted = Counter(one.state for one in found)
    sys.stdout.write(", ".join(f"{number} {state}" for state, number in counted.items()) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
