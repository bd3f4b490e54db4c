"""What routing decides: pure functions over frozen values, no input or output."""
