"""One hostile script: what the model does, what people do, and what may reach the cluster. Plain data.

In every string `{id}` stands for a name of this telling alone, `{ns}` for its namespace, `{canary}` for its secret.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Block: TypeAlias = dict[str, Any]
Reply: TypeAlias = Any  # a list of blocks, or a whole reply of tests.fakemodel
OVER: list[Block] = [{"text": "Over."}]


@dataclass(frozen=True)
class Turn:
    """One message of a person. `rounds`: the model's answers to it, then "Over."; `people`: a word (tests/hostile/
    people.py) for each approval that is asked for, in order; for the rest nobody answers."""

    rounds: tuple[Reply, ...] = ()
    people: tuple[str, ...] = ()
    text: str = "go"


@dataclass
class Seen:
    """What a telling looked like from outside: frames of the socket (with their HTML), answers of REST and the events
    they told, requests to the model."""

    frames: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    most_pending: int = 0

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event["data"] for event in self.events if event["type"] == kind]


Check: TypeAlias = Callable[[Seen], Iterator[str]]


@dataclass(frozen=True)
class Script:
    """`allowed`: the changes that people allowed, as "deployments/web", each exactly once; `may`: what may
    happen once or not at all; nothing else. `stage`: what stands in the namespace before (ground.py)."""

    name: str
    turns: tuple[Turn, ...]
    allowed: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    stage: tuple[str, ...] = ("secret",)
    checks: tuple[Check, ...] = ()
    role: str = "operator"

    @property
    def family(self) -> str:
        return self.name.partition(" ")[0]


def script(name: str, *rounds: Reply, people: tuple[str, ...] | str = (), text: str = "go", **more: Any) -> Script:
    """A script of one message. `people` may be one word."""
    words = (people,) if isinstance(people, str) else people
    return Script(name, (Turn(rounds, words, text),), **more)


def call(tool: str, /, **arguments: Any) -> Block:
    return {"tool": tool, "input": arguments}


def say(words: str) -> Block:
    return {"text": words}


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """The same with every placeholder replaced, at any depth, in keys as well."""
    if isinstance(value, str):
        for name, word in names.items():
            value = value.replace(f"{{{name}}}", word)
        return value
    if isinstance(value, dict):
        return {filled(key, names): filled(part, names) for key, part in value.items()}
    return [filled(part, names) for part in value] if isinstance(value, list | tuple) else value
