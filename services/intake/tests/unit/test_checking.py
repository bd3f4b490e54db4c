"""Checking a whole report: everything wrong is named at once, everything right is kept."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from melder_common.event_values import CategoryRef, PublicationPolicy
from melder_intake.domain.catalogue import Catalogue, Category
from melder_intake.domain.checking import PhotoLimits, RawReport, check_report
from melder_intake.domain.submission import PhotoFile, SubmissionRefused
from melder_intake.http.sentences import sentence

CATEGORY = CategoryRef(slug="road-pothole", name={"de": "Schlagloch"})
CATALOGUE = Catalogue(
    version=1,
    region="rostock",
    name="Rostock",
    jurisdiction_id="melder-rostock.example",
    categories={
        CATEGORY.slug: Category(slug=CATEGORY.slug, name=CATEGORY.name, policy=PublicationPolicy())
    },
    bodies={},
)
LIMITS = PhotoLimits(count=2, bytes=1000)
GOOD = RawReport(source="web", category="road-pothole", lat="54.0887", long="12.1405")


def covers(place: Any) -> Any:
    return 53.8 <= place.lat <= 54.3 and 11.8 <= place.long <= 12.6


def faults_of(raw: Any) -> Any:
    with pytest.raises(SubmissionRefused) as refused:
        check_report(raw, CATALOGUE, covers, LIMITS)
    assert all(sentence(fault) for fault in refused.value.faults)
    return [(fault.field, fault.code) for fault in refused.value.faults]


def test_category_and_place_are_enough() -> None:
    submission, category = check_report(GOOD, CATALOGUE, covers, LIMITS)
    assert (submission.category, category.slug) == ("road-pothole", "road-pothole")
    assert (submission.place.lat, submission.place.long) == (54.0887, 12.1405)
    assert submission.contact.empty


@pytest.mark.parametrize(
    ("lat", "long", "expected"),
    [
        ("", "", ("place", "place_missing")),
        ("54.0887", " ", ("place", "place_missing")),
        ("0", "0", ("place", "place_zero")),
        ("0.0", "-0.0", ("place", "place_zero")),
        ("12.1405", "54.0887", ("place", "place_swapped")),
        ("52.52", "13.4", ("place", "place_outside")),
        ("-33.9", "151.2", ("place", "place_outside")),
        ("NaN", "12.1", ("lat", "coordinate_not_finite")),
        ("54.1", "inf", ("long", "coordinate_not_finite")),
        ("1e999", "12.1", ("lat", "coordinate_not_finite")),
        ("true", "12.1", ("lat", "coordinate_not_a_number")),
        ("54,1", "12.1", ("lat", "coordinate_comma")),
        ("91", "12.1", ("lat", "coordinate_out_of_range")),
        ("54.1", "181", ("long", "coordinate_out_of_range")),
        ("५४.१", "12.1", ("lat", "coordinate_not_a_number")),
        ("54.1; DROP TABLE", "12.1", ("lat", "coordinate_not_a_number")),
    ],
)
def test_places(lat: Any, long: Any, expected: Any) -> None:
    assert faults_of(replace(GOOD, lat=lat, long=long)) == [expected]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"category": ""}, ("category", "category_missing")),
        ({"category": "no-such"}, ("category", "category_unknown")),
        ({"description": "a\x00b"}, ("description", "text_control")),
        ({"description": "a\ud800b"}, ("description", "text_surrogate")),
        ({"description": "x" * 4001}, ("description", "text_too_long")),
        ({"description": "x" * 1_000_000}, ("description", "text_too_long")),
        ({"title": "eins\nzwei"}, ("title", "text_line_break")),
        ({"name": "Anna\r\nBcc: x@y.de"}, ("name", "text_line_break")),
        ({"email": "anna"}, ("email", "email_invalid")),
        ({"email": "a@b.de, c@d.de"}, ("email", "email_invalid")),
        ({"email": "a@b.de\r\nBcc: c@d.de"}, ("email", "text_line_break")),
        ({"phone": "ruf mich an"}, ("phone", "phone_invalid")),
        ({"media_links": ("javascript:alert(1)",)}, ("media_url", "link_invalid")),
        ({"media_links": ("file:///etc/passwd",)}, ("media_url", "link_invalid")),
    ],
)
def test_texts(changes: Any, expected: Any) -> None:
    assert faults_of(replace(GOOD, **changes)) == [expected]


def test_bidi_overrides_vanish_and_emoji_stay() -> None:
    raw = replace(GOOD, description="Loch \u202e🕳\u202c\r\nhier")
    submission, _ = check_report(raw, CATALOGUE, covers, LIMITS)
    assert submission.description == "Loch 🕳\nhier"


@pytest.mark.parametrize("email", ["a@b.de", "anna+loch@müller.example", "o'neil@sub.example.org"])
def test_addresses_people_have(email: Any) -> None:
    submission, _ = check_report(replace(GOOD, email=email), CATALOGUE, covers, LIMITS)
    assert submission.contact.email == email
    assert submission.contact.channels == ("email",)


def test_photos_have_limits() -> None:
    small, large = (PhotoFile(UUID(int=n), "image/jpeg", b"x" * n) for n in (10, 1001))
    assert faults_of(replace(GOOD, files=(large,))) == [("photo", "photo_too_large")]
    assert faults_of(replace(GOOD, files=(small,) * 3)) == [("photo", "photos_too_many")]


def test_everything_wrong_is_said_at_once() -> None:
    raw = RawReport(source="open311", email="x", phone="y", description="\x07")
    assert [field for field, _ in faults_of(raw)] == [
        "category", "place", "description", "email", "phone",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "metres"), [("12,5", 12.5), ("", None), ("NaN", None), ("-1", None), ("9" * 30, None)]
)
def test_accuracy_is_a_hint_and_never_refused(text: Any, metres: Any) -> None:
    submission, _ = check_report(replace(GOOD, accuracy=text), CATALOGUE, covers, LIMITS)
    assert submission.place.accuracy_m == metres


def test_a_language_nobody_can_read_becomes_german() -> None:
    submission, _ = check_report(replace(GOOD, language="<script>"), CATALOGUE, covers, LIMITS)
    assert submission.language == "de"
