"""What a photo is and what may happen to it: pure, no input or output."""
