"""A provider that says what a script says: for tests, tours and rehearsals, the same every time.

It holds no position: which round comes next is read from the transcript, so it goes on rightly in another process.

As JSON (`Scripted.from_json`), a script is `{"model"?, "rounds": [round…]}`, or with several stories
`{"model"?, "stories": [{"when": regex, "rounds": [round…]}…]}`: the first whose `when` is found in the person's last
words is played, else the last. A round is a list of steps:

    {"say": text, "chunks"?: n, "delay"?: seconds before each chunk}
    {"think": text, "signature"?, "chunks"?, "delay"?}
    {"wish": tool name, "arguments"?: {…}, "id"?}
    {"wait": path of a file that must appear, "seconds"?: at most}
    {"interrupt": sentence, "seconds"?: n}
    {"fail": sentence, "code"?, "temporary"?}
    {"stop": stop reason}
    {"usage": {"input_tokens": n, …}}
    {"asks": bytes of the request, "most"?: tokens its answer may have}: an attempt that costs something begins
    {"counted": {"input_tokens": n, …}}: what that attempt has cost, should it end here

In what is said, `{words}` stands for the person's last words and `{answers}` for what the last wishes brought.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from chat.agent.errors import ModelError
from chat.agent.ports import (
    Answer,
    Asking,
    Counted,
    Finished,
    Interrupted,
    Request,
    Spoken,
    Text,
    TextDelta,
    TextEnd,
    ThinkingDelta,
    ThinkingEnd,
    Turn,
    Usage,
    Wish,
)

POLL_SECONDS = 0.01

# ---- steps -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """One text block in `chunks` deltas; `delay` seconds before each."""

    text: str
    chunks: int = 1
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Think:
    text: str
    signature: str = ""
    chunks: int = 1
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class WishFor:
    """`id` left out: made from the place in the transcript, unique in the conversation and the same each time."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The attempt breaks off and is made again after `seconds`: wishes made so far in this round are void."""

    sentence: str = "The connection to the model was cut."
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Fail:
    sentence: str
    code: str = "model_error"
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Stands still until the event is set or the file is there; after `seconds` the round fails."""

    what: asyncio.Event | Path
    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Stop:
    """The stop reason, when it is not the ordinary one (`tool_use` with wishes, `end_turn` without)."""

    reason: str


Step: TypeAlias = Say | Think | WishFor | Interrupt | Fail | WaitFor | Stop | Usage | Asking | Counted
Round: TypeAlias = Sequence[Step]


@dataclass(frozen=True, slots=True)
class Story:
    rounds: Sequence[Round]
    when: str = ""


# ---- the provider ------------------------------------------------------------------------------------------------


class Scripted:
    """Plays one story per message of a person, one round per answer of the model."""

    name = "scripted"

    def __init__(self, rounds: Sequence[Round] = (), *, stories: Sequence[Story] = (), model: str = "script") -> None:
        self.stories = tuple(stories) or (Story(rounds),)
        self.model = model

    @classmethod
    def from_json(cls, path: str | Path) -> "Scripted":
        """Reads a script file. Raises ValueError with a sentence when it is not one."""
        script = json.loads(Path(path).read_text(encoding="utf-8"))
        stories = script.get("stories", [script])
        return cls(stories=[_story(story) for story in stories], model=script.get("model", "script"))

    async def respond(self, request: Request) -> AsyncIterator[Spoken]:
        words, rounds_done = _place(request.turns)
        story = next((story for story in self.stories if re.search(story.when, words, re.IGNORECASE)), self.stories[-1])
        if rounds_done >= len(story.rounds):
            raise ModelError(
                f"The script has {len(story.rounds)} rounds and was asked for one more.", code="script_over"
            )
        stop, usage, wishes = "", Usage(), list[Wish]()
        fill = _filler(request.turns, words)
        for step in story.rounds[rounds_done]:
            match step:
                case Say() | Think():
                    async for piece in _speak(step, fill(step.text)):
                        yield piece
                case WishFor():
                    wishes.append(
                        Wish(step.id or f"wish-{len(request.turns)}-{len(wishes) + 1}", step.name, step.arguments)
                    )
                case Interrupt():
                    wishes.clear()
                    yield Interrupted(step.sentence, step.seconds, 1)
                    await asyncio.sleep(step.seconds)
                case Fail():
                    raise ModelError(step.sentence, code=step.code, temporary=step.temporary)
                case WaitFor():
                    await _wait(step)
                case Stop(reason):
                    stop = reason
                case Usage():
                    usage += step
                case Asking() | Counted():
                    yield step
        yield Finished(stop or ("tool_use" if wishes else "end_turn"), tuple(wishes), usage)


async def _speak(step: Say | Think, text: str) -> AsyncIterator[Spoken]:
    thinks = isinstance(step, Think)
    for chunk in chunked(text, step.chunks):
        await asyncio.sleep(step.delay)
        yield ThinkingDelta(chunk) if thinks else TextDelta(chunk)
    yield ThinkingEnd(text, step.signature) if isinstance(step, Think) else TextEnd(text)


def chunked(text: str, count: int) -> list[str]:
    """`text` in at most `count` pieces of about the same length."""
    size = max(1, -(-len(text) // max(1, count)))
    return [text[start : start + size] for start in range(0, len(text), size)]


async def _wait(step: WaitFor) -> None:
    async def appeared(path: Path) -> None:
        while not path.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it, one look at a local file
            await asyncio.sleep(POLL_SECONDS)

    try:
        async with asyncio.timeout(step.seconds):
            await (step.what.wait() if isinstance(step.what, asyncio.Event) else appeared(step.what))
    except TimeoutError:
        raise ModelError(f"The script waited {step.seconds:g} s in vain for {step.what}.", code="script_wait") from None


def _place(turns: Sequence[Turn]) -> tuple[str, int]:
    """A person's last words, and how many rounds of wishes were answered since."""
    rounds = 0
    for turn in reversed(turns):
        texts = [block.text for block in turn.blocks if isinstance(block, Text)]
        if turn.role == "user" and texts:
            return "\n".join(texts), rounds
        rounds += turn.role == "assistant" and any(isinstance(block, Wish) for block in turn.blocks)
    return "", rounds


def _filler(turns: Sequence[Turn], words: str) -> Callable[[str], str]:
    answers = "\n".join(block.text for block in turns[-1].blocks if isinstance(block, Answer)) if turns else ""
    return lambda text: text.replace("{words}", words).replace("{answers}", answers)


# ---- from JSON ---------------------------------------------------------------------------------------------------


def _story(story: Mapping[str, Any]) -> Story:
    if not isinstance(story.get("rounds"), list):
        raise ValueError("A script, and each of its stories, needs a list of rounds.")
    rounds = [[_step(dict(step)) for step in steps] for steps in story["rounds"]]
    return Story(rounds, story.get("when", ""))


_STEPS: dict[str, Callable[..., Step]] = {
    "say": Say,
    "think": Think,
    "wish": WishFor,
    "interrupt": Interrupt,
    "fail": Fail,
    "wait": lambda path, **rest: WaitFor(Path(path), **rest),
    "stop": Stop,
    "usage": lambda counts: Usage(**counts),
    "asks": lambda size, most=0: Asking(size, most),
    "counted": lambda counts: Counted(Usage(**counts)),
}


def _step(step: dict[str, Any]) -> Step:
    kind = next((kind for kind in _STEPS if kind in step), None)
    try:
        if kind is None:
            raise TypeError("it names none of " + ", ".join(_STEPS))
        return _STEPS[kind](step.pop(kind), **step)
    except TypeError as error:
        raise ValueError(f"This step of the script cannot be played: {step}: {error}.") from None
