"""Who may do what on NATS where an operator makes the streams (`melder streams`, ADR 13).

A service publishes what it says, pulls and acknowledges by its own durables, and looks at its own
stream. Making, changing and deleting belongs to the user ``operator``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from melder_common.asyncapi import SERVICES
from melder_common.streams import durable_of, stream_of

OPERATOR = "operator"
DEFAULT_PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Rights:
    """The subjects that a user may publish on and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def service_rights(service: str, partitions: int = DEFAULT_PARTITIONS) -> Rights:
    """The least that ``service`` works with; partition 0 is the catalogue's."""
    stream = stream_of(service)
    durables = [durable_of(service, partition) for partition in range(partitions + 1)]
    return Rights(
        publish=(
            f"{service}.>",
            "log.>",  # asks other relays
            "_INBOX.>",  # answers other services
            f"$JS.API.STREAM.INFO.{stream}",
            f"$JS.API.STREAM.MSG.GET.{stream}",
            f"$JS.API.STREAM.PURGE.{stream}",
            *(f"$JS.ACK.*.{durable}.>" for durable in durables),
            *(f"$JS.API.CONSUMER.INFO.*.{durable}" for durable in durables),
            *(f"$JS.API.CONSUMER.MSG.NEXT.*.{durable}" for durable in durables),
        ),
        subscribe=("_INBOX.>", f"log.{service}.>"),
    )


def operator_rights() -> Rights:
    """Streams and their consumers, and nothing that is in them."""
    streams = [stream_of(service) for service in SERVICES]
    verbs = ("INFO", "CREATE", "UPDATE", "DELETE")
    return Rights(
        publish=(
            *(f"$JS.API.STREAM.{verb}.{stream}" for verb in verbs for stream in streams),
            *(f"$JS.API.CONSUMER.INFO.{stream}.*" for stream in streams),
            *(f"$JS.API.CONSUMER.CREATE.{stream}.>" for stream in streams),
            *(f"$JS.API.CONSUMER.DELETE.{stream}.*" for stream in streams),
        ),
        subscribe=("_INBOX.>",),
    )


def all_rights(partitions: int = DEFAULT_PARTITIONS) -> dict[str, Rights]:
    """Every user of an installation."""
    services = {service: service_rights(service, partitions) for service in SERVICES}
    return services | {OPERATOR: operator_rights()}


def authorization(passwords: Mapping[str, str], partitions: int = DEFAULT_PARTITIONS) -> str:
    """The block ``authorization`` of nats-server's configuration. ``passwords`` by user."""
    lines = ["authorization {", "  users: ["]
    for user, rights in all_rights(partitions).items():
        lines += [
            f'    {{ user: "{user}", password: "{passwords[user]}", permissions: {{',
            f"      publish: [{_quoted(rights.publish)}]",
            f"      subscribe: [{_quoted(rights.subscribe)}]",
            "    } }",
        ]
    return "\n".join([*lines, "  ]", "}"]) + "\n"


def _quoted(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)
