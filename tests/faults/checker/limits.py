"""INV-5, INV-6, INV-17 and INV-20: ends, holders, bounds and recovery, by the clock of the journals."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.checker.history import History, moment, plain
from tests.faults.rig.journal import Line

ENDED = ("done", "stopped", "failed", "lost")
TAKEN_UP = 15.0  # seconds after the death of a run's worker until another goes on with it or it ends
CLOCKS = 0.5  # seconds two processes on a machine may disagree about a moment
LARGEST_FRAME = 256 * 1024
MOST_MEMORY = 600.0  # MiB of one process
BACK = 30.0  # seconds after the last fault until a round trip works


def every_run_ends(history: History) -> Iterator[str]:
    """One terminal event each, last of its run; within TAKEN_UP of a driver's death something goes on with each run
    that was under way."""
    states = {run["id"]: run["status"] for run in history.runs}
    for run, events in history.by_run().items():
        ends = [event for event in events if event["type"] == "complete"]
        if len(ends) != 1:
            yield f"run {run} has {len(ends)} terminal events"
        elif events[-1]["type"] != "complete":
            yield f"run {run} goes on after its end, with {events[-1]['type']}"
        if states.get(run) not in ENDED:
            yield f"run {run} is still {states.get(run)}"
        yield from _taken_up(history, run, events)


def _taken_up(history: History, run: str, events: list[Line]) -> Iterator[str]:
    """A run that waits for a person waits for no worker."""
    times = [(moment(event["at"]), event["type"]) for event in events]
    for fault in (each for each in history.faults if each["kind"] == "death" and each["drives"]):
        death = fault["at"]
        before = [kind for at, kind in times if at <= death]
        after = [at for at, _ in times if at > death]
        asked = before.count("approval_requested") - before.count("approval_decided")
        if "run_started" in before and "complete" not in before and after and not asked:
            late = after[0] - (_back(history, death) if fault["alone"] else death)
            if late > TAKEN_UP + CLOCKS:
                yield f"run {run} stood still for {late:.1f} s after its worker's death"


def _back(history: History, death: float) -> float:
    """When somebody was there again to go on, after the only driver had died."""
    starts = [fault["at"] for fault in history.faults if fault["kind"] == "start" and fault["drives"]]
    return min((at for at in starts if at >= death), default=death)


def one_holder(history: History) -> Iterator[str]:
    """Attempts are told in order, each once; a call begins once and ends once; nothing is written after the end."""
    kept = {run["id"]: run for run in history.runs}
    for run, events in history.by_run().items():
        attempts = [event["data"]["attempt"] for event in events if event["type"] == "run_started"]
        if attempts != sorted(set(attempts)):
            yield f"run {run} was begun as {attempts}: two held it"
        if run in kept and attempts and kept[run]["lease_epoch"] < attempts[-1]:
            yield f"run {run} has epoch {kept[run]['lease_epoch']} after attempt {attempts[-1]}"
        for kind in ("tool_call_start", "tool_call_end"):
            names = Counter(event["data"]["tool_call_id"] for event in events if event["type"] == kind)
            for name, times in names.items():
                if times > 1:
                    yield f"call {plain(name)} has {times} {kind}"
        blocks = Counter(event["data"]["block"] for event in events if event["type"] in ("text_end", "thinking_end"))
        for block, times in blocks.items():
            if times > 1:
                yield f"block {block} of run {run} is closed {times} times"


def within_bounds(history: History) -> Iterator[str]:
    for client, lines in history.clients.items():
        large = [line["size"] for line in lines if line["kind"] == "frame" and line["size"] > LARGEST_FRAME]
        if large:
            yield f"client {client} got a frame of {max(large)} bytes"
    for fault in history.faults:
        if fault["kind"] == "memory" and fault["mib"] > MOST_MEMORY:
            yield f"{fault['who']} used {fault['mib']:.0f} MiB"


def recovers(history: History) -> Iterator[str]:
    """After `calm`, the last fault, a message sent on each conversation's own way is answered within BACK."""
    calm = max((fault["at"] for fault in history.faults if fault["kind"] == "calm"), default=None)
    if calm is None:
        yield "the journal of faults does not say when they were over"
        return
    probes = [fault for fault in history.faults if fault["kind"] == "probe" and fault["at"] >= calm]
    if not probes:
        yield "nobody tried whether it works again"
    for probe in probes:
        if not probe["ok"] or probe["at"] - calm > BACK:
            what = "was slow" if probe["ok"] else "failed"
            yield f"{probe['at'] - calm:.1f} s after the last fault a round trip {what}"
