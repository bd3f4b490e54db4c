"""The NATS servers of one place: one, or a cluster of three when ``MELDER_NATS_SERVERS=3``."""

import os

from melder_common.testing.nats import NatsServer, NatsUser, Peers
from melder_local.nats_rights import nats_publish_rights
from melder_local.place import Place
from melder_local.services import SERVICES
from melder_operator.nats_users import OPERATOR, operator_rights


def nats_servers(place: Place) -> tuple[NatsServer, ...]:
    """What ``place`` runs. A place that had a cluster once keeps it: its streams lie there."""
    if os.environ.get("MELDER_NATS_SERVERS") == "3":
        place.cluster_ports()
    users, ports = _users(place), place.ports()
    if not place.has_cluster:
        monitor = ports["nats_monitor"]
        return (NatsServer(place.run / "nats", ports["nats"], users=users, monitor=monitor),)
    own = place.cluster_ports()
    among = tuple(own[f"peers_{number}"] for number in (1, 2, 3))
    clients = {"nats": ports["nats"], "nats-2": own["nats-2"], "nats-3": own["nats-3"]}
    return tuple(
        NatsServer(place.run / name, port, users=users, name=name, peers=Peers(peer, among))
        for (name, port), peer in zip(clients.items(), among, strict=True)
    )


def _users(place: Place) -> tuple[NatsUser, ...]:
    services = (
        NatsUser(
            service,
            place.secret(f"nats/{service}"),
            publish=nats_publish_rights(service),
            subscribe=("_INBOX.>", f"log.{service}.>"),
        )
        for service in SERVICES
    )
    rights = operator_rights()
    password = place.secret(f"nats/{OPERATOR}")
    operator = NatsUser(OPERATOR, password, publish=rights.publish, subscribe=rights.subscribe)
    return (*services, operator)
