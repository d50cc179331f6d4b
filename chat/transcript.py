"""Events become model messages. Pure.

A run's words follow its message, in the order in which the runs began; so a message that was queued while another run
was speaking comes after that run. One that was steered into a run stands behind the answers after which that run heard
it; one that was removed is left out, as is what an interrupted attempt said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chat import given
from chat.agent import compaction
from chat.agent.ports import Answer, Block, Json, Memo, Text, Thinking, Turn, Wish
from chat.event_types import (
    COMPACTED,
    GOES_ON_ELSEWHERE,
    MessageEdited,
    MessageRemoved,
    MessageSteered,
    Notice,
    TextEnd,
    ThinkingEnd,
    ToolCallEnd,
    ToolCallStart,
    UserMessage,
)
from chat.models import Event

VOIDING = ("model_retry", *GOES_ON_ELSEWHERE)


@dataclass
class _Telling:
    """The turns of one run, as they come about."""

    turns: list[Turn] = field(default_factory=list)
    open: list[Block] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def wishes(self) -> list[Wish]:
        return [block for block in self.open if isinstance(block, Wish)]

    def say(self, block: Block) -> None:
        if self.answers and all(wish.id in self.answers for wish in self.wishes()):
            self.close()
        self.open.append(block)

    def hear(self, text: str) -> None:
        """A person's words, between two rounds."""
        self.close()
        self.turns.append(Turn("user", (Text(text),)))

    def void(self) -> None:
        if not self.wishes():
            self.open.clear()

    def close(self) -> None:
        """One round: what the assistant said and wished, then every answer, in the order of the wishes."""
        if self.open:
            self.turns.append(Turn("assistant", tuple(self.open)))
        answers = tuple(self.answers[wish.id] for wish in self.wishes() if wish.id in self.answers)
        if answers:
            self.turns.append(Turn("user", answers))
        self.open, self.answers = [], {}


def compose(events: Sequence[Event], run_id: str, data: Mapping[str, Json] | None = None) -> tuple[Turn, ...]:
    """The transcript for `run_id`: ended runs in the order they began, then this one with its unanswered wishes last.

    `data`: structured results by tool call id, for providers that read them.
    """
    by_run: dict[str, list[Event]] = {}
    began: dict[str, int] = {}
    for event in events:
        run = event.data.get("into_run_id") or event.data.get("run_id")
        if run is None:
            continue
        by_run.setdefault(run, []).append(event)
        if event.type not in _BEFORE_A_RUN:
            began.setdefault(run, event.seq)
    gone = {event.data["run_id"] for event in events if event.type in (MessageRemoved.type, MessageSteered.type)}
    earlier = sorted((run for run in began if run != run_id and run not in gone), key=began.__getitem__)
    turns: list[Turn] = []
    for run in [*earlier, run_id]:
        turns.extend(_tell(by_run.get(run, []), data or {}, current=run == run_id))
    return _alternating(turns)


_BEFORE_A_RUN = (UserMessage.type, MessageEdited.type)


def _tell(events: Sequence[Event], data: Mapping[str, Json], *, current: bool) -> list[Turn]:
    telling = _Telling()
    for event in events:
        match event.type:
            case UserMessage.type | MessageEdited.type:  # edited before its run begins: nothing else was told yet
                telling.turns = [Turn("user", (Text(event.data["text"]),))]
            case MessageSteered.type:
                telling.hear(event.data["text"])
            case TextEnd.type if event.data["text"].strip():
                telling.say(Text(event.data["text"]))
            case ThinkingEnd.type if current and event.sealed.get("signature"):
                telling.say(Thinking(event.data["text"], event.sealed["signature"]))
            case ToolCallStart.type:
                telling.say(Wish(_id(event), event.data["tool_name"], event.data["arguments"]))
            case ToolCallEnd.type:
                telling.answers[_id(event)] = given.answer(
                    _id(event),
                    event.data["tool_name"],
                    event.data["result"],
                    failed=event.data["status"] != "completed",
                    data=data.get(event.data["tool_call_id"]),
                )
            case Notice.type if event.data["code"] in VOIDING:
                telling.void()
            case Notice.type if event.data["code"] == COMPACTED:
                telling.close()
                telling.turns.append(Turn("user", (kept_memo(event.sealed["memo"]),)))
    unanswered = [wish for wish in telling.wishes() if wish.id not in telling.answers]
    if unanswered and current:
        return [*telling.turns, Turn("assistant", tuple(telling.open))]
    telling.close()
    return telling.turns


def kept_memo(kept: Mapping[str, Json]) -> Memo:
    """As `rounds.compact` keeps it."""
    return Memo(tuple(kept["words"]), tuple(kept["places"]), tuple(kept["calls"]), kept["findings"])


def _id(event: Event) -> str:
    return "call_" + str(event.data["tool_call_id"]).replace("-", "")


def _alternating(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The Messages API wants roles to alternate: neighbours of one role become one turn. A memo stands for what came
    before it."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and isinstance(turn.blocks[0], Memo):
            merged = list(compaction.compact(merged, turn.blocks[0]))
        elif merged and merged[-1].role == turn.role:
            merged[-1] = Turn(turn.role, merged[-1].blocks + turn.blocks)
        else:
            merged.append(turn)
    return tuple(merged)
