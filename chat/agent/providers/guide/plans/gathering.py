"""Reads what plans need out of answers: notes of events, lines of a log."""

from chat.agent.providers.guide.diagnosis.finding import Note
from chat.agent.providers.guide.rows import items, walk
from chat.agent.providers.guide.steps import Found


def notes_of(found: Found) -> list[Note]:
    """The lines of a k8s_events answer."""
    notes = []
    for event in items(found.data, "events"):
        kind, _, name = str(event.get("object") or "").partition("/")
        count = event.get("count")
        notes.append(
            Note(
                str(event.get("reason") or ""),
                str(event.get("message") or ""),
                kind,
                name,
                str(event.get("namespace") or ""),
                str(event.get("type") or ""),
                count if isinstance(count, int) else 1,
                str(event.get("last") or ""),
            )
        )
    return notes


def log_text(found: Found) -> str:
    """The lines of a k8s_logs answer, or "" when there is no log."""
    if found.failed:
        return ""
    lines = walk(found.data, "lines")
    return "\n".join(str(line) for line in lines) if isinstance(lines, list) else found.text
