"""The system prompt: what never changes first, so that it can be cached; where the agent is last."""

import json
from functools import cache
from pathlib import Path

from chat.agent.ports import Setting


def compose(setting: Setting) -> str:
    """The whole system prompt for one conversation."""
    return f"{constant_part()}\n\n{setting_part(setting)}"


@cache
def constant_part() -> str:
    """The same for every conversation of this version."""
    return (Path(__file__).parent / "agent.md").read_text(encoding="utf-8").strip()


def setting_part(setting: Setting, more: str = "") -> str:
    """Where this conversation takes place; cluster names are quoted, since people choose them. `more`: a line about the
    tools that are not loaded."""
    return "\n".join(["Where you are", *(f"- {fact}" for fact in [*_facts(setting), *filter(None, [more])])])


def _facts(setting: Setting) -> list[str]:
    if not setting.clusters:
        clusters = "No cluster is registered. Say so, and that an administrator can add one on the page Clusters."
    else:
        clusters = "Clusters: " + ", ".join(map(json.dumps, sorted(setting.clusters))) + "."
        clusters += (
            f" Leave out `cluster` in a call and it goes to {json.dumps(setting.cluster)}."
            if setting.cluster
            else " None is chosen: name one in each call, and ask which one when it is not plain."
        )
    writing = (
        "The portal is read-only: nothing can be changed. Explain what a person could change elsewhere."
        if setting.read_only
        else "Changes are possible after a person's approval."
    )
    return [clusters, writing, f"Today is {setting.today} (UTC)."]
