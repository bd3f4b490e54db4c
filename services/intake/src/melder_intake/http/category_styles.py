"""Shows the questions of the chosen category at once, without scripts: a style sheet with ``:has``.

Browsers that do not know ``:has`` show them after the button "Weiter".
"""

from fastapi import APIRouter, Response

from melder_intake.domain.catalogue import Catalogue
from melder_intake.http.acceptance import reception_of
from melder_intake.http.report_fields import MAP_SIZE
from melder_intake.parts import Parts

_RULES = """
.m-place__image { inline-size: %dpx; block-size: %dpx; }
.melder-trap { position: absolute; inset-inline-start: -999rem; }
[data-for-category] { display: none; }
[data-for-category].is-chosen { display: block; }
@supports selector(:has(*)) {
  .melder-next { display: none; }
  [data-for-category].is-chosen { display: none; }
%s
}
"""
_RULE = (
    '  form:has(#service_code option[value="{slug}"]:checked) [data-for-category="{slug}"] '
    "{{ display: block; }}"
)


def category_styles_router(parts: Parts) -> APIRouter:
    """``/melden/kategorien.css``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/melden/kategorien.css")
    async def styles() -> Response:
        reception = await reception_of(parts)
        return Response(
            style_rules(reception.catalogue),
            media_type="text/css",
            headers={"Cache-Control": "public, max-age=86400"},
        )

    return router


def style_rules(catalogue: Catalogue) -> str:
    """The rules; slugs hold nothing but ``[a-z0-9_-]``."""
    rules = "\n".join(_RULE.format(slug=slug) for slug in catalogue.categories)
    return _RULES % (*MAP_SIZE, rules)


def stylesheet_address(revision: int) -> str:
    """Changes with the catalogue, so that caches never lie."""
    return f"/melden/kategorien.css?v={revision}"
