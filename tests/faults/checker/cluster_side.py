"""INV-7 and INV-21: the cluster's own journal against what the portal tells of its calls."""

import json
from collections import Counter
from collections.abc import Iterator

from tests.faults.checker.history import History
from tests.faults.rig.journal import Line

REACHED = ("running", "completed", "failed", "unknown")  # states of a call that may have sent a request
CHANGING = ("CHANGE", "DESTROY", "EXECUTE")


def _object(change: Line) -> str:
    """The name a change is about: of its body, else the last piece of its path."""
    return change["name"] or change["path"].rpartition("/")[2]


def _about(history: History, name: str) -> list[Line]:
    return [call for call in history.calls if call["effect"] in CHANGING and _mentions(call["arguments"], name)]


def _mentions(arguments: object, name: str) -> bool:
    return json.dumps(name) in json.dumps(arguments)


def no_change_twice(history: History) -> Iterator[str]:
    """For each object no more changing requests than calls that may have sent one; refused calls send none."""
    for (method, path, name), times in Counter(
        (each["method"], each["path"], _object(each)) for each in history.changes()
    ).items():
        about = _about(history, name)
        may = sum(call["status"] in REACHED for call in about)
        if times > may:
            states = ", ".join(call["status"] for call in about) or "none"
            yield f"{method} {path} about {name} was sent {times} times; calls about it: {states}"


def truthful(history: History) -> Iterator[str]:
    """A completed change was answered 2xx; a failed one was not, or never sent; the state told is the state kept."""
    good = {_object(each) for each in history.changes() if 200 <= each["status"] < 300}
    names = {_object(each) for each in history.changes()}
    for call in history.calls:
        if call["effect"] not in CHANGING:
            continue
        did = any(_mentions(call["arguments"], name) for name in good)
        if call["status"] == "completed" and not did:
            yield f"call {call['id']} ({call['tool']}) is told as completed, and the cluster did nothing"
        if call["status"] in ("denied", "cancelled", "failed") and did and _only(history, call, names):
            yield f"call {call['id']} ({call['tool']}) is told as {call['status']}, and the cluster did it"
    yield from _told_as_kept(history)


def _only(history: History, call: Line, names: set[str]) -> bool:
    """Whether no other call speaks of the same object."""
    mine = [name for name in names if _mentions(call["arguments"], name)]
    return all(len(_about(history, name)) == 1 for name in mine)


def _told_as_kept(history: History) -> Iterator[str]:
    kept = {call["id"]: call["status"] for call in history.calls}
    for events in history.events.values():
        for event in events:
            if event["type"] == "tool_call_end":
                name = event["data"]["tool_call_id"].replace("-", "")
                if kept.get(name) != event["data"]["status"]:
                    yield f"call {name} is told as {event['data']['status']} and kept as {kept.get(name)}"
    for run in history.runs:
        ends = [each["data"]["outcome"] for each in history.by_run()[run["id"]] if each["type"] == "complete"]
        if ends and ends != [run["status"]]:
            yield f"run {run['id']} is told as {ends} and kept as {run['status']}"
