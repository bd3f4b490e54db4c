"""notify tells people, once, on the channel they chose.

It alone can open the contacts that intake sealed; it keeps each under a key of its own, writes the
one receipt, asks and tells whoever confirmed the address, and forgets when the time is over. No
name, address, number or tracking link ever stands in the clear in a table, an event or a log line.
"""
