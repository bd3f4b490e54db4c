"""The publication policy as SQL, for filters: what is hidden must not be found either.

``domain.publication`` decides what is shown; a test holds both together over every combination.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from melder_intake.store.tables import public_photo, public_report

_view = public_report.c


def place_is_shown() -> ColumnElement[bool]:
    """Whether everybody may see where it is (``publication.place_is_public``)."""
    reviewed = and_(_view.policy_place == "after_review", _view.reviewed_at.is_not(None))
    return and_(_view.erased_at.is_(None), or_(_view.policy_place == "at_once", reviewed))


def text_is_shown() -> ColumnElement[bool]:
    """Whether everybody may read the text, where there is one: it is kept once released."""
    return and_(_view.erased_at.is_(None), _view.policy_text != "never")


def photo_is_shown() -> ColumnElement[Any]:
    """Whether everybody may see a photo of it."""
    return and_(
        _view.erased_at.is_(None),
        _view.policy_photo != "never",
        public_photo.select()
        .where(public_photo.c.report_id == _view.report_id, public_photo.c.state == "released")
        .exists(),
    )
