"""Tells every page of this process that the approvals are not as they were: once, however many move in a moment."""

import asyncio
from collections.abc import Collection

from chat.web.viewer import Viewer

GATHER = 0.25  # seconds in which more may move before the pages are told


class Deciders:
    """`viewers`: all sockets of the process. Pages ask how many wait for their person; other clients poll or watch."""

    def __init__(self, viewers: Collection[Viewer]) -> None:
        self._viewers = viewers
        self._soon: asyncio.TimerHandle | None = None

    def moved(self) -> None:
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(GATHER, self._tell)

    def _tell(self) -> None:
        self._soon = None
        for viewer in self._viewers:
            if viewer.html:
                viewer.say({"type": "approvals", "data": {}})
