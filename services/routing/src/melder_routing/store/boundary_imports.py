"""Keeping imported boundaries: whole, dated, and attached to the bodies whose areas they are."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.boundary_areas import CurrentArea
from melder_routing.domain.boundary_report import BoundaryDraft
from melder_routing.store.region_bodies import SPELLED_KEYS
from melder_routing.store.region_geometry import BoundaryVersionChanged
from melder_routing.store.region_tables import boundary_version


class BoundariesOutOfOrder(ValueError):
    """A state of boundaries that begins before one that is there already."""


@dataclass(frozen=True, slots=True)
class Series:
    """What counts for a source: its layer, and how its areas came here."""

    source: str
    layer: str
    general: bool
    attribution: str


_SERIES = text(
    """
    SELECT DISTINCT ON (area.source)
           area.source, area.layer, area.general, version.attribution
    FROM (
        SELECT source, layer, general, boundary_version, valid_from FROM routing.boundary_area
        UNION ALL
        SELECT source, layer, general, boundary_version, valid_from FROM routing.jurisdiction
        WHERE area_id IS NULL AND source <> '' AND layer NOT LIKE 'service-%'
    ) AS area
    JOIN routing.boundary_version AS version ON version.id = area.boundary_version
    ORDER BY area.source, area.valid_from DESC NULLS LAST
    """
)

_CURRENT = text(
    """
    SELECT area.key, area.name, area.digest, area.boundary_version, ST_AsBinary(area.geom),
           (SELECT min(body.slug) FROM routing.jurisdiction JOIN routing.body
              ON body.id = jurisdiction.body_id WHERE jurisdiction.area_id = area.id)
    FROM routing.boundary_area AS area
    WHERE area.source = :source AND coalesce(area.valid_to >= CAST(:day AS date), true)
    UNION ALL
    (
        SELECT DISTINCT ON (area.key, area.digest)
               area.key, area.name, area.digest, area.boundary_version, ST_AsBinary(area.geom),
               body.slug
        FROM routing.jurisdiction AS area JOIN routing.body ON body.id = area.body_id
        WHERE area.source = :source AND area.area_id IS NULL
          AND area.layer NOT LIKE 'service-%'
          AND coalesce(area.valid_to >= CAST(:day AS date), true)
        ORDER BY area.key, area.digest, body.slug
    )
    """
)


async def find_series(connection: AsyncConnection) -> list[Series]:
    """Every source that has areas, in the state that began last."""
    return [Series(*row) for row in await connection.execute(_SERIES)]


async def find_current(
    connection: AsyncConnection, source: str, day: date | None
) -> list[CurrentArea]:
    """The areas of ``source`` that count on ``day`` or later (no day: all)."""
    rows = await connection.execute(_CURRENT, {"source": source, "day": day or date.min})
    return [CurrentArea(*row) for row in rows]


async def is_known(connection: AsyncConnection, draft: BoundaryDraft, digest: str) -> bool:
    """Whether this very file was imported or applied as this version already.

    Raises BoundaryVersionChanged when the version stands for other content.
    """
    digests = await connection.scalar(
        select(boundary_version.c.digests).where(boundary_version.c.id == draft.version)
    )
    noted = (digests or {}).get(draft.source)
    if noted is not None and noted != digest:
        raise BoundaryVersionChanged(
            f"{draft.version} stands for another content of {draft.source} already: cases remember "
            "the version they were routed by, so give this file another --version"
        )
    return noted is not None


async def put_imported(connection: AsyncConnection, draft: BoundaryDraft, digest: str) -> None:
    """Keep the areas of ``boundary_drafts`` as ``draft`` and let them count from its day on.

    What counted for its source until then ends the day before. Raises BoundariesOutOfOrder.
    """
    await _refuse_the_past(connection, draft)
    await _note_version(connection, draft, digest)
    given = {"source": draft.source, "day": draft.valid_from}
    await connection.execute(_FORGET_SAME_DAY, given)
    await connection.execute(_END, given)
    await connection.execute(
        _KEEP,
        {
            **given,
            "layer": draft.layer,
            "general": draft.general,
            "version": draft.version,
        },
    )
    await settle_imports(connection)
    await connection.execute(text("UPDATE routing.region SET rules_version = rules_version + 1"))


_LATER = text(
    """
    SELECT boundary_version, valid_from FROM routing.boundary_area
    WHERE source = :source AND valid_from > coalesce(CAST(:day AS date), '-infinity')
    ORDER BY valid_from DESC LIMIT 1
    """
)

_FORGET_SAME_DAY = text(
    """
    DELETE FROM routing.boundary_area
    WHERE source = :source AND valid_from IS NOT DISTINCT FROM CAST(:day AS date)
    """
)

_END = text(
    """
    UPDATE routing.boundary_area SET valid_to = CAST(:day AS date) - 1
    WHERE source = :source AND coalesce(valid_to >= CAST(:day AS date), true)
    """
)

_KEEP = text(
    """
    INSERT INTO routing.boundary_area
        (source, layer, general, key, name, geom, digest, boundary_version, valid_from)
    SELECT :source, :layer, :general, key, name, geom, digest, :version, CAST(:day AS date)
    FROM draft_area
    """
)


async def _refuse_the_past(connection: AsyncConnection, draft: BoundaryDraft) -> None:
    later = (
        await connection.execute(_LATER, {"source": draft.source, "day": draft.valid_from})
    ).first()
    if later is not None:
        raise BoundariesOutOfOrder(
            f"{draft.source} has {later.boundary_version} from {later.valid_from} on already, and "
            f"{draft.version} would begin before it; import states in the order of their days"
        )


async def _note_version(connection: AsyncConnection, draft: BoundaryDraft, digest: str) -> None:
    statement = upsert(boundary_version).values(
        id=draft.version, attribution=draft.attribution, digests={draft.source: digest}
    )
    digests = boundary_version.c.digests.op("||")(statement.excluded.digests)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_={"digests": digests})
    )


async def settle_imports(connection: AsyncConnection) -> None:
    """Let jurisdictions follow from imported areas; after an import and after every apply.

    An area belongs to the bodies that the region file gives this key of this source or layer, else
    to those whose ARS it is (a kreisfreie Stadt has that of its Kreis, filled up with zeros). The
    region file's own areas of an imported source count until its first import begins.
    """
    for statement in (_END_DECLARED, _ATTACH, _DATE, _ADD_UP, _NAME_VERSIONS):
        await connection.execute(statement)


_END_DECLARED = text(
    """
    UPDATE routing.jurisdiction SET
        valid_to = CASE WHEN valid_from >= begun.day THEN '-infinity' ELSE begun.day - 1 END,
        valid_from = CASE WHEN valid_from >= begun.day THEN '-infinity' ELSE valid_from END
    FROM (
        SELECT source, coalesce(min(valid_from), '-infinity') AS day FROM (
            SELECT source, coalesce(valid_from, '-infinity') AS valid_from
            FROM routing.boundary_area
        ) AS imported GROUP BY source
    ) AS begun
    WHERE jurisdiction.area_id IS NULL AND jurisdiction.source = begun.source
      AND coalesce(jurisdiction.valid_to >= begun.day, true)
    """
)
"""What would begin only later never counts: both ends before all days."""

_ATTACH = text(
    f"""
    WITH declared AS (
        SELECT DISTINCT source, key, body_id, layer, general
        FROM routing.jurisdiction WHERE area_id IS NULL
    ),
    called AS (
        SELECT body.id AS body_id, spelled.key, spelled.rank FROM {SPELLED_KEYS}
    ),
    found AS (
        SELECT area.id AS area_id, declared.body_id, declared.layer, declared.general, 0 AS rank
        FROM routing.boundary_area AS area JOIN declared USING (source, key)
        UNION ALL
        SELECT area.id, claim.body_id, area.layer, area.general, 0
        FROM routing.boundary_area AS area JOIN routing.area_claim AS claim USING (layer, key)
        UNION ALL
        SELECT area.id, called.body_id, area.layer, area.general, called.rank
        FROM routing.boundary_area AS area JOIN called USING (key)
    ),
    owned AS (
        SELECT DISTINCT area_id, body_id, layer, general FROM (
            SELECT *, min(rank) OVER (PARTITION BY area_id, layer) AS best FROM found
        ) AS ranked WHERE rank = best
    ),
    detached AS (
        DELETE FROM routing.jurisdiction
        WHERE area_id IS NOT NULL
          AND (area_id, body_id, layer) NOT IN (SELECT area_id, body_id, layer FROM owned)
    )
    INSERT INTO routing.jurisdiction
        (id, body_id, layer, general, ars, name, geom, digest, boundary_version,
         valid_from, valid_to, source, key, area_id)
    SELECT gen_random_uuid(), owned.body_id, owned.layer, owned.general,
           CASE WHEN area.key ~ '^[0-9]{{2,12}}$' THEN area.key END, area.name, area.geom,
           area.digest, area.boundary_version, area.valid_from, area.valid_to, area.source,
           area.key, area.id
    FROM routing.boundary_area AS area JOIN owned ON owned.area_id = area.id
    WHERE NOT EXISTS (SELECT FROM routing.jurisdiction AS there
                      WHERE there.area_id = area.id AND there.body_id = owned.body_id
                        AND there.layer = owned.layer)
    """
)
"""Bodies that only have duties in others' areas keep the layer and the kind of duty declared."""

_DATE = text(
    """
    UPDATE routing.jurisdiction SET valid_to = area.valid_to
    FROM routing.boundary_area AS area
    WHERE area.id = jurisdiction.area_id
      AND jurisdiction.valid_to IS DISTINCT FROM area.valid_to
    """
)

_ADD_UP = text(
    """
    UPDATE routing.jurisdiction SET whole_m2 = whole.m2
    FROM (
        SELECT id, sum(area_m2) OVER (PARTITION BY body_id, layer, key, boundary_version) AS m2
        FROM routing.jurisdiction
    ) AS whole
    WHERE whole.id = jurisdiction.id AND jurisdiction.whole_m2 IS DISTINCT FROM whole.m2
    """
)
"""Features of one key are one area; ``melder apply`` settles too."""

_NAME_VERSIONS = text(
    """
    UPDATE routing.region SET boundary_version = named.versions
    FROM (
        SELECT string_agg(DISTINCT version, '+' ORDER BY version) AS versions FROM (
            SELECT regexp_split_to_table(boundary_version, '[+]') AS version FROM routing.region
            UNION ALL
            SELECT boundary_version FROM routing.boundary_area
        ) AS one
    ) AS named
    """
)
