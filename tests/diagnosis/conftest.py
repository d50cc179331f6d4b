"""The two clusters that every seeded fault is put into: a real API server, and the demo cluster."""

from tests.conformance.conftest import cluster, demo_server

__all__ = ["cluster", "demo_server"]
