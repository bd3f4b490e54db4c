"""Identifiers of catalogue entries: they follow from the slug, the same at every apply."""

from uuid import NAMESPACE_URL, UUID, uuid5


def body_id(slug: str) -> UUID:
    """The id of a body, which is also the aggregate id of its catalogue events."""
    return uuid5(NAMESPACE_URL, f"body:{slug}")


def category_id(slug: str) -> UUID:
    """The id of a category, which is also the aggregate id of its catalogue events."""
    return uuid5(NAMESPACE_URL, f"category:{slug}")


def queue_id(slug: str) -> UUID:
    """The id of a queue."""
    return uuid5(NAMESPACE_URL, f"queue:{slug}")


def region_id(slug: str) -> UUID:
    """The aggregate id of the reception area and of ``catalogue.published``."""
    return uuid5(NAMESPACE_URL, f"region:{slug}")
