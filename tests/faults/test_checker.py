"""The checker catches what it is there for: a good history holds, and each doctored one breaks its invariant."""

import copy
import json
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.checker import History, judge
from tests.portal import ROOT

C, R, M, CALL = "c" * 32, "a" * 32, "b" * 32, "d" * 32
START = 1_800_000_000.0
BASE: dict[str, Any] = {"conversation_id": C, "run_id": R}


def event(seq: int, kind: str, **data: Any) -> dict[str, Any]:
    at = f"2027-01-15 08:00:{seq:02}+00:00"
    return {"conversation_id": C, "seq": seq, "run_id": R, "type": kind, "data": BASE | data, "at": at}


def good() -> History:
    """One message, a change that was allowed, and its answer; the worker died after the third event."""
    call = {"tool_call_id": CALL, "tool_name": "namespace_create", "arguments": {"name": "one"}}
    events = [
        event(1, "user_message", message_id=M, author="me", text="make one"),
        event(2, "run_started", attempt=1),
        event(3, "tool_call_start", **call),
        event(4, "approval_requested", **call, approval_id="e"),
        event(5, "approval_decided", tool_call_id=CALL, approval_id="e", decision="approved"),
        event(6, "tool_call_end", **call, status="completed", result="made"),
        event(7, "run_started", attempt=2),
        event(8, "text_end", block=0, text="I made it."),
        event(9, "complete", message="I made it.", tool_calls=[{"status": "completed"}], outcome="done"),
    ]
    answer = {"id": "1", "run_id": R, "seq": 1, "conversation_id": C}
    invoke = {"kind": "invoke", "op": "send", "id": M, "frame": {"text": "make one"}, "at": START}
    frames = [{"type": each["type"], "data": each["data"], "seq": each["seq"]} for each in events]
    delta = {"type": "text", "data": BASE | {"block": 0, "offset": 2, "text": "made"}}
    heard = [{"kind": "frame", "frame": frame, "size": 300, "at": START} for frame in [*frames[:7], delta, *frames[7:]]]
    change = {
        "at": START,
        "method": "POST",
        "path": "/api/v1/namespaces",
        "status": 201,
        "dry_run": False,
        "name": "one",
    }
    died = {"kind": "death", "who": "worker0", "drives": True, "alone": False, "at": START + 6.5}
    return History(
        clients={"one": [invoke, {"kind": "ok", "id": M, "answer": answer, "at": START}, *heard]},
        events={C: events},
        runs=[{"id": R, "conversation_id": C, "status": "done", "attempt": 2, "lease_epoch": 2}],
        calls=[{"id": CALL, "run_id": R, "tool": "namespace_create", "arguments": {"name": "one"}, "effect": "CHANGE",
                "status": "completed", "result": "made"}],
        cluster=[change | {"dry_run": True}, change],
        faults=[died, {"kind": "calm", "at": START + 20}, {"kind": "probe", "ok": True, "at": START + 22}],
    )  # fmt: skip


def broken(history: History) -> set[str]:
    return {each.invariant for each in judge(history) if not each.holds}


def test_a_good_history_holds():
    assert [str(each) for each in judge(good()) if not each.holds] == []


def frames(history: History) -> list[dict[str, Any]]:
    return [line for line in history.clients["one"] if line["kind"] == "frame"]


def twice_accepted(h: History) -> None:
    h.events[C].append(event(10, "user_message", message_id=M, author="me", text="make one"))


def accepted_and_lost(h: History) -> None:
    h.events[C][0]["data"] = BASE | {"message_id": "f" * 32, "text": "something else"}


def other_answer(h: History) -> None:
    again = {"type": "ack", "data": {"id": M, "run_id": "other"}}
    h.clients["one"].append({"kind": "frame", "frame": again, "size": 10, "at": START})


def other_words(h: History) -> None:
    h.clients["one"][0]["frame"]["text"] = "make two"


def no_answer(h: History) -> None:
    del h.clients["one"][1]


def refused_and_done(h: History) -> None:
    h.clients["one"][1]["kind"] = "fail"


def hole_in_the_journal(h: History) -> None:
    h.events[C] = [each for each in h.events[C] if each["seq"] != 8]


def gap(h: History) -> None:
    h.clients["one"].remove(frames(h)[3])


def double(h: History) -> None:
    h.clients["one"].append(copy.deepcopy(frames(h)[-1]))


def reorder(h: History) -> None:
    lines = h.clients["one"]
    lines[4], lines[5] = lines[5], lines[4]


def phantom(h: History) -> None:
    lost = {"type": "notice", "data": dict(BASE), "seq": 10}
    h.clients["one"].append({"kind": "frame", "frame": lost, "size": 10, "at": START})


def otherwise(h: History) -> None:
    frames(h)[-1]["frame"] = frames(h)[-1]["frame"] | {"data": BASE | {"outcome": "failed"}}


def page_with_a_gap(h: History) -> None:
    welcome = {"type": "welcome", "data": {"conversation_id": C, "recovered": False}}
    lines = h.clients["one"]
    lines.append({"kind": "frame", "frame": welcome, "size": 10, "at": START})
    lines += [copy.deepcopy(frames(h)[place]) for place in (3, 5)]


def words_nobody_said(h: History) -> None:
    for line in frames(h):
        if line["frame"]["type"] == "text":
            line["frame"]["data"]["text"] = "lost"


def another_end(h: History) -> None:
    for kept in (h.events[C][8], frames(h)[-1]["frame"]):
        kept["data"] = kept["data"] | {"message": "I did not."}


def no_end(h: History) -> None:
    h.events[C].pop()


def two_ends(h: History) -> None:
    h.events[C].append(h.events[C][8] | {"seq": 10})


def still_running(h: History) -> None:
    h.runs[0]["status"] = "running"


def never_journaled(h: History) -> None:
    h.runs.append({"id": "9" * 32, "conversation_id": C, "status": "queued", "attempt": 0, "lease_epoch": 0})


def late_takeover(h: History) -> None:
    for each in h.events[C][6:]:
        each["at"] = each["at"].replace("08:00", "08:01")


def two_holders(h: History) -> None:
    h.events[C][6]["data"] = BASE | {"attempt": 1}


def old_epoch(h: History) -> None:
    h.runs[0]["lease_epoch"] = 1


def ends_twice(h: History) -> None:
    h.events[C].insert(6, copy.deepcopy(h.events[C][5]))


def closed_twice(h: History) -> None:
    h.events[C].insert(8, copy.deepcopy(h.events[C][7]))


def sent_twice(h: History) -> None:
    h.cluster.append(copy.deepcopy(h.cluster[-1]))


def sent_without_leave(h: History) -> None:
    h.calls[0]["status"] = "denied"


def sent_for_nobody(h: History) -> None:
    h.cluster.append(h.cluster[-1] | {"name": "two"})


def huge_frame(h: History) -> None:
    frames(h)[0]["size"] = 300_000


def much_memory(h: History) -> None:
    h.faults.append({"kind": "memory", "who": "web0", "mib": 4000.0, "at": START})


def no_recovery(h: History) -> None:
    h.faults[-1]["ok"] = False


def slow_recovery(h: History) -> None:
    h.faults[-1]["at"] += 60


def nobody_tried(h: History) -> None:
    h.faults.pop()


def never_done(h: History) -> None:
    h.cluster.clear()


def done_after_all(h: History) -> None:
    h.calls[0]["status"] = "failed"


def told_otherwise(h: History) -> None:
    h.calls[0]["status"] = "unknown"


def ended_otherwise(h: History) -> None:
    h.runs[0]["status"] = "failed"


CASES = {
    "INV-1": [twice_accepted, accepted_and_lost, other_answer, other_words],
    "INV-2": [no_answer, refused_and_done],
    "INV-3": [hole_in_the_journal, gap, double, reorder, phantom, otherwise, page_with_a_gap],
    "INV-4": [words_nobody_said, another_end],
    "INV-5": [no_end, two_ends, still_running, never_journaled, late_takeover],
    "INV-6": [two_holders, old_epoch, ends_twice, closed_twice],
    "INV-7": [sent_twice, sent_without_leave, sent_for_nobody],
    "INV-17": [huge_frame, much_memory],
    "INV-20": [no_recovery, slow_recovery, nobody_tried],
    "INV-21": [never_done, done_after_all, told_otherwise, ended_otherwise],
}


@pytest.mark.parametrize(("invariant", "doctor"), [(name, each) for name, all_ in CASES.items() for each in all_])
def test_a_doctored_history_breaks_its_invariant(invariant, doctor):
    history = good()
    doctor(history)
    assert invariant in broken(history)


def test_a_page_may_begin_anywhere():
    history = good()
    welcome = {"type": "welcome", "data": {"conversation_id": C, "recovered": False}}
    history.clients["one"].append({"kind": "frame", "frame": welcome, "size": 10, "at": START})
    history.clients["one"] += [copy.deepcopy(frames(history)[place]) for place in (4, 5, 6)]
    assert broken(history) == set()


def test_a_nack_of_an_absent_database_says_nothing():
    history = good()
    history.clients["one"][1] |= {"kind": "fail", "answer": {"id": M, "code": "unavailable", "temporary": True}}
    assert broken(history) == set()


def test_without_journals_nothing_holds(tmp_path):
    assert all(not each.holds for each in judge(History.of(tmp_path)))
    command = [sys.executable, "-m", "tests.faults.checker", str(tmp_path)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 1
    assert "events.jsonl is missing" in told.stdout


def test_journals_are_read_from_a_folder(tmp_path):
    history = good()
    for name in ("runs", "calls", "cluster", "model", "faults"):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in getattr(history, name)))
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history.events[C]))
    (tmp_path / "client-one.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history.clients["one"]))
    assert [str(each) for each in judge(History.of(tmp_path)) if not each.holds] == []
