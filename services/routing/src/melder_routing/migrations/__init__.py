"""Alembic's environment of the schema ``routing``."""
