"""Keep the files of a form that comes back with a mistake: nobody has to pick them again."""

from melder_common.unit_of_work import UnitOfWork
from melder_intake.domain.submission import PhotoFile
from melder_intake.store import photo_spool


async def keep_draft_photo(unit: UnitOfWork, file: PhotoFile, *, spool_bytes: int) -> bool:
    """Spool ``file`` without a report; False when the spool is full."""
    held = await photo_spool.get_spooled_bytes(unit.connection)
    if held + len(file.content) > spool_bytes:
        return False
    await photo_spool.add_to_spool(unit.connection, file, report_id=None, at=unit.now)
    return True
