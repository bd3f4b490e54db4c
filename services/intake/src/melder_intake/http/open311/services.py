"""Which services a GET lists: the region's, a body's, or those of a place."""

from collections.abc import Collection

from melder_common.geo import Coordinate
from melder_intake.domain.checking import check_place
from melder_intake.domain.submission import SubmissionRefused
from melder_intake.http.open311 import answers
from melder_intake.http.open311.documents import Document
from melder_intake.http.open311.errors import Open311Error, error_of_faults
from melder_intake.http.open311.parameters import Values
from melder_intake.http.outside import who_serves
from melder_intake.parts import Parts
from melder_intake.store.catalogue import Reception


async def list_services(parts: Parts, reception: Reception, values: Values) -> Document:
    """The services asked for; when routing does not answer in time, all of the region.

    Raises Open311Error 400 for half a place and for one that is not ours, saying who serves it.
    """
    place = await _place(parts, reception, values)
    body = reception.catalogue.body_of_jurisdiction(values["jurisdiction_id"] or "")
    wanted: Collection[str] | None = await parts.responsibility.services_of(body) if body else None
    at_place = await parts.responsibility.services_at(place) if place else None
    categories = [
        category
        for category in reception.catalogue.ordered
        if _listed(category.slug, wanted) and (at_place is None or category.slug in at_place)
    ]
    return answers.services(categories, values["locale"], at_place)


def _listed(slug: str, wanted: Collection[str] | None) -> bool:
    """A body without duties of its own (an operator of objects, say) is asked about everything."""
    return not wanted or slug in wanted


async def _place(parts: Parts, reception: Reception, values: Values) -> Coordinate | None:
    lat, long = values["lat"], values["long"]
    if lat is None and long is None:
        return None
    if lat is None or long is None:
        raise Open311Error(400, "lat, long: nur beide zusammen.")
    try:
        return check_place(str(lat), str(long), reception.area.covers)
    except SubmissionRefused as refused:
        more = await who_serves(parts, refused.faults)
        raise error_of_faults(refused.faults, more=more) from None
