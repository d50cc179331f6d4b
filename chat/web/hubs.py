"""Which hub is whose: every event loop has one of its own."""

import asyncio

from chat.web.hub import Hub

_hubs: "dict[asyncio.AbstractEventLoop, Hub]" = {}


def hub() -> Hub:
    """The running event loop's own."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        for over in [each for each in _hubs if each.is_closed()]:
            del _hubs[over]
        _hubs[loop] = Hub()
    return _hubs[loop]
