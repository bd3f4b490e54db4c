"""Runs melder on one machine without containers: the demo, and the whole system for tests."""
