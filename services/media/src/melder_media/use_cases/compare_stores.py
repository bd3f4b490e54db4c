"""Compares rows with objects: what only one side knows, no cursor can see."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from melder_common.reconcile import Reconciler
from melder_common.unit_of_work import UnitsOfWork
from melder_media.domain.names import first_name_since, original_name, rendition_name
from melder_media.domain.photo import SHOWABLE, OriginalAt, Photo
from melder_media.domain.pictures import Encoding, Size
from melder_media.parts import Parts
from melder_media.store import photos

LOOK_BACK = timedelta(days=8)
"""How old photos may be that are compared; a whole store is too much for every few minutes."""
SETTLED = timedelta(hours=1)
"""Younger objects may belong to an upload that is being committed just now."""


async def count_missing_objects(units: UnitsOfWork, parts: Parts) -> int:
    """Rows whose objects are not in the store: the photo is lost, or the bucket is wrong."""
    since = units.clock() - LOOK_BACK
    async with units.begin() as unit:
        kept = await photos.list_kept_photos(unit, since=since)
    after = first_name_since(since - LOOK_BACK)
    missing = 0
    for bucket, expected in _expected(kept, parts).items():
        there = {name for name, _ in await parts.objects.list_names(bucket, after=after)}
        missing += len(expected - there)
    return missing


async def remove_unknown_objects(units: UnitsOfWork, parts: Parts) -> int:
    """Objects without a row, left by a process that died between store and commit.

    They are sealed under a key that nobody has any more; they are removed here.
    """
    settings, now = parts.settings, units.clock()
    after = first_name_since(now - LOOK_BACK)
    removed = 0
    for bucket in (settings.s3_bucket_originals, settings.s3_bucket_renditions):
        found = await parts.objects.list_names(bucket, after=after)
        old = [name for name, changed in found if changed < now - SETTLED]
        async with units.begin() as unit:
            known = await photos.find_known_ids(unit, _owners(old))
        unknown = [name for name in old if _owner(name) not in known]
        await parts.objects.delete(bucket, unknown)
        removed += len(unknown)
    return removed


RECONCILERS: Sequence[Reconciler[Parts]] = (
    Reconciler("photo_rows_without_object", count_missing_objects),
    Reconciler("photo_objects_without_row", remove_unknown_objects),
)


def _expected(kept: Iterable[Photo], parts: Parts) -> dict[str, set[str]]:
    originals: set[str] = set()
    renditions: set[str] = set()
    for photo in kept:
        if photo.original_at is OriginalAt.STORE:
            originals.add(original_name(photo.id))
        if photo.state in SHOWABLE and photo.rendition_version:
            version = photo.rendition_version
            renditions |= {
                rendition_name(photo.id, version, size, encoding)
                for size in Size
                for encoding in Encoding
            }
    settings = parts.settings
    return {settings.s3_bucket_originals: originals, settings.s3_bucket_renditions: renditions}


def _owner(name: str) -> UUID | None:
    try:
        return UUID(name.partition("/")[0])
    except ValueError:
        return None


def _owners(names: Iterable[str]) -> set[UUID]:
    return {owner for name in names if (owner := _owner(name)) is not None}
