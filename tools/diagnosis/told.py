"""What earlier analyzers have said: so that a symptom is told with its cause, and one fault of five pods once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from tools.diagnosis.finding import Finding, Severity, Thing

_Key: TypeAlias = tuple[Thing, str, str]


class Told:
    """Findings by what they are about. Those about the same thing, container and code become one."""

    def __init__(self) -> None:
        self._found: dict[_Key, Finding] = {}
        self._grave: dict[Thing, list[_Key]] = defaultdict(list)

    def add(self, found: Iterable[Finding]) -> None:
        for finding in found:
            key = (finding.thing, finding.code, finding.facts.get("container", ""))
            kept = self._found.get(key)
            if kept is None and finding.severity is not Severity.NOTE:
                self._grave[finding.thing].append(key)
            pods = tuple(sorted({*(kept.pods if kept else ()), *finding.pods}))
            self._found[key] = replace(kept or finding, pods=pods)

    def about(self, thing: Thing) -> bool:
        """Whether something grave was said about it."""
        return thing in self._grave

    def blame(self, causes: Iterable[Thing], symptom: Thing) -> bool:
        """Tells a symptom with the first of its causes that is known; False when none is."""
        key = next((self._grave[cause][0] for cause in causes if cause in self._grave), None)
        if key is None:
            return False
        cause = self._found[key]
        self._found[key] = replace(cause, affects=tuple(dict.fromkeys((*cause.affects, symptom))))
        return True

    def sorted(self) -> list[Finding]:
        return sorted(self._found.values(), key=lambda finding: finding.order)
