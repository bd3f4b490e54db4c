"""What intake's tests share: a small catalogue around Rostock, and events as they are heard."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import structlog

from melder_common.envelope import Heard
from melder_common.event_values import BodyRef, CategoryRef, Choice, PublicationPolicy, Question
from melder_common.events import (
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CataloguePublished,
    CatalogueReceptionAreaDescribed,
    Event,
)
from melder_common.ids import new_id

ROSTOCK = BodyRef(slug="rostock", name="Hanse- und Universitätsstadt Rostock")
LANDKREIS = BodyRef(slug="landkreis-rostock", name="Landkreis Rostock")

AREA = ((((11.8, 53.8), (12.6, 53.8), (12.6, 54.3), (11.8, 54.3), (11.8, 53.8)),),)

OPEN = PublicationPolicy(text="at_once")
HIDDEN = PublicationPolicy(text="never", photo="never", place="never")

BODIES = (
    CatalogueBodyDescribed(
        body=ROSTOCK, kind="gemeinde", ars="130030000000", participation="desk", aliases=("hro",)
    ),
    CatalogueBodyDescribed(body=LANDKREIS, kind="kreis", ars="130720000000", participation="desk"),
)

CATEGORIES = (
    CatalogueCategoryDescribed(
        category=CategoryRef(
            slug="road-pothole", name={"de": "Schlagloch"}, group={"de": "Straße"}
        ),
        description={"de": "Loch in Fahrbahn, Radweg oder Gehweg"},
        keywords=("Loch", "Straße"),
        policy=OPEN,
        order=1,
    ),
    CatalogueCategoryDescribed(
        category=CategoryRef(
            slug="light-broken", name={"de": "Laterne defekt"}, group={"de": "Licht"}
        ),
        description={"de": "Die Laterne ist dunkel oder flackert"},
        questions=(
            Question(
                code="LAMP",
                datatype="string",
                text={"de": "Nummer der Laterne"},
                order=1,
            ),
            Question(
                code="FAULT",
                datatype="singlevaluelist",
                text={"de": "Was ist mit ihr?"},
                required=True,
                order=2,
                choices=(
                    Choice(key="dark", name={"de": "dunkel"}),
                    Choice(key="flicker", name={"de": "flackert"}),
                ),
            ),
            Question(
                code="SIGNS",
                datatype="multivaluelist",
                text={"de": "Was noch?"},
                order=3,
                choices=(
                    Choice(key="open", name={"de": "Klappe offen"}),
                    Choice(key="bent", name={"de": "Mast schief"}),
                ),
            ),
        ),
        policy=PublicationPolicy(),
        order=2,
    ),
    CatalogueCategoryDescribed(
        category=CategoryRef(slug="waste-needles", name={"de": "Spritzen"}, group={"de": "Müll"}),
        description={"de": "Gebrauchte Spritzen im öffentlichen Raum"},
        policy=HIDDEN,
        order=3,
    ),
)


def heard(event: Event, *, report_id: UUID | None = None, at: datetime | None = None) -> Heard[Any]:
    """An event as a hearer gets it."""
    return Heard(
        event=event,
        event_id=new_id(),
        speaker=event.SPEAKER,
        partition=1,
        position=1,
        aggregate_id=report_id or new_id(),
        report_id=report_id,
        occurred_at=at or datetime.now(UTC),
        seen={},
    )


@pytest.fixture(name="heard")
def heard_fixture() -> Callable[..., Heard[Any]]:
    return heard


@pytest.fixture
def catalogue_events() -> tuple[Event, ...]:
    """A complete catalogue, in the order routing speaks it."""
    return (
        *BODIES,
        *CATEGORIES,
        CatalogueReceptionAreaDescribed(area=AREA, outline=AREA, bbox=(11.8, 53.8, 12.6, 54.3)),
        CataloguePublished(
            version=1,
            region="rostock",
            name="Rostock und Landkreis Rostock",
            jurisdiction_id="melder-rostock.example",
            bodies=len(BODIES),
            categories=len(CATEGORIES),
            digest="0" * 64,
            contact={"de": "meldung@rostock.example"},
            emergency={"de": "Bei Gefahr 112 oder 110 anrufen."},
        ),
    )


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    """Log lines without coloured tracebacks, which take seconds to draw.

    No level and no cached loggers: other packages' tests in this process listen to info lines.
    """
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
