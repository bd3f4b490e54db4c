"""Settle a spooled file after media took it, or refused it for good."""

from uuid import UUID

from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import photo_spool, public_view, reports


async def settle_forwarded_photo(
    unit: UnitOfWork, photo_id: UUID, *, upload_token: str | None
) -> None:
    """Media has the file: keep the token for the reporter's own page, free the spool."""
    if upload_token:
        await reports.set_upload_token(unit.connection, photo_id, upload_token)
    await photo_spool.forget_spooled(unit.connection, photo_id)


async def give_up_photo(unit: UnitOfWork, photo_id: UUID, *, reason: str) -> None:
    """Media will never take the file: say so on the reporter's page, free the spool."""
    await public_view.change_photos(
        unit.connection,
        [
            {
                "for_photo": photo_id,
                "new_state": "rejected",
                "new_reason": reason,
                "at": unit.now,
            }
        ],
    )
    await photo_spool.forget_spooled(unit.connection, photo_id)
