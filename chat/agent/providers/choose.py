"""Which provider answers: one call from settings to a Provider, importing only what is chosen."""

from pathlib import Path

from chat.agent.ports import Provider


def choose(
    provider: str, *, model: str = "", api_key: str = "", base_url: str = "", script: str | Path | None = None
) -> Provider:
    """`provider`: `anthropic`, `guide` or `scripted`; the rest are the settings of that name.

    Raises ValueError for another provider.
    """
    if provider == "anthropic":
        from chat.agent.providers.anthropic.provider import Anthropic

        return Anthropic(model=model, api_key=api_key, base_url=base_url)
    if provider == "guide":
        from chat.agent.providers.guide import Guide

        return Guide()
    if provider == "scripted" and script is not None:
        from chat.agent.providers.scripted import Scripted

        return Scripted.from_json(script)
    raise ValueError(f"K8SMCP_PROVIDER must be anthropic or guide (or scripted, with a script), not {provider!r}.")
