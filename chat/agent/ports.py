"""The words between the loop and what is around it: what was said, what a provider says, and who listens.

Plain data and two protocols. Nothing here knows Django, a vendor or Kubernetes.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

Json: TypeAlias = Any


# ---- what was said: the transcript -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """`signature` must go back to the model unchanged (Messages API, extended thinking); empty: leave the block out."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish of the model to use a tool. `id` is the provider's, unique in the run."""

    id: str
    name: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a wish. `text` is what a model reads; `data` the same as JSON for the rule-based guide.

    given: its beginning, where the text is too long for a model; short: its first line, for when it has become old,
    empty where it must stay. Both say how to read on.
    """

    id: str
    text: str
    failed: bool = False
    data: Json = None
    given: str = ""
    short: str = ""


@dataclass(frozen=True, slots=True)
class Memo:
    """What stands in the place of all turns before it (chat/agent/compaction.py). words: people's own; places: clusters
    and namespaces in play; calls: each with its outcome; findings: in the model's words."""

    words: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    findings: str = ""


Block: TypeAlias = Text | Thinking | Wish | Answer | Memo


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the transcript: a person's words or answers (`user`), or what the model said (`assistant`)."""

    role: Literal["user", "assistant"]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """`deferred`: its schema is not loaded; a model finds it with tool_find."""

    name: str
    description: str
    input_schema: Mapping[str, Json]
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """What the agent is told about where it is: registered clusters, the conversation's own, today's date (ISO)."""

    clusters: tuple[str, ...]
    cluster: str
    read_only: bool
    today: str


@dataclass(frozen=True, slots=True)
class Request:
    """All a provider needs for one round. window: tokens that its model can read and say together, 0 where nobody
    counts them; most: tokens its answer may have, 0 for as many as the provider allows."""

    turns: tuple[Turn, ...]
    tools: tuple[ToolOffer, ...]
    setting: Setting
    window: int = 0
    most: int = 0


# ---- what a provider says, piece by piece ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the Messages API counts them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0

    @property
    def total(self) -> int:
        return self.input_tokens + self.output_tokens + self.cache_read_input_tokens + self.cache_creation_input_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_input_tokens + other.cache_read_input_tokens,
            self.cache_creation_input_tokens + other.cache_creation_input_tokens,
        )


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class TextEnd:
    """The block is closed; `text` is all of it."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingEnd:
    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """This attempt broke off and will be made again after `seconds`: what it said so far stands, its wishes are void.

    `attempt` counts from 1 and is the one that broke off.
    """

    sentence: str
    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The last thing a provider says in a round. `wishes` only from a message that really ended with them:
    stop reason `tool_use`, every block closed, raw arguments strict JSON objects."""

    stop_reason: str
    wishes: tuple[Wish, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Asking:
    """An attempt that may cost something is about to be made, and nothing of it has left yet.

    size: bytes of the request; most: tokens that its answer may have; grown: what its bytes would be, had nothing been
    shortened, and nought where that is the same.
    """

    size: int
    most: int
    grown: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """What the attempt under way has cost at most, should it end here; the last one counts. An attempt that says none
    may have cost whatever was asked for."""

    usage: Usage


Spoken: TypeAlias = TextDelta | TextEnd | ThinkingDelta | ThinkingEnd | Asking | Counted | Interrupted | Finished


class Provider(Protocol):
    """Where the model lives. `respond` yields what it says and ends with exactly one Finished, or raises ModelError.

    Every delta belongs to the block whose End follows it; blocks do not interleave.
    """

    name: str
    model: str

    def respond(self, request: Request) -> AsyncIterator[Spoken]: ...


# ---- who listens -------------------------------------------------------------------------------------------------


class Stage(Protocol):
    """Where the loop plays: the runner journals what is durable, streams what is not, and gets tool calls done."""

    async def text_delta(self, text: str) -> None: ...

    async def text_end(self, text: str) -> None: ...

    async def thinking_delta(self, text: str) -> None: ...

    async def thinking_end(self, text: str, signature: str) -> None: ...

    async def asking(self, asking: Asking) -> None:
        """Sets aside what the attempt may cost. Raises LimitReached when no budget has that much left."""

    async def counted(self, usage: Usage) -> None:
        """Remembers it for the moment the attempt ends, however it ends."""

    async def interrupted(self, sentence: str, seconds: float, attempt: int) -> None:
        """Closes what is open, as far as it was said, and tells the watchers about the wait."""

    async def round_ended(self, wishes: Sequence[Wish], usage: Usage) -> None:
        """Makes the round durable: usage, and every wish, before any of them is tried."""

    async def compacted(self, memo: Memo, usage: Usage) -> Memo:
        """Makes durable that `memo` stands for what came before, and tells people. Returns the memo as it is kept.
        usage: what its summary took."""

    async def perform(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
        """Gets the wishes done, in their order, and answers each. Raises Parked when a person must decide first."""

    async def heard(self) -> Sequence[str]:
        """What people want this run to hear before its next round: each message once, oldest first."""
