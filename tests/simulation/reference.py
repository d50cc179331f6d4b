"""What must come of it all, in a few lines of plain Python: the model that the portal is compared with."""

from dataclasses import dataclass, field

WORDS = {  # what a person may say, and how its run may end when nobody stops it
    "talk": "done",
    "look": "done",
    "make": "done",
    "wait": "stopped",  # it goes on until somebody stops it
    "fail": "failed",
}


@dataclass
class Asked:
    """One accepted message. `stopped`: somebody wanted its run to end; `decisions`: what people said, by approval."""

    message_id: str
    run_id: str
    seq: int
    words: str
    stopped: bool = False

    def may_end_as(self) -> set[str]:
        return {WORDS[self.words]} | ({"stopped"} if self.stopped else set())


@dataclass
class Conversation:
    """Its messages in the order in which they were accepted: their runs begin and end in that order."""

    id: str
    asked: list[Asked] = field(default_factory=list)
    decisions: dict[str, str] = field(default_factory=dict)  # the first of each approval

    def accept(self, message_id: str, run_id: str, seq: int, words: str) -> None:
        """The same id has the same answer, however often it is sent."""
        known = next((each for each in self.asked if each.message_id == message_id), None)
        if known is not None:
            assert (run_id, seq) == (known.run_id, known.seq), "a message sent again was answered otherwise"
            return
        assert all(each.seq < seq and each.run_id != run_id for each in self.asked), "a new message is numbered anew"
        self.asked.append(Asked(message_id, run_id, seq, words))

    def compare(self, events: list[dict]) -> None:  # type: ignore[type-arg]
        """The journal as frames (`type`, `seq`, `data`), once nothing is under way any more."""
        told = [event["data"]["message_id"] for event in events if event["type"] == "user_message"]
        assert told == [each.message_id for each in self.asked], "messages are told in the order they were accepted"
        ends = [event["data"] for event in events if event["type"] == "complete"]
        assert [end["run_id"] for end in ends if end["outcome"] != "stopped"] == [
            each.run_id for each in self.asked if each.run_id in _not_stopped(ends)
        ], "runs end in the order of their messages"
        assert {end["run_id"] for end in ends} == {each.run_id for each in self.asked}, "every run has its end"
        by_run = {end["run_id"]: end["outcome"] for end in ends}
        for each in self.asked:
            assert by_run[each.run_id] in each.may_end_as(), f"{each} ended as {by_run[each.run_id]}"
        self._compare_decisions(events)

    def _compare_decisions(self, events: list[dict]) -> None:  # type: ignore[type-arg]
        """The first decision stands; a change that was rejected was not made."""
        told = {e["data"]["approval_id"]: e["data"] for e in events if e["type"] == "approval_decided"}
        results = {e["data"]["tool_call_id"]: e["data"]["status"] for e in events if e["type"] == "tool_call_end"}
        for approval_id, decision in self.decisions.items():
            decided = told[approval_id]
            assert decided["decision"] == {"approve": "approved", "reject": "rejected"}[decision]
            if decision == "reject":
                assert results[decided["tool_call_id"]] in ("denied", "cancelled")


def _not_stopped(ends: list[dict]) -> set[str]:  # type: ignore[type-arg]
    return {end["run_id"] for end in ends if end["outcome"] != "stopped"}
