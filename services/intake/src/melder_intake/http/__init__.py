"""How intake is spoken to: pages for citizens, Open311 for programs."""
