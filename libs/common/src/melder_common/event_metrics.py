"""The numbers by which one sees whether events flow."""

from prometheus_client import CollectorRegistry, Counter, Gauge


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
