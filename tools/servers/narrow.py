"""What one conversation with another MCP server may be: so much and no more, and one call, which leaves once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tools.kube.errors import KubeError, NotSent, TooLarge
from tools.servers.programs import Program

Json: TypeAlias = Any
LARGEST = 1 << 20  # bytes of all that a server says in one conversation


@dataclass(frozen=True, slots=True)
class Reach:
    """How a server is reached: its name here, its address with the headers it is sent, a credential among them; or the
    program that is started instead."""

    name: str
    address: str
    headers: Mapping[str, str]
    program: Program | None = None


class Narrow:
    """`sent` says whether its call has left, `fault` why the conversation was cut."""

    def __init__(self, reach: Reach, leaving: Callable[[], Awaitable[None]] | None = None) -> None:
        self.reach, self._leaving = reach, leaving
        self._room = LARGEST
        self.sent = False
        self.fault: KubeError | None = None

    async def let_out(self, message: Json) -> None:
        """Asked before each message is written. Raises KubeError for one that stays here."""
        if isinstance(message, list):  # a batch could hold several calls
            raise self.cut(NotSent("Several messages at once are not sent to another server."))
        if not isinstance(message, dict) or message.get("method") != "tools/call":
            return
        if self.sent or self._leaving is None:
            raise self.cut(NotSent("A call to a tool leaves once: it was not sent again."))
        try:
            await self._leaving()
        except KubeError as fault:
            raise self.cut(fault) from None
        self.sent = True

    def take(self, size: int) -> None:
        """So many bytes came. Raises TooLarge."""
        self._room -= size
        if self._room < 0:
            raise self.cut(TooLarge(f'The server "{self.reach.name}" answered more than {LARGEST >> 20} MiB.'))

    def cut(self, fault: KubeError) -> KubeError:
        """The first one counts."""
        self.fault = self.fault or fault
        return fault
