"""Writes the digests of a release into ``images/kustomization.yaml``, the one place for images.

    docker buildx imagetools inspect … | …    # whatever tells name and digest after the push
    infra/k8s/fill_digests.py melder/intake=registry.example/melder/intake@sha256:… [more …]

Every image that is not named keeps what it has; ``--complete`` refuses to end while one is still
the placeholder of zeros.
"""

import argparse
import re
import sys
from pathlib import Path

IMAGES = Path(__file__).parent / "images/kustomization.yaml"
PLACEHOLDER = "sha256:" + "0" * 64
_GIVEN = re.compile(r"(?P<name>[^=@\s]+)=(?P<new_name>[^=@\s]+)@(?P<digest>sha256:[0-9a-f]{64})")
_ENTRY = re.compile(r"  - name: (?P<name>\S+)\n    newName: \S+\n    digest: (?P<digest>\S+)\n")


class Refused(Exception):
    """The release cannot be written; the message says why."""


def fill(text: str, given: list[str]) -> str:
    """``text`` of the component with the images ``given`` as ``name=new/name@sha256:…``."""
    known = {entry["name"] for entry in _ENTRY.finditer(text)}
    wanted = {}
    for argument in given:
        found = _GIVEN.fullmatch(argument)
        if found is None:
            raise Refused(f"{argument!r} is not name=registry/name@sha256:<64 hexadecimal digits>")
        if found["name"] not in known:
            raise Refused(f"there is no image {found['name']}; known: {', '.join(sorted(known))}")
        wanted[found["name"]] = found

    def replace(entry: re.Match[str]) -> str:
        new = wanted.get(entry["name"])
        if new is None:
            return entry.group()
        lines = (
            f"  - name: {new['name']}",
            f"    newName: {new['new_name']}",
            f"    digest: {new['digest']}",
        )
        return "\n".join(lines) + "\n"

    return _ENTRY.sub(replace, text)


def unfilled(text: str) -> list[str]:
    """The images whose digest is still the placeholder."""
    return [entry["name"] for entry in _ENTRY.finditer(text) if entry["digest"] == PLACEHOLDER]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("image", nargs="*", help="name=registry/name@sha256:…")
    parser.add_argument("--complete", action="store_true", help="fail when a digest is missing")
    arguments = parser.parse_args()
    try:
        text = fill(IMAGES.read_text(encoding="utf-8"), arguments.image)
    except Refused as refusal:
        sys.exit(str(refusal))
    missing = unfilled(text)
    if arguments.complete and missing:
        sys.exit(f"without a digest: {', '.join(missing)}; nothing was written")
    IMAGES.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
