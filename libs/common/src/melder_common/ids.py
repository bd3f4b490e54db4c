"""Identifiers, minted before the first try."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by time, tells nothing else."""
    return uuid_utils.compat.uuid7()
