"""What intake remembers: tables, queries, and the two services it calls."""
