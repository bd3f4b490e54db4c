"""A sealing key's time is over: free the contacts of it, or say what still needs it."""

from collections.abc import Collection

from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.key_periods import needed_until
from melder_notify.store.case_mails import count_mails_sealed_with
from melder_notify.store.contacts import keep_boxes, lock_as_received
from melder_notify.store.dead_letters import count_letters_sealed_with
from melder_notify.store.vault import Vault

BATCH = 500


async def retire_sealing_key(
    unit: UnitOfWork, key_id: str, known: Collection[str], vault: Vault
) -> str | None:
    """Seal every contact of the period again; returns why its key is still needed, or None.

    ``known``: all periods that have a public key. Raises EnvelopeUnreadable when a contact cannot
    be opened with the key, so that nobody destroys the wrong one.
    """
    until = needed_until(key_id, known)
    if until is None:
        return "it is the newest key; create the next period's first (rotate)"
    if unit.now < until:
        return f"logs may hold envelopes of this period until {until:%Y-%m-%d}"
    while sealed := await lock_as_received(unit.connection, key_id, limit=BATCH):
        again = [vault.seal(box.contact_id, vault.open(box)) for box in sealed]
        await keep_boxes(unit.connection, again)
    mails = await count_mails_sealed_with(unit.connection, key_id)
    if mails:
        return f"{mails} mails to bodies need it: let them leave first, or see why they do not"
    letters = await count_letters_sealed_with(unit.connection, key_id)
    if letters:
        return f"{letters} dead letters need it: replay or skip them first"
    return None
