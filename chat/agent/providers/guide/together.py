"""Makes several calls in one round and gives each answer under the key of its call."""

from collections.abc import Generator, Hashable, Mapping
from typing import TypeVar

from chat.agent.providers.guide.steps import Call, Found, Round

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
Asking = Generator[Round, tuple[Found, ...], R]


def together(calls: Mapping[K, Call], thought: str = "", say: str = "", wait: float = 0.0) -> Asking[dict[K, Found]]:
    """No calls: no round."""
    if not calls:
        return {}
    founds = yield Round(tuple(calls.values()), say=say, thought=thought, wait=wait)
    return dict(zip(calls, founds, strict=True))
