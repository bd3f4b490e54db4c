"""Every command of routing: ``melder apply``, ``melder boundaries`` … and those of the service."""

from melder_routing import body_commands, explain_commands, open311_commands, register_commands
from melder_routing.region_commands import operator
from melder_routing.service_commands import app

__all__ = [
    "app",
    "body_commands",
    "explain_commands",
    "open311_commands",
    "operator",
    "register_commands",
]
