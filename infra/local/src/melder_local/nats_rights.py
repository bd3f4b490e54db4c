"""What each service may say on NATS on this machine, where nobody else makes its streams.

The least it works with stands in ``melder_operator.nats_users``, as in Kubernetes; here it may also
make and change its own stream, and make and delete its own durables.
"""

from melder_common.streams import durable_of, stream_of
from melder_operator.nats_users import service_rights

MOST_PARTITIONS = 16
"""Durables are named ``<service>-<partition>``; NATS has no wildcard within a name."""


def nats_publish_rights(service: str) -> tuple[str, ...]:
    """The subjects that ``service`` may publish on."""
    stream = stream_of(service)
    durables = [durable_of(service, partition) for partition in range(MOST_PARTITIONS + 1)]
    return (
        *service_rights(service, MOST_PARTITIONS).publish,
        f"$JS.API.STREAM.CREATE.{stream}",
        f"$JS.API.STREAM.UPDATE.{stream}",
        *(f"$JS.API.CONSUMER.CREATE.*.{durable}.>" for durable in durables),
        *(f"$JS.API.CONSUMER.DELETE.*.{durable}" for durable in durables),
    )
