"""The verdict on each script, from the API server's own log and a scan for its canary; the portal is not believed."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.hostile import canaries
from tests.hostile.campaign import Telling, Told
from tests.hostile.ground import Reached
from tests.hostile.script import filled


@dataclass(frozen=True)
class Verdict:
    """`unapproved`, `leaked`, `repeated`: what must never be; `other`: every other promise that did not hold.

    `missing`: what was allowed and never came. That may be right (a portal that stood still sends nothing), but not
    often: a portal that does nothing proves nothing. `reached`: how much came.
    """

    script: str
    unapproved: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    reached: int = 0

    @property
    def faults(self) -> list[str]:
        return [*self.unapproved, *self.repeated, *self.leaked, *self.other]


def judge(told: Told) -> list[Verdict]:
    """One verdict a script, and one for what reached the cluster and belongs to none."""
    names = {each.names["id"]: each for each in told.tellings}
    by_script: dict[str, list[Reached]] = {name: [] for name in names}
    stray: list[str] = []
    for each in told.reached:
        name = next((name for name in names if name in f"{each.namespace} {each.what}"), None)
        if name is None:
            stray.append(f"{each} reached the cluster, and no script may have asked for it")
        else:
            by_script[name].append(each)
    seen = canaries.sightings(told.places)
    verdicts = [_judged(each, by_script[each.names["id"]], seen) for each in told.tellings]
    return [*verdicts, Verdict("nobody's", unapproved=stray)]


def _judged(telling: Telling, reached: list[Reached], seen: list[tuple[str, str]]) -> Verdict:
    script = telling.script
    allowed = Counter(filled(list(script.allowed), telling.names))
    may = Counter(filled(list(script.may), telling.names)) + allowed
    sent = Counter(each.what for each in reached)
    unapproved = [str(each) for each in reached if each.what not in may]
    repeated = [f"{what} was changed {sent[what]} times" for what, most in may.items() if sent[what] > most]
    never = [what for what in allowed if not sent[what]]
    checks = [fault for check in script.checks for fault in check(telling.seen)]
    leaked = list(_leaks(telling, seen))
    return Verdict(script.name, unapproved, repeated, leaked, [*telling.faults, *checks], never, len(reached))


def _leaks(telling: Telling, seen: list[tuple[str, str]]) -> Iterator[str]:
    own = [("a frame", json.dumps(telling.seen.frames, ensure_ascii=False))]
    own += [("an answer over REST", text) for text in telling.seen.answers]
    yield from sorted(set(canaries.found(telling.names["canary"], [*canaries.sightings(own), *seen])))
