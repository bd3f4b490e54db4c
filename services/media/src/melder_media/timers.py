"""What falls due in media, by the kind under which it was planned."""

from melder_common.timers import TimerHandler
from melder_media.parts import Parts
from melder_media.use_cases.bind_photos import expire_claim
from melder_media.use_cases.delete_photo import delete_original, delete_photo, sweep_orphan
from melder_media.use_cases.move_to_store import move_to_store
from melder_media.use_cases.render_photo import render_photo

TIMERS: dict[str, TimerHandler[Parts]] = {
    "render_photo": render_photo,
    "move_to_store": move_to_store,
    "expire_claim": expire_claim,
    "sweep_orphan": sweep_orphan,
    "delete_original": delete_original,
    "delete_photo": delete_photo,
}
