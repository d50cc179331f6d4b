"""The promises, read from the journal, the rows and the cluster: what must hold at any moment, and in the end."""

import uuid
from collections import Counter
from itertools import pairwise
from typing import Any

from chat import journal, transcript
from chat.agent.ports import Answer, Text, Turn, Wish
from chat.models import Approval, Conversation, Event, Message, Pot, Reservation, Run, ToolCall
from chat.models.approval import ApprovalStatus
from chat.models.run import ENDED
from chat.models.tool_call import FINISHED
from tests.simulation import audited
from tests.simulation.cluster import Change
from tests.simulation.holding import holds


def at_any_moment(conversation_id: str, bells: dict[str, int]) -> None:
    """Every event has its row and every row its event, in whatever state a process left them; numbers have no gap."""
    conversation = Conversation.objects.filter(pk=conversation_id).first()
    head = conversation.head_seq if conversation else 0
    holds(bells.get(conversation_id, 0) <= head, "A bell rang for what was never written:", bells, head)
    events = list(Event.objects.filter(conversation_id=conversation_id).order_by("seq"))
    holds([event.seq for event in events] == list(range(1, head + 1)), "Numbers have gaps:", head, _kinds(events))
    messages = {
        str(pk) for pk in Message.objects.filter(conversation_id=conversation_id).values_list("client_id", flat=True)
    }
    _same("messages", messages, _told(events, "user_message", "message_id"))
    calls = ToolCall.objects.filter(run__conversation_id=conversation_id)
    _same("calls", _ids(calls), _told(events, "tool_call_start", "tool_call_id"))
    _same("results", _ids(calls.filter(status__in=FINISHED)), _told(events, "tool_call_end", "tool_call_id"))
    approvals = Approval.objects.filter(tool_call__run__conversation_id=conversation_id)
    decided = approvals.exclude(status=ApprovalStatus.PENDING)
    _same("questions", _ids(approvals), _told(events, "approval_requested", "approval_id"))
    _same("decisions", _ids(decided), _told(events, "approval_decided", "approval_id"))
    ended = Run.objects.filter(conversation_id=conversation_id, status__in=ENDED)
    _pots_agree(conversation_id)
    _same("ended runs", _ids(ended), _told(events, "complete", "run_id"))
    audited.at_any_moment(conversation_id, events)


def _pots_agree(conversation_id: str) -> None:
    """What a budget says is spent and set aside is what its calls to the model say, one by one."""
    made = list(Reservation.objects.all())
    for pot in Pot.objects.all():
        calls = [call for call in made if pot.pk in call.pots]
        spent = sum(call.tokens for call in calls if call.settled_at)
        held = sum(call.held_tokens for call in calls if not call.settled_at)
        holds((pot.spent_tokens, pot.held_tokens) == (spent, held), "A pot and its calls differ:", pot, spent, held)
    for run in Run.objects.filter(conversation_id=conversation_id):
        calls = list(run.reservations.all())
        holds(sum(not call.settled_at for call in calls) <= 1, "A run asks one model at a time:", calls)


def in_the_end(conversation_id: str, changes: list[Change], accepted: set[str]) -> None:
    """All of it, once nothing is under way any more."""
    events = journal.since(conversation_id, 0)
    messages = _told(events, "user_message", "message_id")
    holds(accepted <= set(messages), "An accepted message is lost:", accepted - set(messages))
    for run in Run.objects.filter(conversation_id=conversation_id):
        _ended_once(run, [event for event in events if event.run_id == run.pk])
        _well_formed(transcript.compose(events, str(run.pk)))
    _heard_once(events)
    _nothing_unasked(conversation_id, changes)


def _heard_once(events: list[Event]) -> None:
    """Every message that was not taken back is heard in one run: its own, or the one it was steered into."""
    texts = {event.data["message_id"]: event.data["text"] for event in events if event.type in _WORDS}
    removed = _told(events, "message_removed", "message_id")
    runs = [event.data["run_id"] for event in events if event.type == "user_message"]
    gone = _told(events, "message_removed", "run_id") + _told(events, "message_steered", "run_id")
    answering = [run for run in runs if run not in gone]
    turns = transcript.compose(events, answering[-1]) if answering else ()
    heard = [block.text for turn in turns if turn.role == "user" for block in turn.blocks if isinstance(block, Text)]
    said = [text for message_id, text in texts.items() if message_id not in removed]
    holds(not answering or sorted(heard) == sorted(said), "Words were lost or heard twice:", heard, said)
    for run in gone:
        kinds = _kinds([event for event in events if str(event.run_id) == run])
        holds(set(kinds) <= {*_WORDS, *_TAKEN, "complete"}, "A message that was taken away has an answer:", kinds)


_WORDS, _TAKEN = ("user_message", "message_edited"), ("message_steered", "message_removed")


def _ended_once(run: Run, events: list[Event]) -> None:
    kinds = _kinds(events)
    holds(kinds.count("complete") == 1 and kinds[-1] == "complete", "A run has one end, its last event:", kinds)
    complete: dict[str, Any] = events[-1].data
    holds(complete["outcome"] == run.status, "The end is not what the row says:", complete["outcome"], run.status)
    failed = complete["outcome"] in ("failed", "lost")
    holds(kinds.count("error") == failed, "An error stands before a failed end, and only there:", kinds)
    holds(kinds.count("run_started") <= 1, "A run begins once:", kinds)
    blocks = [event.data["block"] for event in events if event.type in ("text_end", "thinking_end")]
    holds(blocks == list(range(len(blocks))), "Blocks are numbered without a gap:", blocks)
    said = [event.data["text"] for event in events if event.type == "text_end"]
    holds(complete["message"] == "\n\n".join(said), "The end tells all that was said:", complete["message"], said)
    results = {event.data["tool_call_id"]: event.data["status"] for event in events if event.type == "tool_call_end"}
    rows = {str(call.pk): call.status for call in run.tool_calls.all()}
    holds(results == rows, "Every call has the result that was told:", results, rows)
    holds(len(complete["tool_calls"]) == len(rows), "The end names every call:", complete["tool_calls"])
    holds(not run.reservations.filter(settled_at=None).exists(), "Nothing of an ended run stays set aside:", run)
    pending = Approval.objects.filter(tool_call__run=run, status=ApprovalStatus.PENDING)
    holds(not pending.exists() and run.open_block is None, "Nothing of an ended run stays open:", run)


def _nothing_unasked(conversation_id: str, changes: list[Change]) -> None:
    """Every change that reached the cluster was allowed before, by an approval used up for it, and came once."""
    sent = Counter(change.name for change in changes)
    holds(all(count == 1 for count in sent.values()), "A change was sent twice:", changes)
    at = {change.name: change.at for change in changes}
    calls = ToolCall.objects.filter(run__conversation_id=conversation_id, tool="namespace_create")
    names = {call.arguments["name"]: call for call in calls}
    holds(set(at) <= set(names), "A change that nobody wished for:", set(at) - set(names))
    for name, call in names.items():
        approval = Approval.objects.filter(tool_call=call).first()
        if name in at:
            yes = approval is not None and approval.status == ApprovalStatus.APPROVED
            holds(yes and approval.consumed_at and approval.consumed_at <= at[name], "Nobody allowed this:", name)
            holds(call.status in ("completed", "failed", "unknown"), "It was sent, and told otherwise:", call.status)
        else:
            holds(call.status != "completed", "It is told as done and was never sent:", name)


def _well_formed(turns: tuple[Turn, ...]) -> None:
    """What the model would be asked with next: roles alternate, and every wish is answered in the very next turn."""
    roles = [turn.role for turn in turns]
    holds(all(a != b for a, b in pairwise(roles)), "Roles do not alternate:", roles)
    for turn, following in zip(turns, [*turns[1:], Turn("user", ())], strict=True):
        wishes = [block.id for block in turn.blocks if isinstance(block, Wish)]
        answers = [block.id for block in following.blocks if isinstance(block, Answer)]
        holds(not wishes or answers == wishes, "A wish without its answer:", wishes, answers)


def _same(what: str, rows: set[str], told: list[str]) -> None:
    holds(sorted(rows) == sorted(told), f"Rows and events of {what} differ:", sorted(rows), sorted(told))


def _told(events: list[Event], kind: str, key: str) -> list[str]:
    return [event.data[key] for event in events if event.type == kind]


def _ids(rows: Any) -> set[str]:
    return {str(pk) for pk in rows.values_list("pk", flat=True)}


def _kinds(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def fresh() -> str:
    return str(uuid.uuid4())
