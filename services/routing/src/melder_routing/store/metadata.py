"""The metadata of the schema ``routing`` and its event tables."""

from sqlalchemy import MetaData

from melder_common.tables import EventTables

SCHEMA = "routing"
METADATA = MetaData(schema=SCHEMA)
EVENT_TABLES = EventTables(METADATA, SCHEMA)
