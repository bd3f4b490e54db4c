"""What notify hears, and which use case answers."""

from collections.abc import Mapping
from typing import Any

from melder_common.events import (
    CaseHandedOver,
    CaseLinkIssued,
    CaseMerged,
    CaseMessagePosted,
    CaseRouted,
    CaseStatusChanged,
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CataloguePublished,
    Event,
    ReportErased,
    ReportSubmitted,
)
from melder_notify.use_cases.erase_contacts import erase_reports
from melder_notify.use_cases.learn_catalogue import learn_bodies, learn_categories, learn_region
from melder_notify.use_cases.note_progress import (
    note_changed_states,
    note_merged_cases,
    note_posted_messages,
)
from melder_notify.use_cases.note_routing import note_handed_over_cases, note_routed_cases
from melder_notify.use_cases.take_links import take_links
from melder_notify.use_cases.take_reports import take_reports

SUBSCRIPTIONS: Mapping[type[Event], Any] = {
    ReportSubmitted: take_reports,
    CaseRouted: note_routed_cases,
    CaseStatusChanged: note_changed_states,
    CaseHandedOver: note_handed_over_cases,
    CaseMerged: note_merged_cases,
    CaseMessagePosted: note_posted_messages,
    CaseLinkIssued: take_links,
    ReportErased: erase_reports,
    CatalogueBodyDescribed: learn_bodies,
    CatalogueCategoryDescribed: learn_categories,
    CataloguePublished: learn_region,
}
"""Handlers take what was heard in order, many events at once, and write in one transaction."""
