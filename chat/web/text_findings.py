"""Finds the findings in the text of a diagnosis, so that the screen can show each with its severity and next step."""

import re
from dataclasses import dataclass, field

TOOL = "k8s_diagnose"
MOST_SHOWN = 100
TONES = {"critical": "bad", "warning": "warn", "note": ""}
_HEAD = re.compile(r"\[(critical|warning|note)\] (.+)")
_LINE = re.compile(r" {2}([a-z]+): (.+)")
_LABELS = {"event": "Event", "log": "Log", "status": "State", "spec": "Set so", "count": "Found", "affects": "Affects"}
_LABELS |= {"pods": "Pods"}


@dataclass
class ShownFinding:
    """evidence: (label, quotation); tone: of the chip."""

    severity: str
    title: str
    cause: str = ""
    evidence: list[tuple[str, str]] = field(default_factory=list)
    next: str = ""

    @property
    def tone(self) -> str:
        return TONES[self.severity]


@dataclass
class TextFindings:
    """before: the counts; after: what was cut."""

    before: str
    shown: list[ShownFinding]
    after: str = ""


def find(tool: str, text: str) -> TextFindings | None:
    """None for other tools, and for a text in which there is anything else than findings."""
    header, *lines = text.splitlines() or [""]
    if tool != TOOL or not lines:
        return None
    found = TextFindings(header, [])
    for index, line in enumerate(lines):
        head = _HEAD.fullmatch(line)
        if head:
            found.shown.append(ShownFinding(head[1], head[2]))
        elif not found.shown or not _add(found.shown[-1], line):
            found.after = "\n".join(lines[index:])
            break
    return found if found.shown and len(found.shown) <= MOST_SHOWN else None


def _add(finding: ShownFinding, line: str) -> bool:
    said = _LINE.fullmatch(line)
    if said is None:
        return False
    if said[1] == "why":
        finding.cause = said[2]
    elif said[1] == "next":
        finding.next = said[2]
    elif said[1] in _LABELS:
        finding.evidence.append((_LABELS[said[1]], said[2]))
    else:
        return False
    return True
