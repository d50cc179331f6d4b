"""A scenario as plain data: what is broken, what a person says, what the agent then calls, and how it is known.

In every string of a call `{ns}` stands for the scenario's namespace and `{node}` for the first node of the cluster.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from tests.scenarios.place import Place

Setup: TypeAlias = Callable[[Place], Awaitable[None]]
Check: TypeAlias = Callable[[Place], Awaitable[bool]]


@dataclass(frozen=True)
class Call:
    """One tool call of the agent. says: words its answer must have, because the next call follows from them; fails:
    words with which it is refused, where the refusal is what tells."""

    tool: str
    arguments: dict[str, Any]
    says: tuple[str, ...] = ()
    fails: str = ""

    def saying(self, *words: str) -> "Call":
        return replace(self, says=words)

    def failing(self, words: str) -> "Call":
        return replace(self, fails=words)


def call(tool: str, **arguments: Any) -> Call:
    return Call(tool, arguments)


def here(tool: str, **arguments: Any) -> Call:
    """A call in the scenario's own namespace."""
    return Call(tool, {**arguments, "namespace": "{ns}"})


def patched(kind: str, name: str, patch: dict[str, Any]) -> Call:
    return here("k8s_patch", kind=kind, name=name, patch=patch)


def in_pods(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """A patch of what a workload's pods are made from."""
    return {"spec": {"template": {"spec": spec | ({"containers": list(containers)} if containers else {})}}}


@dataclass(frozen=True)
class Ask:
    """One message of a person, and the calls that the agent makes for it, one after another."""

    words: str
    calls: tuple[Call, ...]


def ask(words: str, *calls: Call) -> Ask:
    return Ask(words, calls)


@dataclass(frozen=True)
class Scenario:
    """setup: makes the fault and waits until it shows; verify: whether all is well, false before the calls and true
    within SECONDS after them; changes: what the calls may change or make, as "deployments/web", and nothing else is
    different then; needs: a kind that the cluster must serve; role: of the person who asks; alone: it touches what
    others stand on."""

    name: str
    setup: Setup
    asks: tuple[Ask, ...]
    verify: Check
    changes: tuple[str, ...] = ()
    needs: str = ""
    role: str = "operator"
    alone: bool = False
