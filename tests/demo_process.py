"""A demo cluster in a process of its own, in its opening state, for as long as somebody wants it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def demo_process(factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """Its kubeconfig. `name`: of the folder it lives in."""
    from tools.demo import process

    home = factory.mktemp(name)
    yield process.ensure_running(home)
    process.end(home)
