"""Row-level security of routing's tables, for revisions: what the worker and the desk may touch.

A revision that adds a table beside the cases calls ``lock_rows_beside_case``. What these functions
make is part of revisions that have run: a new rule is a new function.
"""

from alembic import op

WORKER = "routing_worker"
"""The role that hears, speaks and carries out timers."""
DESK = "routing_desk"
"""The role behind pages and API; it names its clerk's queues and bodies in every transaction."""

_WORKED = """
    c.queue = ANY ((SELECT routing.scope('work_queues'))::text[])
    OR c.responsible = ANY ((SELECT routing.scope('work_bodies'))::text[])
    OR c.working = ANY ((SELECT routing.scope('work_bodies'))::text[])
"""


def lock_rows(table: str) -> None:
    """Show the rows of ``table`` to nobody but the worker and the owner, who is held to it too.

    The owner gets a policy by name: without one a migration that fills a column would silently
    touch no row.
    """
    op.execute(f"ALTER TABLE routing.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE routing.{table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY worker_sees_all ON routing.{table} TO {WORKER}, CURRENT_USER "
        "USING (true) WITH CHECK (true)"
    )


def lock_rows_beside_case(table: str) -> None:
    """As ``lock_rows``; the desk sees the rows of cases it sees, and writes where it works.

    ``table`` has a column ``case_id``. Rights on the table are granted by the revision.
    """
    lock_rows(table)
    case = f'SELECT FROM routing."case" c WHERE c.id = {table}.case_id'
    seen, worked = f"EXISTS ({case})", f"EXISTS ({case} AND ({_WORKED}))"
    for name, what in (
        ("sees", f"FOR SELECT TO {DESK} USING ({seen})"),
        ("writes", f"FOR INSERT TO {DESK} WITH CHECK ({worked})"),
        ("works", f"FOR UPDATE TO {DESK} USING ({worked})"),
    ):
        op.execute(f"CREATE POLICY desk_{name} ON routing.{table} {what}")
