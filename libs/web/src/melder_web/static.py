"""The built files under ``/static``: immutable, and compressed ahead of time."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from melder_web.assets import BUILD_DIRECTORY, STATIC_PATH

IMMUTABLE = "public, max-age=31536000, immutable"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}


class BuiltFiles(StaticFiles):
    """Serves hashed files for ever, choosing the ``.br`` or ``.gz`` twin the client accepts."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file or its compressed twin; 404 for the manifest and for unknown names."""
        if path.endswith((".json", *_ENCODINGS.values())):
            raise HTTPException(404)
        for encoding, suffix in _ENCODINGS.items():
            if encoding in Headers(scope=scope).get("accept-encoding", ""):
                found, _ = self.lookup_path(path + suffix)
                if found:
                    return await self._encoded(path, suffix, encoding, scope)
        return _for_ever(await super().get_response(path, scope))

    async def _encoded(self, path: str, suffix: str, encoding: str, scope: Scope) -> Response:
        response = await super().get_response(path + suffix, scope)
        plain = await super().get_response(path, scope)
        response.headers["Content-Type"] = plain.headers["Content-Type"]
        response.headers["Content-Encoding"] = encoding
        return _for_ever(response)


def mount_static(app: Starlette, directory: Path = BUILD_DIRECTORY) -> None:
    """Serve the built files under ``/static``."""
    app.mount(STATIC_PATH, BuiltFiles(directory=directory), name="static")


def _for_ever(response: Response) -> Response:
    response.headers["Cache-Control"] = IMMUTABLE
    response.headers["Vary"] = "Accept-Encoding"
    return response
