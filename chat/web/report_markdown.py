"""An incident report as Markdown: everything that people, the agent or a cluster said stays text, whatever reads it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from chat.audit.report import Entry, Report
from chat.web.plain import plain

_ACTIVE = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>$:@=])")
_FENCE = re.compile(r"`{3,}")


def written(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    conversation = report.conversation
    yield f"# Incident report: {line(str(conversation))}"
    yield ""
    yield f"- Conversation: {conversation.pk}"
    yield f"- Began: {_time(conversation.created_at)}"
    yield f"- People: {', '.join(line(name) for name in report.people)}"
    for name, value in report.facts:
        yield f"- {name}: {line(value)}"
    yield f"- Audit: {line(report.audit)}"
    for entry in report.entries:
        yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[str]:
    who = f" by {line(entry.who)}" if entry.who else ""
    yield ""
    yield f"## {entry.seq}. {entry.what}{who}"
    yield ""
    yield f"{_time(entry.at)}" + (f" · {line(entry.title)}" if entry.title else "")
    if entry.facts:
        yield ""
    for name, value in entry.facts:
        yield f"- {name}: {line(value)}"
    for heading, text in entry.texts:
        yield ""
        if heading:
            yield f"{heading}:"
            yield ""
        yield fenced(text)


def line(text: str) -> str:
    """One line in which no character acts: not in Markdown, not in the HTML that may be made of it, and no address
    becomes a link by itself."""
    flat = " ".join(plain(text).split()).replace("&", "&amp;").replace("<", "&lt;")
    return _ACTIVE.sub(r"\\\1", flat)


def fenced(text: str) -> str:
    """A block of text, in a fence that is longer than any in it."""
    text = plain(text)
    fence = "`" * max(3, *(len(found) + 1 for found in [*_FENCE.findall(text), "``"]))
    return f"{fence}text\n{text}\n{fence}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
