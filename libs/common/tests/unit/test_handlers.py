"""Which logs a service follows is derived from what it hears."""

from typing import Any

from melder_common.events import CaseRouted, CataloguePublished, PhotoReady, ReportSubmitted
from melder_common.handlers import find_handlers, find_logs


async def handle(*_: Any) -> None:
    """Only its name counts here."""


def test_the_catalogue_has_its_own_partition_and_the_own_log_is_not_followed() -> None:
    subscriptions: dict[Any, Any] = {
        CataloguePublished: handle,
        CaseRouted: handle,
        PhotoReady: handle,
        ReportSubmitted: handle,
    }
    assert find_logs(subscriptions, "intake", 2) == {
        0: ["routing"],
        1: ["media", "routing"],
        2: ["media", "routing"],
    }


def test_who_hears_nothing_follows_nothing() -> None:
    assert find_logs({}, "media", 2) == {0: [], 1: [], 2: []}


def test_handlers_are_found_by_the_name_on_the_wire() -> None:
    subscriptions: dict[Any, Any] = {CaseRouted: handle}
    assert find_handlers(subscriptions) == {"case.routed.v1": handle}
