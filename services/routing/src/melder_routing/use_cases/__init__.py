"""What routing does: one file is one sentence of the README, run in an open unit of work."""
