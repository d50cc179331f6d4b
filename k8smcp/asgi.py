"""The ASGI onion: pages and REST, MCP, the socket, and this process's crew of runners around them."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "k8smcp.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from chat import hop, launch, leaving  # noqa: E402
from chat.mcp.endpoint import application as mcp  # noqa: E402
from chat.web.routing import websocket  # noqa: E402
from k8smcp import daphne_bounds, departure  # noqa: E402

daphne_bounds.refuse(settings.DEBUG)

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


async def http(scope: Any, receive: Receive, send: Send) -> None:
    """MCP has a server of its own; everything else is Django's."""
    door = mcp if scope["path"] in ("/mcp", "/mcp/") else django_application
    await door(scope, receive, send)


protocols = ProtocolTypeRouter({"http": http, "websocket": websocket})


async def application(scope: Any, receive: Receive, send: Send) -> None:
    """Begins the crew with the lifespan, or with the first request where the server has none (daphne)."""
    if settings.K8SMCP_INPROCESS_RUNNER and not leaving.now():
        launch.begin()
    if scope["type"] == "lifespan":
        await _live(receive, send)
    else:
        await protocols(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            hop.take_short_turns()
            hop.put_away_what_stays()
            departure.prepare()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await launch.end()
            await send({"type": "lifespan.shutdown.complete"})
            return
