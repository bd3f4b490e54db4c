"""The page behind a link: one case for one body, without signing in."""

from melder_routing.http.link.link_pages import LinkPages, link_router

__all__ = ["LinkPages", "link_router"]
