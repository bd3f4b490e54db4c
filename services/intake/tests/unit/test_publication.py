"""What may be public, for every policy and every state of review."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from melder_common.event_values import BodyRef, CaseState, PublicationPolicy
from melder_intake.domain.publication import (
    KnownPhoto,
    KnownReport,
    SentDetails,
    publish,
    publish_details,
)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROSTOCK = BodyRef(slug="rostock", name="Rostock")
KNOWN = KnownReport(
    report_id=UUID(int=1),
    number="5GXRHP1R",
    submitted_at=AT,
    changed_at=AT,
    category="road-pothole",
    state=CaseState.ACCEPTED,
    policy=PublicationPolicy(),
    lat=54.0887,
    long=12.1405,
    address="Lange Straße 1",
    text="Tiefes Loch",
    municipality="Rostock",
    responsible=ROSTOCK,
    reason={"de": "140 m von der Grenze"},
    photos=(
        KnownPhoto(UUID(int=2), "released"),
        KnownPhoto(UUID(int=3), "ready"),
        KnownPhoto(UUID(int=4), "hidden"),
    ),
)


@pytest.mark.parametrize(
    ("policy", "reviewed"),
    list(product(["at_once", "after_review", "never"], [False, True])),
)
def test_place_follows_policy_and_review(policy: Any, reviewed: Any) -> None:
    known = replace(
        KNOWN,
        policy=PublicationPolicy(place=policy),
        reviewed_at=AT if reviewed else None,
    )
    shown = policy == "at_once" or (policy == "after_review" and reviewed)
    report = publish(known)
    assert (report.place is not None) == shown
    assert report.municipality == "Rostock"
    assert report.reason == ({"de": "140 m von der Grenze"} if shown else {})


def test_category_state_and_body_are_always_public() -> None:
    hidden = PublicationPolicy(text="never", photo="never", place="never")
    report = publish(replace(KNOWN, policy=hidden))
    assert (report.category, report.state) == ("road-pothole", CaseState.ACCEPTED)
    assert report.responsible == ROSTOCK
    assert (report.text, report.place, report.photos) == (None, None, ())


def test_only_released_photos_are_public() -> None:
    assert [photo.photo_id for photo in publish(KNOWN).photos] == [UUID(int=2)]


def test_an_unreleased_text_is_not_public_under_any_policy() -> None:
    for text in ("at_once", "after_review", "never"):
        known = replace(KNOWN, text=None, policy=PublicationPolicy(text=text))
        assert publish(known).text is None


def test_nothing_personal_survives_erasure() -> None:
    report = publish(replace(KNOWN, policy=PublicationPolicy(text="at_once"), erased_at=AT))
    assert report.erased
    assert (report.text, report.place, report.photos, report.reason) == (None, None, (), {})


def test_a_closed_report_was_updated_when_it_was_closed() -> None:
    later = datetime(2026, 12, 1, tzinfo=UTC)
    report = publish(replace(KNOWN, state=CaseState.RESOLVED, closed_at=AT, changed_at=later))
    assert report.closed
    assert report.updated_at == AT


SENT = SentDetails(
    category="light-broken",
    title="Loch, Tel. 0381 1234567",
    description="Tiefes Loch",
    attributes={"FAULT": ("dark",), "LAMP": ("bei Familie Meyer, 0381 1234567",)},
    asset_type="lamp",
    asset_id="L-7",
)


def is_free(category: str, code: str) -> bool:
    return (category, code) != ("light-broken", "FAULT")


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"policy": PublicationPolicy(text="at_once")}, {"title", "FAULT", "LAMP"}),
        ({"policy": PublicationPolicy(text="at_once"), "text": "Loch"}, {"FAULT"}),
        ({"policy": PublicationPolicy(text="after_review")}, {"FAULT"}),
        ({"policy": PublicationPolicy(text="at_once"), "text": None}, set()),
        ({"policy": PublicationPolicy(text="never")}, set()),
        ({"policy": PublicationPolicy(text="at_once"), "erased_at": AT}, set()),
    ],
)
def test_what_nobody_reviewed_is_shown_only_where_no_review_is_wanted(
    changes: Any, shown: Any
) -> None:
    details = publish_details(replace(KNOWN, **changes), SENT, is_free)
    assert {*details.attributes, *({"title"} if details.title else ())} == shown
    assert "1234567" not in f"{details.title}{details.attributes}"


@pytest.mark.parametrize(
    ("place", "shown"), [("at_once", True), ("after_review", False), ("never", False)]
)
def test_an_object_tells_its_place(place: Any, shown: Any) -> None:
    known = replace(KNOWN, policy=PublicationPolicy(place=place))
    details = publish_details(known, SENT, is_free)
    assert (details.asset_type, details.asset_id) == (("lamp", "L-7") if shown else (None, None))
