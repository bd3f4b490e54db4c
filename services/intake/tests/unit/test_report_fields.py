"""The web form's own spellings: decimal commas, claims, drafts, questions of two categories."""

from typing import Any
from uuid import UUID

import pytest
from starlette.requests import Request

from melder_common.event_values import PublicationPolicy, Question
from melder_intake.domain.catalogue import Category
from melder_intake.domain.submission import Fault
from melder_intake.http.report_fields import (
    TypedForm,
    draft_text,
    field_of,
    question_field,
    raw_report,
    read_draft,
    read_query,
)

KEY = b"k" * 32
PHOTO = UUID(int=7)


def category(slug: Any) -> Any:
    question = Question(code="LAMP", datatype="string", text={"de": "Nummer"})
    return Category(slug=slug, name={"de": slug}, policy=PublicationPolicy(), questions=(question,))


def raw(category: Any = None, **fields: Any) -> Any:
    texts = fields.pop("texts", {})
    form = TypedForm(texts=texts, **fields)
    return raw_report(form, category, form_key=KEY, language="de")


@pytest.mark.parametrize(
    ("typed", "read"), [("54,0887", "54.0887"), (" 54,0887 ", "54.0887"), ("54.0887", "54.0887")]
)
def test_people_write_decimal_commas(typed: Any, read: Any) -> None:
    assert raw(texts={"lat": typed}).lat == read


def test_photos_that_media_knows() -> None:
    claims = raw(claims=(f"{PHOTO}.abc", "nonsense", f"{PHOTO}.", f"x.{PHOTO}")).photos
    assert [(claim.photo_id, claim.upload_token) for claim in claims] == [(PHOTO, "abc")]


def test_a_query_brings_back_only_what_can_be_a_photo() -> None:
    query = f"photo=x&photo={PHOTO}.abc&photo=.&service_code=lamps"
    form = read_query(Request({"type": "http", "query_string": query.encode()}))
    assert form.claims == (f"{PHOTO}.abc",)
    assert form["service_code"] == "lamps"


def test_only_our_own_drafts_can_be_claimed() -> None:
    ours = draft_text(KEY, PHOTO)
    assert read_draft(KEY, ours) == PHOTO
    assert read_draft(b"other" * 8, ours) is None
    assert raw(drafts=(ours, f"{PHOTO}.forged", "x")).drafts == (PHOTO,)


def test_only_answers_of_the_chosen_category_count() -> None:
    answers = {
        question_field("lamps", "LAMP"): ("17",),
        question_field("signs", "LAMP"): ("99",),
    }
    assert raw(category("lamps"), answers=answers).answers == {"LAMP": ("17",)}
    assert raw(None, answers=answers).answers == {}


def test_faults_point_to_the_field_on_the_page() -> None:
    missing = Fault("attribute[LAMP]", "answer_missing", {"code": "LAMP"})
    assert field_of(missing, "lamps") == "q.lamps.LAMP"
    assert field_of(Fault("category", "category_missing"), "") == "service_code"
    assert field_of(Fault("email", "email_invalid"), "lamps") == "email"


def test_the_trap_marks_and_never_refuses() -> None:
    assert raw(trapped=True).signals == ("honeypot",)
    assert raw().signals == ()
