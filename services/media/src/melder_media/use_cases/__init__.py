"""Does: one module per thing the service does, each a sentence of its README."""
