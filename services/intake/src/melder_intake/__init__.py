"""intake takes every report and never loses one, and shows the public what happens.

It owns the report as submitted, its public view (rebuildable from events), the clients of
Open311, the photos on their way to media, and what people add to a report. In or out of the
region is decided by the reception area that routing publishes; who is responsible is routing's
business.
"""

from melder_common.lean_imports import import_plainly

import_plainly("httpx")
