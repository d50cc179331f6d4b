"""The agent's turn as a pure state machine: `step(state, what happened)` is the next state and the acts it asks for.

Nothing here waits, sends or remembers: `loop.py` does the acts and tells what came of them. The last act of a step is
the only one that brings news (Ask, GoOn, Perform, Listen) or ends the turn (Finish, Fail), so a turn is one line of
steps, and whatever a provider or a cluster does, it has one end.

    begin ──▶ PERFORMING ──Answered──▶ HEARING ──Heard──▶ SPEAKING ──Finished──▶ PERFORMING | SPEAKING | OVER
      └───────────────────────────────────┴────────────────▲
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

from chat.agent.deferral import opened
from chat.agent.endings import explain
from chat.agent.errors import AgentError, LimitReached, ModelError
from chat.agent.limits import Limits
from chat.agent.ports import (
    Answer,
    Asking,
    Block,
    Counted,
    Finished,
    Interrupted,
    Spoken,
    Text,
    TextDelta,
    TextEnd,
    Thinking,
    ThinkingDelta,
    ThinkingEnd,
    Turn,
    Usage,
    Wish,
)
from chat.agent.turns import at_tool_boundary, unanswered, with_answers, with_words


class Phase(Enum):
    """Whose move it is: the model's, the tools', a person's with something to add, or nobody's any more."""

    SPEAKING = "speaking"
    PERFORMING = "performing"
    HEARING = "hearing"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class State:
    """`said`: what closed in this round. rounds and calls count from the run's beginning, usage from `begin`."""

    phase: Phase
    limits: Limits
    turns: tuple[Turn, ...]
    rounds: int
    calls: int
    usage: Usage = field(default_factory=Usage)
    said: tuple[Block, ...] = ()
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """How a run came to its end by itself. rounds and calls count from the run's beginning, usage from this `run`."""

    stop_reason: str
    rounds: int
    calls: int
    usage: Usage
    turns: tuple[Turn, ...]


# ---- what happens, beside what a provider says -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Silence:
    """The provider said nothing more, and had not finished."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Every wish that was to be performed, in order."""

    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What people added while the tools worked; mostly nothing."""

    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compacted:
    """The turns had become too long to be asked with; these stand for them."""

    turns: tuple[Turn, ...]


Happened: TypeAlias = Spoken | Silence | Answered | Heard | Compacted

# ---- what is to be done ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Show:
    """To the stage, as it is."""

    piece: TextDelta | TextEnd | ThinkingDelta | ThinkingEnd | Asking | Counted | Interrupted


@dataclass(frozen=True, slots=True)
class Keep:
    """Makes the round durable, before any wish of it is tried."""

    wishes: tuple[Wish, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class Ask:
    """Begins a round of the model with these turns. Brings the first piece of it, or Compacted."""

    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class GoOn:
    """Brings the next piece of the round."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Brings Answered."""

    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Listen:
    """Brings Heard."""


@dataclass(frozen=True, slots=True)
class Finish:
    end: End


@dataclass(frozen=True, slots=True)
class Fail:
    fault: AgentError


Act: TypeAlias = Show | Keep | Ask | GoOn | Perform | Listen | Finish | Fail
Step: TypeAlias = tuple[State, tuple[Act, ...]]
_GO_ON: tuple[Act, ...] = (GoOn(),)

# ---- steps -------------------------------------------------------------------------------------------------------


def begin(turns: tuple[Turn, ...], limits: Limits, *, rounds: int = 0, calls: int = 0) -> Step:
    """Wishes the transcript left unanswered come first: they are recorded, and already counted in `calls`."""
    state = State(Phase.SPEAKING, limits, turns, rounds, calls)
    if waiting := unanswered(turns):
        return replace(state, phase=Phase.PERFORMING, wishes=waiting), (Perform(waiting),)
    return _listen(state) if at_tool_boundary(turns) else _ask(state)


def step(state: State, happened: Happened) -> Step:
    """Raises ValueError for what cannot happen now: a driver that is out of step must not go on."""
    match state.phase, happened:
        case Phase.SPEAKING, TextDelta() | ThinkingDelta() | Asking() | Counted():
            return state, (Show(happened), *_GO_ON)
        case Phase.SPEAKING, TextEnd() | ThinkingEnd():
            return replace(state, said=(*state.said, _closed(happened))), (Show(happened), *_GO_ON)
        case Phase.SPEAKING, Interrupted():  # people keep what they saw; the model says it again in full
            return replace(state, said=()), (Show(happened), *_GO_ON)
        case Phase.SPEAKING, Compacted(turns):
            return replace(state, turns=turns), (Ask(turns),)
        case Phase.SPEAKING, Silence():
            return _fail(state, ModelError(_BROKE_OFF, code="incomplete", temporary=True))
        case Phase.SPEAKING, Finished():
            return _finished(state, happened)
        case Phase.PERFORMING, Answered(answers):
            return _answered(state, answers)
        case Phase.HEARING, Heard(texts):
            return _ask(replace(state, turns=with_words(state.turns, texts)))
    raise ValueError(f"{type(happened).__name__} cannot happen while {state.phase.value}.")


_BROKE_OFF = "The model's answer broke off before its end. Send the message again."


def _closed(block: TextEnd | ThinkingEnd) -> Block:
    return Text(block.text) if isinstance(block, TextEnd) else Thinking(block.text, block.signature)


def _ask(state: State, *acts: Act) -> Step:
    try:
        state.limits.check_rounds(state.rounds)
    except LimitReached as fault:
        return _fail(state, fault, *acts)
    return replace(state, phase=Phase.SPEAKING, said=()), (*acts, Ask(state.turns))


def _fail(state: State, fault: AgentError, *acts: Act) -> Step:
    return replace(state, phase=Phase.OVER), (*acts, Fail(fault))


def _finished(state: State, finished: Finished) -> Step:
    wishes = _each_once(map(opened, finished.wishes)) if finished.stop_reason == "tool_use" else ()
    why = explain(finished.stop_reason) if not wishes else ""
    told: tuple[Act, ...] = (Show(TextDelta(why)), Show(TextEnd(why))) if why else ()
    said = (*state.said, Text(why)) if why else state.said
    turns = (*state.turns, Turn("assistant", (*said, *wishes))) if said or wishes else state.turns
    state = replace(
        state, said=said, turns=turns, wishes=wishes,
        rounds=state.rounds + 1, calls=state.calls + len(wishes), usage=state.usage + finished.usage,
    )  # fmt: skip
    try:
        state.limits.check_calls(state.calls)
    except LimitReached as fault:  # wishes beyond the limit are never recorded as begun; what the round cost is
        return _fail(state, fault, *told, Keep((), finished.usage))
    kept = Keep(wishes, finished.usage)
    if wishes:
        return replace(state, phase=Phase.PERFORMING), (*told, kept, Perform(wishes))
    if finished.stop_reason == "pause_turn" and said:
        return _ask(state, *told, kept)
    end = End(finished.stop_reason, state.rounds, state.calls, state.usage, turns)
    return replace(state, phase=Phase.OVER), (*told, kept, Finish(end))


def _answered(state: State, answers: tuple[Answer, ...]) -> Step:
    if [answer.id for answer in answers] != [wish.id for wish in state.wishes]:
        raise ValueError("Every wish gets one answer, in order.")
    return _listen(replace(state, turns=with_answers(state.turns, answers), wishes=()))


def _listen(state: State) -> Step:
    """The next round is asked for only once people were listened to, and they only if there will be one."""
    try:
        state.limits.check_rounds(state.rounds)
    except LimitReached as fault:
        return _fail(state, fault)
    return replace(state, phase=Phase.HEARING), (Listen(),)


def _each_once(wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """A model that names one id twice wished once."""
    first: dict[str, Wish] = {}
    for wish in wishes:
        first.setdefault(wish.id, wish)
    return tuple(first.values())
