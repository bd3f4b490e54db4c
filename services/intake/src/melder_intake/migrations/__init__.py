"""Revisions of schema ``intake``."""
