"""Alembic revisions of the schema ``media``."""
