"""What a plan is made of: rounds of tool calls, what was found, and the reply at its end."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chat.agent.ports import Setting
from chat.agent.providers.guide.intention import Intention, Thing

Json: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Call:
    """One wish before it has an id. `arguments` leaves out what is not set."""

    tool: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a call. missing: the tool is not offered here, so nothing was asked."""

    text: str
    failed: bool = False
    data: Json = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """Calls that do not depend on one another. say: told before them; thought: a passing remark; wait: seconds to
    let pass before, when something needs time."""

    calls: tuple[Call, ...]
    say: str = ""
    thought: str = ""
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The end of a plan, and what the next message may refer to.

    focus: "it"; shown: what "the second one" counts; choices: candidates to choose from, to go on with `asked`;
    offers: sentences that "yes" (the first) or a number stands for.
    """

    text: str
    focus: Thing | None = None
    shown: tuple[Thing, ...] = ()
    choices: tuple[Thing, ...] = ()
    offers: tuple[str, ...] = ()
    asked: Intention | None = None


Plan: TypeAlias = Generator[Round, tuple[Found, ...], Reply]


@dataclass(frozen=True, slots=True)
class Scene:
    """All a plan may know before it asks: the intention, the tools offered, and the setting."""

    intention: Intention
    offered: frozenset[str]
    setting: Setting
    last: Reply | None = field(default=None)
