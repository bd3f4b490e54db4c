"""The public history as updates of service requests; nothing in here that the policy hides."""

from collections.abc import Iterable, Iterator

from melder_intake.domain.open311_status import status_word
from melder_intake.http.open311.documents import Value
from melder_intake.http.presenting import STATE_TITLES
from melder_intake.store.public_updates import PublicUpdate


def update_rows(updates: Iterable[PublicUpdate], origin: str) -> Iterator[Value]:
    """Each update as FixMyStreet reads it."""
    for update in updates:
        photo = update.photo_id
        yield {
            "update_id": str(update.update_id),
            "service_request_id": update.number,
            "status": status_word(update.state, update.reason),
            "updated_datetime": update.at,
            "description": _description(update),
            "media_url": f"{origin}/photos/{photo}/full.jpg" if photo else None,
        }


def _description(update: PublicUpdate) -> str:
    """The body's words, or what happened: an update without text would be nothing to read."""
    if update.text:
        return update.text
    match update.kind:
        case "routed" | "handover":
            return _who(update)
        case "photo":
            return "Ein Foto ist jetzt öffentlich."
        case _:
            return f"{STATE_TITLES[update.state]}."


def _who(update: PublicUpdate) -> str:
    undecided = "Die Zuständigkeit wird geklärt."
    if update.kind == "routed":
        decided = update.data.get("decision") == "decided"
        return f"Zuständig ist jetzt: {update.body_name}." if decided else undecided
    if update.data.get("step") == "to_clearing":
        return f"{undecided} Die Meldung liegt bei: {update.body_name}."
    return f"Die Meldung wurde übergeben. Zuständig ist jetzt: {update.body_name}."
