"""What routing remembers: tables and queries, giving back domain objects."""
