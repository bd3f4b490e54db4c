"""Open311 GeoReport v2 over HTTP: ``open311_router`` puts it into an application.

``routes`` first: what is posted there, and which files read the rest.
"""

from melder_intake.http.open311.routes import open311_router

__all__ = ["open311_router"]
