"""Plumbing that every melder service stands on, without a word of any service's own business.

Start with ``events`` (the shared language), then ``unit_of_work`` (the one thing that commits),
``relay`` and ``consumer`` (how events travel), ``timers`` (what falls due).
"""

from melder_common.lean_imports import import_plainly

import_plainly("structlog")
