"""The ``melder`` command: what the IT team does to an installation, whichever service it concerns.

Services add their own commands (``apply``, ``api-key`` …) through the entry-point group
``melder.commands``, so that this library imports none of them.
"""
