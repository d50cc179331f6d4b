"""A demo API server on a free loopback port, in a thread of its own, for tests that speak HTTP to it."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import uvicorn

from tools.demo.server import Application


@contextlib.contextmanager
def served(make: Callable[[], Application]) -> Iterator[int]:
    """Serves the application and yields its port; it has ended when the block has."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        options = {"log_level": "error", "lifespan": "off", "ws": "none", "timeout_graceful_shutdown": 1}
        config = uvicorn.Config(make(), http="h11", **options)  # h11 lets unknown methods through to the application
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        end = time.monotonic() + 5
        while not server.started and time.monotonic() < end:
            time.sleep(0.01)
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join(5)
