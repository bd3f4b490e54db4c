"""The kitchen sink: pages with every shell and macro, served to a real browser."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from melder_common.problems import install_problem_handlers
from melder_web import FormErrors, Pages, Site, install_pages
from melder_web.page_problems import PageProblem, render_page
from melder_web.pages import FORM
from melder_web.static_map import MapView, Shape, draw_map
from melder_web.testing import chromium, serve

__all__ = ["chromium"]

TEMPLATES = Path(__file__).parent / "integration" / "templates"
NOW = dt.datetime(2026, 11, 23, 13, 5, tzinfo=dt.UTC)
ERRORS = FormErrors(
    [
        ("place", "Bitte wählen Sie eine Stelle in unserem Gebiet."),
        ("description", "Bitte beschreiben Sie den Schaden."),
        ("hazard", "Bitte sagen Sie, ob jemand in Gefahr ist."),
        ("email", "Diese E-Mail-Adresse ist nicht vollständig."),
    ]
)


def square(name: str, west: float, south: float, size: float) -> Shape:
    east, north = west + size, south + size
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return Shape(name, [ring], is_region=not name)


SHAPES = [
    square("Rostock", 12.0, 54.05, 0.15),
    square("Broderstorf", 12.2, 54.05, 0.1),
    square("Roggentin", 12.15, 53.95, 0.1),
    square("", 11.95, 53.9, 0.4),
]
CARDS = [
    {
        "title": "Laterne vor der Schule ist dunkel",
        "state": "in_progress",
        "facts": ["Broderstorf", "vor 3 Stunden", "5 Personen unterstützen das"],
        "text": "Seit einer Woche ist die Laterne vor dem Haupteingang dunkel. Die Kinder sehen morgens nichts.",
        "image": "/static-photo.svg",
    },
    {
        "title": "Schlagloch",
        "state": "received",
        "facts": ["Hanse- und Universitätsstadt Rostock", "gestern"],
        "text": "",
        "image": "",
    },
]


def outline() -> dict[str, Any]:
    """The region as GeoJSON, as a service would serve it."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": shape.name, "region": shape.is_region},
            "geometry": {"type": "Polygon", "coordinates": [list(ring) for ring in shape.rings]},
        }
        for shape in SHAPES
    ]
    return {"type": "FeatureCollection", "attribution": "© Testdaten", "features": features}


def build_kitchen_app(pages: Pages) -> FastAPI:  # noqa: C901 - a list of routes, nothing more
    """An application with the sink's pages and stand-ins for the services its fields call."""
    app = FastAPI()
    install_problem_handlers(app, render_page=render_page(pages))
    install_pages(app, pages)
    view = MapView.fitting(SHAPES)
    form: dict[str, Any] = {"errors": FormErrors(), "claims": [], "place": {}, "view": view}

    @app.get("/melden", response_class=HTMLResponse)
    def show_form(request: Request) -> Response:
        return pages.render(request, "kitchen.html", cache=FORM, **form)

    @app.get("/falsch", response_class=HTMLResponse)
    def show_form_with_errors(request: Request) -> Response:
        claims = ["0192.token"]
        return pages.render(request, "kitchen.html", **{**form, "errors": ERRORS, "claims": claims})

    @app.post("/melden")
    async def receive(request: Request) -> Response:
        async with request.form() as data:
            names = sorted({key for key in data if data[key] != ""})
            return JSONResponse({"fields": names, "claims": data.getlist("photo_claim")})

    @app.post("/voll")
    def refuse() -> Response:
        raise PageProblem(429, "too-many")

    @app.get("/teile", response_class=HTMLResponse)
    def show_parts(request: Request) -> Response:
        return pages.render(request, "report.html", now=NOW, cards=CARDS)

    @app.get("/desk/", response_class=HTMLResponse)
    def show_desk(request: Request) -> Response:
        badge = pages.environment.globals["kern"].state_badge
        return pages.render(
            request,
            "desk.html",
            clerk={"name": "Anna Beispiel", "function": "Sachbearbeitung", "body": "Amt Carbäk"},
            queues=[
                {"name": "Eingang Carbäk", "href": "/desk/", "count": 12, "current": True},
                {"name": "Grenzfälle", "href": "/desk/b", "count": 0, "current": False},
                {"name": "Klärung", "href": "/desk/c", "count": None, "current": False},
            ],
            rows=[
                [f"K7M4Q2X{n}", "Schlagloch", "Broderstorf", badge("received"), "heute", "niemand"]
                for n in range(8)
            ],
        )

    @app.get("/karte.svg")
    def show_picture() -> Response:
        return Response(draw_map(view, SHAPES), media_type="image/svg+xml")

    @app.get("/static-photo.svg")
    def show_photo() -> Response:
        drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><rect width="4" height="3" fill="#8a95b5"/></svg>'
        return Response(drawing, media_type="image/svg+xml")

    @app.get("/api/region.geojson")
    def show_outline() -> dict[str, Any]:
        return outline()

    @app.get("/api/responsibility")
    def decide(lat: float, long: float) -> dict[str, Any]:
        if not 53.9 <= lat <= 54.3:
            return {"status": "outside", "reason": "", "serving_body": {"name": "Stadt Wismar"}}
        name = "Amt Carbäk"
        reason = "Broderstorf gehört zum Amt Carbäk. Die Grenze zu Rostock ist 40 m entfernt."
        return {"status": "decided", "responsible": {"name": name}, "reason": reason}

    @app.post("/photos/")
    async def upload(request: Request) -> Response:
        async with request.form() as data:
            if "kaputt" in (data["photo"].filename or ""):  # type: ignore[union-attr]  # a file
                return JSONResponse({"detail": "Das ist kein Bild."}, 422)
        return JSONResponse({"photo_id": "0193", "upload_token": "geheim", "suggestion": None}, 201)

    @app.delete("/photos/{photo_id}", status_code=204)
    def withdraw(request: Request, photo_id: str) -> None:
        assert (photo_id, request.headers["x-upload-token"]) == ("0193", "geheim")

    return app


@pytest.fixture(scope="session")
def pages() -> Pages:
    site = Site(
        phone="0381 381-0",
        phone_hours="Montag bis Freitag 8 bis 16 Uhr",
        languages=("de", "en", "ar"),
        notice="Vorführung: Hier gehen keine echten Meldungen ein.",
    )
    return Pages("melder_web", site=site, templates=TEMPLATES)


@pytest.fixture(scope="session")
def kitchen_app(pages: Pages) -> FastAPI:
    return build_kitchen_app(pages)


@pytest.fixture(scope="module")
def kitchen(kitchen_app: FastAPI) -> Iterator[str]:
    """The address of the served kitchen sink."""
    with serve(kitchen_app) as address:
        yield address
