"""The desk: the pages on which clerks work."""
