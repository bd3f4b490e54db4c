"""``/api/region.geojson``: what maps draw below their pins when there is no basemap."""

import gzip
import hashlib
from dataclasses import dataclass

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.problems import Problem
from melder_routing.store.region_outline import (
    RegionOutline,
    find_outline,
    find_outline_version,
)

GEOJSON = "application/geo+json"
AN_HOUR = "public, max-age=3600"


@dataclass(frozen=True, slots=True)
class KeptOutline:
    """A drawing ready to be sent: compressed once, because it is sent with every map."""

    version: int
    plain: bytes
    compressed: bytes
    etag: str

    @classmethod
    def of(cls, outline: RegionOutline) -> "KeptOutline":
        """The drawing in both forms."""
        plain = orjson.dumps(orjson.loads(outline.geojson))
        etag = f'W/"{hashlib.sha256(plain).hexdigest()[:20]}"'
        return cls(outline.version, plain, gzip.compress(plain, 9, mtime=0), etag)


def region_outline_routes(engine: AsyncEngine) -> APIRouter:
    """The drawing, kept in memory until an apply changes the region."""
    router = APIRouter(tags=["region"])
    kept: KeptOutline | None = None

    async def current() -> KeptOutline:
        nonlocal kept
        async with engine.connect() as connection:
            if kept is None or kept.version != await find_outline_version(connection):
                outline = await find_outline(connection)
                if outline is None:
                    raise Problem(503, "no-region", "No region yet", headers={"Retry-After": "10"})
                kept = KeptOutline.of(outline)
            return kept

    @router.get("/api/region.geojson", response_class=Response)
    async def show_region(request: Request) -> Response:
        """Border and municipalities of the region as GeoJSON."""
        drawing = await current()
        headers = {"ETag": drawing.etag, "Cache-Control": AN_HOUR, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == drawing.etag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(drawing.compressed, media_type=GEOJSON, headers=headers)
        return Response(drawing.plain, media_type=GEOJSON, headers=headers)

    return router
