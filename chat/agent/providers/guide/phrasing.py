"""Markdown pieces. Whatever came from a cluster goes through `code`, `cell` or `quoted`, so it stays data."""

import re
from collections.abc import Iterable, Sequence

from chat.agent.providers.guide.intention import EVERYWHERE, Thing
from chat.agent.providers.guide.kinds import title_of

LONGEST = 300
TICKS = re.compile(r"`+")


def code(text: object, limit: int = LONGEST) -> str:
    """A code span that nothing inside can leave: one line, delimiters longer than any backticks within."""
    plain = _one_line(text, limit)
    if not plain:
        return "–"
    runs = {len(run) for run in TICKS.findall(plain)}
    ticks = next("`" * size for size in range(1, len(plain) + 2) if size not in runs)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{ticks}{pad}{plain}{pad}{ticks}"


def cell(text: object, limit: int = 120) -> str:
    """The same for a table cell: a pipe would end it."""
    return code(text, limit).replace("|", "\\|")


def quoted(text: str, most_lines: int = 40) -> str:
    """A fenced block of the last lines of a text."""
    lines = [line.rstrip() for line in text.replace("\r", "\n").split("\n")]
    kept = "\n".join(line[:500] for line in lines[-most_lines:])
    ticks = "`" * max(3, max((len(run) for run in TICKS.findall(kept)), default=0) + 1)
    return f"{ticks}text\n{kept}\n{ticks}"


def block(text: str, language: str = "yaml") -> str:
    ticks = "`" * max(3, max((len(run) for run in TICKS.findall(text)), default=0) + 1)
    return f"{ticks}{language}\n{text.strip(chr(10))}\n{ticks}"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells must have gone through `cell` (or be our own words)."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def thing(what: Thing) -> str:
    """Deployment `checkout` in `shop`."""
    place = f" in {code(what.namespace)}" if what.namespace else ""
    return f"{title_of(what.kind)} {code(what.name)}{place}"


def sentence(what: Thing) -> str:
    """The same as a person would type it: deployment checkout in shop."""
    place = f" in {what.namespace}" if what.namespace else ""
    return f"{title_of(what.kind).lower()} {what.name}{place}"


def place(namespace: str) -> str:
    """in `shop`, or in all namespaces."""
    return "in all namespaces" if namespace in {"", EVERYWHERE} else f"in {code(namespace)}"


def say(text: str) -> str:
    """The next sentence to type."""
    return f"Say: {code(text)}"


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _one_line(text: object, limit: int) -> str:
    plain = " ".join(str(text).split())
    plain = "".join(char for char in plain if char.isprintable())
    plain = plain.strip()
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def plain(text: str) -> str:
    """A sentence of a tool or the cluster as running text: Markdown in it shows as it is."""
    line = _one_line(text, 900)
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", line) if line else "No reason was given."


def words(text: str) -> str:
    """A short cell as plain words."""
    return plain(text)[:160] if text else ""
