"""The verdicts: one for each invariant, with the faults it found in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.faults.checker import cluster_side, conversation_side, limits
from tests.faults.checker.history import History

Rule = Callable[[History], Iterator[str]]
SHOWN = 5

INVARIANTS: dict[str, tuple[str, Rule]] = {
    "INV-1": ("what was accepted is there once", conversation_side.accepted_once),
    "INV-2": ("nothing is lost in silence", conversation_side.no_silent_loss),
    "INV-3": ("events come once, in order, without a gap", conversation_side.in_sequence),
    "INV-4": ("what was told piece by piece is what is kept", conversation_side.pieces_make_the_whole),
    "INV-5": ("every run ends once, and in time", limits.every_run_ends),
    "INV-6": ("one holder of a run's lease writes for it", limits.one_holder),
    "INV-7": ("no change is sent twice, none without leave", cluster_side.no_change_twice),
    "INV-17": ("frames and memory stay within bounds", limits.within_bounds),
    "INV-20": ("it works again by itself when the faults are over", limits.recovers),
    "INV-21": ("what is told of a change is what happened", cluster_side.truthful),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    invariant: str
    promise: str
    faults: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.faults

    def __str__(self) -> str:
        head = f"{self.invariant:7} {'holds' if self.holds else 'BROKEN'}  {self.promise}"
        more = [f"         … and {len(self.faults) - SHOWN} more"] if len(self.faults) > SHOWN else []
        return "\n".join([head, *(f"         {fault}" for fault in self.faults[:SHOWN]), *more])


def judge(history: History) -> list[Verdict]:
    missing = [f"{name} is missing: nothing can be said" for name in history.missing]
    return [Verdict(name, promise, [*missing, *rule(history)]) for name, (promise, rule) in INVARIANTS.items()]
