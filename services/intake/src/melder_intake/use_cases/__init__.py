"""What intake does: one file for each sentence of the README."""
