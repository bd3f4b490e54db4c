"""What each service may say on NATS: its own events, its own stream, its own pulls."""

MOST_PARTITIONS = 16
"""Durables are named ``<service>-<partition>``; NATS has no wildcard within a name."""


def nats_publish_rights(service: str) -> tuple[str, ...]:
    """The subjects that ``service`` may publish on."""
    stream = service.upper()
    durables = [f"{service}-{partition}" for partition in range(MOST_PARTITIONS + 1)]
    return (
        f"{service}.>",
        "log.>",
        "_INBOX.>",
        "$JS.ACK.>",
        f"$JS.API.STREAM.CREATE.{stream}",
        f"$JS.API.STREAM.UPDATE.{stream}",
        f"$JS.API.STREAM.MSG.GET.{stream}",
        f"$JS.API.STREAM.PURGE.{stream}",
        f"$JS.API.STREAM.DELETE.{stream}",
        f"$JS.API.DIRECT.GET.{stream}.>",
        "$JS.API.STREAM.INFO.*",
        *(f"$JS.API.CONSUMER.CREATE.*.{durable}.>" for durable in durables),
        *(f"$JS.API.CONSUMER.DELETE.*.{durable}" for durable in durables),
        *(f"$JS.API.CONSUMER.INFO.*.{durable}" for durable in durables),
        *(f"$JS.API.CONSUMER.MSG.NEXT.*.{durable}" for durable in durables),
    )
