"""What intake decides: pure, with time, ids and chance as arguments."""
