"""What this process counts itself, at the spot: sockets, their frames and their ends. Each costs a few microseconds."""

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.metrics_core import Metric

_SOON = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LATER = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

_registry = CollectorRegistry()
ProcessCollector(registry=_registry)
SOCKETS = Gauge("k8smcp_sockets", "Sockets that are open.", registry=_registry)
CLOSED = Counter("k8smcp_sockets_closed", "Sockets the portal closed, by its own code.", ["code"], registry=_registry)
FIRST_FRAME = Histogram(
    "k8smcp_first_frame_seconds", "From a message on a socket to its answer.", registry=_registry, buckets=_SOON
)
FIRST_WORDS = Histogram(
    "k8smcp_first_words_seconds",
    "From a message on a socket to the first words, thought or call shown there.",
    registry=_registry,
    buckets=_LATER,
)
LEFT_OUT = Counter("k8smcp_deltas_left_out", "Deltas that a slow reader was not sent.", registry=_registry)
HELD_BACK = Counter("k8smcp_outboxes_full", "Times the journal was held back for a slow reader.", registry=_registry)
DATABASE = Gauge("k8smcp_database_seconds", "A hop into the database and back, as this was asked.", registry=_registry)
DOORBELL = Gauge(
    "k8smcp_doorbell_seconds", "The doorbell, rung and heard as this was asked; NaN: not heard.", registry=_registry
)


def figures() -> Iterator[Metric]:
    """Each with the label `process`, because several processes may share a port and take turns to answer."""
    process = str(os.getpid())
    for metric in _registry.collect():
        metric.samples = [
            sample._replace(labels={**sample.labels, "process": process})
            for sample in metric.samples
            if not sample.name.endswith("_created")
        ]
        yield metric
