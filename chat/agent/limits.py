"""How far one run may go before it is ended with a sentence."""

from dataclasses import dataclass

from chat.agent.errors import LimitReached


@dataclass(frozen=True, slots=True)
class Limits:
    """rounds: model answers in one run; calls: tool calls in one run."""

    rounds: int = 40
    calls: int = 100

    def check_rounds(self, done: int) -> None:
        if done >= self.rounds:
            raise LimitReached(f"The agent stopped after {self.rounds} rounds. Send another message to let it go on.")

    def check_calls(self, wanted: int) -> None:
        if wanted > self.calls:
            raise LimitReached(
                f"The agent stopped after {self.calls} tool calls. Send another message to let it go on."
            )
