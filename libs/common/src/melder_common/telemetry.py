"""Traces across services (W3C Trace Context): passed on always, exported where asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()


def set_up_telemetry(service: str, endpoint: str | None) -> Callable[[], None]:
    """Export spans to an OTLP/HTTP collector at ``endpoint``, if there is one.

    Returns what to call at the end, so that the last spans leave.
    """
    if not endpoint:
        # Said once: without a provider the API looks into the environment at every span.
        trace.set_tracer_provider(trace.NoOpTracerProvider())
        return lambda: None
    # Imported here because a service without a collector should not pay their memory.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": f"melder-{service}"}))
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider.shutdown


@contextmanager
def continue_trace(traceparent: str | None, name: str, kind: SpanKind) -> Iterator[Span]:
    """A span ``name`` below the trace that ``traceparent`` names, current inside the block."""
    parent = _propagator.extract({"traceparent": traceparent}) if traceparent else None
    token = context.attach(parent) if parent is not None else None
    try:
        with trace.get_tracer("melder").start_as_current_span(name, kind=kind) as span:
            yield span
    finally:
        if token is not None:
            context.detach(token)


def outgoing_headers() -> dict[str, str]:
    """``traceparent`` for a call to another service; empty outside a trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier


def trace_id() -> str | None:
    """The current trace's id in hexadecimal, for log lines."""
    found = trace.get_current_span().get_span_context()
    return format(found.trace_id, "032x") if found.is_valid else None
