"""Which provider answers: one call from settings to a Provider, importing only what is chosen."""

from pathlib import Path
from typing import TYPE_CHECKING

from chat.agent.ports import Provider

if TYPE_CHECKING:
    from chat.agent.providers.anthropic.provider import Anthropic

_endpoints: "dict[tuple[str, str, str], Anthropic]" = {}


def choose(
    provider: str, *, model: str = "", api_key: str = "", base_url: str = "", script: str | Path | None = None
) -> Provider:
    """`provider`: `anthropic`, `guide` or `scripted`; the rest are the settings of that name.

    Raises ValueError for another provider.
    """
    if provider == "anthropic":
        return _endpoint(model, api_key, base_url)
    if provider == "guide":
        from chat.agent.providers.guide import Guide

        return Guide()
    if provider == "scripted" and script:
        from chat.agent.providers.scripted import Scripted

        return Scripted.from_json(script)
    raise ValueError(f"K8SMCP_PROVIDER must be anthropic or guide (or scripted, with a script), not {provider!r}.")


def _endpoint(model: str, api_key: str, base_url: str) -> Provider:
    """One for all runs of this process: they share its connections and what it learned about the endpoint."""
    from chat.agent.providers.anthropic.provider import Anthropic

    key = model, api_key, base_url
    if key not in _endpoints:
        _endpoints[key] = Anthropic(model=model, api_key=api_key, base_url=base_url)
    return _endpoints[key]


async def close() -> None:
    """Closes what is open to any model, before the process or its event loop ends. `choose` may be called again."""
    while _endpoints:
        _, endpoint = _endpoints.popitem()
        await endpoint.aclose()
