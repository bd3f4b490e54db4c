"""Let a body join the region: write it, its Gemeinden, queue and clerk into the region file."""

from dataclasses import dataclass
from pathlib import Path

from melder_routing.domain.joining import Joining, join
from melder_routing.store.region_editing import with_entries, write_whole
from melder_routing.store.region_file import read_pack, read_region_file
from melder_routing.use_cases.read_region import read_region


@dataclass(frozen=True, slots=True)
class Added:
    """What was written, and the file as it was before: to be put back if it cannot be applied."""

    joining: Joining
    before: str


def add_body(
    path: Path, key: str, *, clerk: str | None = None, mailbox: str | None = None
) -> Added:
    """Add the body with the regional ``key`` to the region file ``path``.

    The new file is read and checked as a whole; a file that would not do is put back. Raises
    JoiningRefused, RegionRefused.
    """
    prepared, declared = read_region(path), read_region_file(path)
    packs = [read_pack(path.parent / choice.directory) for choice in declared.region.packs]
    features = [feature for found in prepared.features.values() for feature in found]
    joining = join(key, prepared.region, features, packs, clerk=clerk, mailbox=mailbox)
    before = path.read_text(encoding="utf-8")
    clerks = (joining.clerk,) if joining.clerk else ()
    added = {"bodies": joining.bodies, "queues": (joining.queue,), "clerks": clerks}
    write_whole(path, with_entries(before, added))
    try:
        read_region(path)
    except ValueError:
        write_whole(path, before)
        raise
    return Added(joining, before)


def take_back(path: Path, added: Added) -> None:
    """Put the region file back as it was."""
    write_whole(path, added.before)
