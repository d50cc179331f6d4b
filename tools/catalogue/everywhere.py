"""Reads all namespaces at once or, for who may not, those of them that they may: and names the others."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tools.kube.client import KubeClient, Selection
from tools.kube.errors import Forbidden, KubeError, NotPermitted
from tools.kube.resources import Resource
from tools.kube.together import together
from tools.rendering import counted

_MOST_NAMESPACES = 300
_AT_ONCE = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Everywhere(Generic[T]):
    """found: one answer, or one a namespace; refused: the namespaces that may not be read; cut: there are more
    namespaces than were tried."""

    found: list[T]
    refused: tuple[str, ...] = ()
    cut: bool = False

    @property
    def sentence(self) -> str:
        """What is missing, to follow a header; empty when nothing is."""
        rest = f" Only the first {_MOST_NAMESPACES} namespaces were tried." if self.cut else ""
        if not self.refused:
            return rest
        named = ", ".join(self.refused[:5]) + (", …" if len(self.refused) > 5 else "")
        return f" Not allowed in {counted(len(self.refused), 'namespace')}, left out: {named}.{rest}"


async def read_where_allowed(
    client: KubeClient, resource: Resource, namespace: str | None, read: Callable[[str | None], Awaitable[T]]
) -> Everywhere[T]:
    """`read` is called with a namespace, or with None for all of them. Raises the first Forbidden or NotPermitted when
    no namespace may be read."""
    try:
        return Everywhere([await read(namespace)])
    except (Forbidden, NotPermitted) as fault:
        if namespace or not resource.namespaced:
            raise
        names, cut = await _namespaces(client, fault)
        tried = [
            one
            for at in range(0, len(names), _AT_ONCE)
            for one in await together(*(_one(read, name) for name in names[at : at + _AT_ONCE]))
        ]
        refused = tuple(name for name, one in zip(names, tried, strict=True) if isinstance(one, KubeError))
        if len(refused) == len(names):
            raise
        return Everywhere([one for one in tried if not isinstance(one, KubeError)], refused, cut)


async def _namespaces(client: KubeClient, fault: KubeError) -> tuple[list[str], bool]:
    """Raises `fault` when they cannot be listed either: then nobody knows where to look."""
    try:
        found = await client.table(await client.resolve("v1/namespaces"), Selection(limit=_MOST_NAMESPACES))
    except (Forbidden, NotPermitted):
        raise fault from None
    return sorted(row.meta.name for row in found.rows or []), bool(found.metadata.proceed)


async def _one(read: Callable[[str | None], Awaitable[T]], namespace: str) -> T | KubeError:
    try:
        return await read(namespace)
    except (Forbidden, NotPermitted) as fault:
        return fault
