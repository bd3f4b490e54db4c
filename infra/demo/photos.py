"""The demo's photos, for scripts that load this file: see ``melder_local.photos``."""

from melder_local.photos import KINDS, generate_photo

__all__ = ["KINDS", "generate_photo"]
