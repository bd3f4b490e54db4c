"""The routing service of melder.

It promises three things: every accepted report gets a responsible body, or the clearing queue, by
geometry and category, with a reason a citizen can read; the case lies at once in the queue of the
people who work on it (the desk); and whatever happens to a case stays in its history. What the
region looks like is one declarative file, brought in by ``melder apply``.
"""

from melder_common.lean_imports import import_plainly

import_plainly("httpx")
