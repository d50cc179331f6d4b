"""What one viewer sees: whatever is lost, doubled, late or out of order on the way, the text comes out whole."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chat.web.watch import Watch

CONVERSATION, RUN = "c", "r"
Frame = dict[str, Any]


def durable(seq: int, kind: str, **data: Any) -> Frame:
    return {"type": kind, "seq": seq, "data": {"conversation_id": CONVERSATION, "run_id": RUN, **data}}


def delta(kind: str, block: int, offset: int, text: str) -> Frame:
    data = {"conversation_id": CONVERSATION, "run_id": RUN, "block": block, "offset": offset, "text": text}
    return {"type": kind, "data": data}


BLOCKS = st.lists(
    st.tuples(st.sampled_from(["text", "thinking"]), st.lists(st.text(min_size=1, max_size=8), max_size=6)),
    min_size=1, max_size=5,
)  # fmt: skip


@st.composite
def journeys(draw: st.DrawFn) -> tuple[list[Frame], list[Frame]]:
    """A run's events, and one way in which a viewer hears of them: deltas lost, doubled and out of order between the
    ends of their blocks and after, events perhaps twice, never one before its time."""
    events, heard = [durable(1, "user_message", text="hello")], []
    for number, (kind, pieces) in enumerate(draw(BLOCKS)):
        deltas, offset = [], 0
        for piece in pieces:
            deltas.append(delta(kind, number, offset, piece))
            offset += len(piece)
        whole = delta(kind, number, 0, "".join(pieces[: draw(st.integers(0, len(pieces)))]))  # the checkpoint
        events.append(durable(len(events) + 1, f"{kind}_end", block=number, text="".join(pieces)))
        arriving = draw(st.lists(st.sampled_from([*deltas, whole]), max_size=12))
        late = draw(st.lists(st.sampled_from([*deltas, whole]), max_size=3))
        heard += [*arriving, events[-1], *late, *draw(st.lists(st.sampled_from(events), max_size=2))]
    events.append(durable(len(events) + 1, "complete"))
    return events, [events[0], *heard, events[-1]]


def seen_by(watch: Watch, heard: list[Frame]) -> list[Frame]:
    said: list[Frame] = []
    for frame in heard:
        if "seq" in frame:
            said += watch.event(frame)
        elif (new := watch.delta(frame)) is not None:
            said.append(new)
    return said


def told(frames: list[Frame], block: int) -> str:
    live = [frame["data"] for frame in frames if frame["type"] in ("text", "thinking")]
    return "".join(data["text"] for data in live if data["block"] == block)


@given(journeys())
def test_the_live_text_put_together_is_the_text_of_the_end(journey):
    events, heard = journey
    frames = seen_by(Watch(0), heard)
    assert [frame for frame in frames if "seq" in frame] == events
    for end in events:
        if end["type"] in ("text_end", "thinking_end"):
            assert told(frames, end["data"]["block"]) == end["data"]["text"]


@given(journeys())
def test_every_delta_begins_where_the_last_one_ended_and_comes_before_its_end(journey):
    have: dict[int, int] = {}
    closed: set[int] = set()
    for frame in seen_by(Watch(0), journey[1]):
        data = frame["data"]
        if frame["type"] in ("text", "thinking"):
            assert data["block"] not in closed
            assert data["text"]
            assert data["offset"] == have.get(data["block"], 0)
            have[data["block"]] = data["offset"] + len(data["text"])
        elif "block" in data:
            closed.add(data["block"])


def reduce(state: dict[str, Any], frame: Frame) -> dict[str, Any]:
    """What a page shows after one more frame: the events, and the text of the blocks that are open."""
    if "seq" in frame:
        open_blocks = {block: text for block, text in state["open"].items() if block != frame["data"].get("block")}
        if frame["type"] == "complete":
            open_blocks = {}
        return {"events": [*state["events"], (frame["seq"], frame["type"], frame["data"])], "open": open_blocks}
    block, offset = frame["data"]["block"], frame["data"]["offset"]
    text = state["open"].get(block, "")[:offset] + frame["data"]["text"]
    return {"events": state["events"], "open": state["open"] | {block: text}}


def state_after(frames: list[Frame], state: dict[str, Any] | None = None) -> dict[str, Any]:
    state = state or {"events": [], "open": {}}
    for frame in frames:
        state = reduce(state, frame)
    return state


@given(journeys(), st.data())
def test_the_state_at_any_cut_and_the_events_since_are_the_state_now(journey, data):
    """The connection breaks anywhere; the viewer comes back with the number it had and is shown what it missed."""
    events, heard = journey
    cut = data.draw(st.integers(0, len(heard)))
    first = Watch(0)
    before = state_after(seen_by(first, heard[:cut]))
    missed = data.draw(st.integers(first.seq, len(events)))
    again, replayed = resumed(events, first.seq, missed)
    rest = seen_by(again, [frame for frame in heard[cut:] if _sent_after(frame, events, first.seq, missed)])
    whole = seen_by(again, events)  # whatever bell was lost: the journal has it
    after = state_after([*replayed, *rest, *whole], before)
    assert after == state_after(seen_by(Watch(0), events))
    assert [seq for seq, _, _ in after["events"]] == list(range(1, len(events) + 1))


def resumed(events: list[Frame], seq: int, head: int) -> tuple[Watch, list[Frame]]:
    """As chat/web/coming_back.py does it: what was missed as the journal has it, and what is known of its runs."""
    ended = {event["data"]["run_id"] for event in events[:head] if event["type"] == "complete"}
    closed: dict[str, int] = {}
    for event in events[:head]:
        if event["type"] in ("text_end", "thinking_end") and event["data"]["run_id"] not in ended:
            closed[event["data"]["run_id"]] = event["data"]["block"]
    return Watch(head, closed, ended), events[seq:head]


def _sent_after(frame: Frame, events: list[Frame], known: int, replayed: int) -> bool:
    """A new connection hears only what is said after it began to listen: no delta of a block whose end it knew."""
    if "seq" in frame:
        return bool(frame["seq"] > replayed)
    return all(event["data"].get("block") != frame["data"]["block"] for event in events[:known]) and known < len(events)


@given(journeys(), st.data())
def test_whoever_joins_late_has_the_same_page_in_the_end(journey, data):
    events, heard = journey
    joined = data.draw(st.integers(0, len(heard)))
    head = max((frame["seq"] for frame in heard[:joined] if "seq" in frame), default=0)
    watch, page = resumed(events, 0, head)
    live = seen_by(watch, [*heard[joined:], *events])
    assert state_after([*page, *live]) == state_after(seen_by(Watch(0), events))


def test_a_gap_is_noticed_and_the_checkpoint_closes_it():
    watch = Watch(0)
    assert watch.delta(delta("text", 0, 0, "One ")) is not None
    late = delta("text", 0, 8, "three.")
    assert watch.misses(late)
    assert watch.delta(late) is None
    filled = watch.delta(delta("text", 0, 0, "One two three."))
    assert (filled["data"]["offset"], filled["data"]["text"]) == (4, "two three.")
    assert not watch.misses(late)
    assert watch.delta(late) is None


def test_a_block_that_another_process_says_again_begins_anew():
    """The first process died before anything of its block was kept."""
    watch = Watch(0)
    watch.delta(delta("text", 0, 0, "A first try that nobody kept"))
    watch.event(durable(1, "notice", code="taken_over", text="Another process goes on."))
    again = [
        watch.delta(delta("text", 0, 0, "Second ")),
        *watch.event(durable(2, "text_end", block=0, text="Second try.")),
    ]
    assert told([frame for frame in again if frame], 0) == "Second try."


def test_an_event_that_was_seen_is_not_sent_again():
    watch = Watch(5)
    assert watch.event(durable(5, "text_end", block=0, text="x")) == []
    assert watch.event(durable(6, "notice", code="wait", text="y")) == [durable(6, "notice", code="wait", text="y")]


def test_how_far_a_call_is_comes_through_until_its_run_ends():
    watch, frame = Watch(0), {"type": "tool_progress", "data": {"run_id": RUN, "tool_call_id": "t", "text": "1 of 2"}}
    assert watch.delta(frame) == watch.delta(frame) == frame
    assert not watch.misses(frame)
    watch.event(durable(1, "complete"))
    assert watch.delta(frame) is None
