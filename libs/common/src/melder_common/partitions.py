"""Which numbered log an event belongs to."""

from uuid import UUID

CATALOGUE_PARTITION = 0
"""The catalogue's own log; reports share the partitions 1 … P out."""


def partition_of(key: UUID, partitions: int) -> int:
    """The partition (1 … ``partitions``) of a report, or of an aggregate that has none.

    The last 8 bytes of a UUIDv7 are random, so their remainder spreads evenly.
    """
    return 1 + int.from_bytes(key.bytes[8:], "big") % partitions
