"""How far one run may go before it is ended with a sentence."""

from dataclasses import dataclass

from chat.agent.errors import LimitReached

GO_ON = "Send another message to let it go on."


@dataclass(frozen=True, slots=True)
class Done:
    """What a run has behind it when its process takes it up: model answers, tool calls, seconds of work."""

    rounds: int = 0
    calls: int = 0
    seconds: float = 0.0


FRESH = Done()


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one run. rounds: model answers; calls: tool calls; writes: changes sent to clusters; minutes: of work, without
    the waiting for people; approvals: waiting for people at once; failures: of one and the same call; read: characters
    of results the model was given. `check_…` raises LimitReached."""

    rounds: int = 40
    calls: int = 50
    writes: int = 10
    minutes: float = 15
    approvals: int = 5
    failures: int = 2
    read: int = 1_000_000

    def check_rounds(self, done: int) -> None:
        if done >= self.rounds:
            raise LimitReached(f"The agent stopped after {self.rounds} rounds. {GO_ON}", code="too_many_rounds")

    def check_calls(self, wanted: int) -> None:
        if wanted > self.calls:
            raise LimitReached(f"The agent stopped after {self.calls} tool calls. {GO_ON}", code="too_many_calls")

    def check_writes(self, done: int, wanted: int = 1) -> None:
        if done + wanted > self.writes:
            raise LimitReached(
                f"The agent stopped: this run has sent {done} changes and was about to send {wanted} more, and "
                f"{self.writes} are allowed in one run. Look at what was done, then ask for fewer at once.",
                code="too_many_writes",
            )

    def check_read(self, done: int) -> None:
        if done >= self.read:
            raise LimitReached(
                f"The agent stopped: it has read {done:,} characters of results, and {self.read:,} are allowed in one "
                "run. Ask a narrower question: one namespace, one object.",
                code="too_much_read",
            )

    def out_of_time(self) -> LimitReached:
        return LimitReached(f"The agent stopped after {self.minutes:g} minutes of work. {GO_ON}", code="out_of_time")
