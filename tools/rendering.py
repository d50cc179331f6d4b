"""How answers look as text: tables, YAML, ages, and where a long text is cut. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import yaml

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\-_])")
# Control characters but tab and newline, and the invisible ones that reorder or hide text.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WIDEST_CELL = 160
_WIDEST_LAST = 500


def plain(text: str) -> str:
    """Without terminal escapes, control characters and invisible marks: what a cluster says is shown as text."""
    return _INVISIBLE.sub("", _ESCAPES.sub("", text))


def cell(value: Any, widest: int = _WIDEST_CELL) -> str:
    """One line of a table's cell."""
    if value is None:
        return "<none>"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if not text.isprintable() or "  " in text or text != text.strip():  # most are plain already
        text = " ".join(plain(text).split())
    return text if len(text) <= widest else text[: widest - 1] + "…"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Columns padded to their widest cell; the last is not padded, so it may be long."""
    last = len(columns) - 1
    lines = [
        [cell(value, _WIDEST_LAST if n == last else _WIDEST_CELL) for n, value in enumerate(row)]
        for row in (columns, *rows)
    ]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 pod", "1,204 pods"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def some_of(shown: int, total: int, one: str, many: str = "") -> str:
    """ "5 of 20 pods", or "20 pods" when that is all of them."""
    return f"{shown} of {counted(total, one, many)}" if shown < total else counted(total, one, many)


# ---- time --------------------------------------------------------------------------------------------------------


def moment(stamp: Any) -> datetime | None:
    """A Kubernetes timestamp (RFC 3339, with or without fractions), or None."""
    if not isinstance(stamp, str):
        return None
    try:
        found = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def age(stamp: Any, now: datetime | None = None) -> str:
    """Time since, as kubectl writes it: 45s, 5m30s, 3h5m, 26h, 5d3h, 690d, 2y30d."""
    found = moment(stamp)
    return "<unknown>" if found is None else duration((now or datetime.now(UTC)).timestamp() - found.timestamp())


def duration(seconds: float) -> str:
    """As `k8s.io/apimachinery/pkg/util/duration.HumanDuration`."""
    total = max(0, int(seconds))
    minutes, hours, days = total // 60, total // 3600, total // 86400
    steps = (
        (total < 120, f"{total}s"),
        (minutes < 10, _two(minutes, "m", total % 60, "s")),
        (minutes < 180, f"{minutes}m"),
        (hours < 8, _two(hours, "h", minutes % 60, "m")),
        (hours < 48, f"{hours}h"),
        (days < 8, _two(days, "d", hours % 24, "h")),
        (days < 2 * 365, f"{days}d"),
        (days < 8 * 365, _two(days // 365, "y", days % 365, "d")),
    )
    return next((words for fits, words in steps if fits), f"{days // 365}y")


def _two(big: int, big_unit: str, small: int, small_unit: str) -> str:
    return f"{big}{big_unit}{small}{small_unit}" if small else f"{big}{big_unit}"


# ---- YAML --------------------------------------------------------------------------------------------------------


_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # in C where there is libyaml: eight times as fast


class _Dumper(_Base):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def as_yaml(document: Any) -> str:
    """Block style, keys in the order given, texts of several lines as blocks."""
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096)).rstrip("\n")


# ---- cutting -----------------------------------------------------------------------------------------------------


def beginning(text: str, largest: int) -> tuple[str, int]:
    """The lines that fit into `largest` characters, and how many more there are; of one long line its beginning."""
    if len(text) <= largest:
        return text, 0
    cut = text.rfind("\n", 0, largest)
    return (text[:cut], text.count("\n", cut)) if cut > 0 else (text[:largest], text.count("\n", largest))


def bounded(text: str, largest: int, more: int = 0) -> str:
    """At most `largest` bytes, cut between lines, with a closing sentence that says how much is missing; `more` lines
    are missing already."""
    if not more and len(text.encode()) <= largest:
        return text
    lines = text.split("\n")
    room = largest - 160
    kept: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    if not kept:
        kept = [lines[0].encode()[: largest - 160].decode("utf-8", "ignore") + "…"]
    missing = len(lines) - len(kept) + more
    return "\n".join([*kept, f"… cut here: {counted(missing, 'more line')}. Narrow the question to see the rest."])
