"""The numbers by which one sees whether events flow."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from melder_common.consumer import Consumer
from melder_common.lag import EventState


class EventMetrics:
    """Registered once per process, on the registry that ``/metrics`` shows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lag = Gauge(
            "melder_consumer_lag",
            "Events of a log that this service has not applied yet, as of the last check.",
            ["speaker", "partition"],
            registry=registry,
        )
        self.cursor = Gauge(
            "melder_consumer_cursor",
            "Position of the last event applied, by log.",
            ["speaker", "partition"],
            registry=registry,
        )
        self.unpublished = Gauge(
            "melder_outbox_unpublished",
            "Committed events that are not in the stream yet.",
            registry=registry,
        )
        self.dead_letters = Gauge(
            "melder_dead_letters",
            "Events that block an aggregate, and wait behind one.",
            ["kind"],
            registry=registry,
        )
        self.overdue = Gauge(
            "melder_timers_overdue",
            "Timers that should have been carried out a minute ago.",
            registry=registry,
        )
        self.findings = Gauge(
            "melder_reconcile_findings",
            "What a reconciling check last found.",
            ["check"],
            registry=registry,
        )
        self.pruned = Counter(
            "melder_pruned_rows",
            "Rows removed because their time is over.",
            ["table"],
            registry=registry,
        )

    def show_logs(self, consumers: Mapping[int, Consumer[Any]]) -> None:
        """Show how far the logs are that this process follows, by partition."""
        self.lag.clear()
        self.cursor.clear()
        for partition, consumer in consumers.items():
            for speaker, log in consumer.logs.items():
                self.lag.labels(speaker, partition).set(log.lag)
                self.cursor.labels(speaker, partition).set(log.cursor)

    def show_state(self, state: EventState) -> None:
        """Show what the service's tables say."""
        self.unpublished.set(state.unpublished)
        self.dead_letters.labels("failed").set(state.dead_letters)
        self.dead_letters.labels("parked").set(state.parked)
        self.overdue.set(state.timers_overdue)
