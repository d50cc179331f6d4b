"""Where, which part and how much: the sides of a question that are the same whatever is asked."""

import re
from dataclasses import dataclass, field

from chat.agent.providers.guide.intention import EVERYWHERE
from chat.agent.providers.guide.kinds import LOOSE, SPELLINGS
from chat.agent.providers.guide.phrase import Phrase
from chat.agent.providers.guide.wordlists import AFTER_A_KIND, COMMANDS, HERE, ORDINARY

# Words that are never the name of an object unless quoted or said right after a kind.
NOT_A_NAME = COMMANDS | LOOSE | frozenset(SPELLINGS) | ORDINARY
KIND_WORDS = frozenset(SPELLINGS) | LOOSE
NEVER_A_PLACE = (NOT_A_NAME - {"default", "monitoring", "server", "api", "storage", "metrics", "logging"}) | HERE
UNITS = {
    "s": "s",
    "sec": "s",
    "second": "s",
    "m": "m",
    "min": "m",
    "minute": "m",
    "minuten": "m",
    "h": "h",
    "hr": "h",
    "hour": "h",
    "stunde": "h",
    "stunden": "h",
    "d": "d",
    "day": "d",
    "tag": "d",
    "tage": "d",
    "week": "w",
}
SMALL_NUMBERS = {
    word: number
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    )
} | {
    "none": 0,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "null": 0,
    "eins": 1,
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "fünf": 5,
}


@dataclass(slots=True)
class Slots:
    """The fields of an Intention that do not depend on what is asked."""

    namespace: str = ""
    cluster: str = ""
    selector: str = ""
    container: str = ""
    node: str = ""
    since: str = ""
    tail: int | None = None
    previous: bool = False
    clusters: tuple[str, ...] = field(default=(), repr=False)


def take_slots(phrase: Phrase, clusters: tuple[str, ...]) -> Slots:
    """Takes cluster, namespace, selector, node, container, time, line count and "previous" out of the phrase."""
    slots = Slots(clusters=clusters)
    slots.cluster = _cluster(phrase, clusters)
    slots.previous = _previous(phrase)
    slots.since = _since(phrase)
    slots.tail = _tail(phrase)
    slots.container = _container(phrase)
    slots.selector = _selector(phrase)
    slots.node = _first(
        phrase, (r"(?:runs? |running )?(?:on|from) (?:the )?(?:node|host|machine) (\S+)", r"(?:runs?|running) on (\S+)")
    )
    slots.namespace = _namespace(phrase)
    return slots


def whole_number(word: str) -> int | None:
    """A count as people write it: 3, three. None for anything else; absurdly long digits too."""
    if word.isascii() and word.isdigit():
        return int(word) if len(word) <= 6 else None
    return SMALL_NUMBERS.get(word.lower())


def _first(phrase: Phrase, patterns: tuple[str, ...], unless: frozenset[str] = NOT_A_NAME) -> str:
    for pattern in patterns:
        taken = phrase.take(pattern, unless=unless)
        if taken:
            return taken[0]
    return ""


def _cluster(phrase: Phrase, clusters: tuple[str, ...]) -> str:
    known = {name.lower(): name for name in clusters}
    if known:
        names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
        for pattern in (
            rf"(?:in |on |at |from |of |for )?(?:the )?cluster '?({names})",
            rf"(?:in|on|at|from|of|for) (?:the )?'?({names}) cluster",
            rf"(?:on|at|--context) (?:the )?'?({names})",
        ):
            taken = phrase.take(pattern)
            if taken:
                return known[taken[0].lower()]
    return _first(
        phrase, (r"(?:in|on|at|from|--context) (?:the )?(?:cluster )(?:named |called )?(\S+)", r"--context (\S+)")
    )


def _previous(phrase: Phrase) -> bool:
    patterns = (
        r"(?:from |of )?(?:the |its )?(?:previous|prior|earlier|crashed|dead) (?=logs?|container|instance|run|pod)",
        r"(?:from |of )?(?:the |its )?previous (?:container|instance|run)|--previous|-p|previously",
        r"(?:from |of |at )?(?:the |its )?last (?:crash|container|instance|run)",
        r"(?:from |just )?before (?:it|the|its|they) (?:last )?(?:crash\S*|restart\S*|died|failed)(?: crash| restart)?",
        r"previous",
    )
    return phrase.take_all(patterns)


def _since(phrase: Phrase) -> str:
    unit = r"(s|secs?|seconds?|m|mins?|minutes?|minuten|h|hrs?|hours?|stunden?|d|days?|tage?n?|weeks?)"
    lead = r"(?:in |for |within |during |over |from |since )?(?:the |der |den )?(?:last|past|previous|letzten|letzte) "
    taken = phrase.take(lead + r"(\d{1,4}) ?" + unit) or phrase.take(lead + r"()" + unit)
    taken = (
        taken
        or phrase.take(r"(?:since|--since) (\d{1,4}) ?" + unit + r"(?: ago)?")
        or phrase.take(r"--since=(\d{1,4})" + unit)
    )
    taken = taken or phrase.take(r"(?:since|past) ()(?:an? )?(hour|day|week)(?: ago)?")
    if taken:
        amount, word = int(taken[0] or 1), taken[1].lower()
        letter = UNITS.get(word) or UNITS.get(word.rstrip("s"), "h")
        return f"{amount * 168}h" if letter == "w" else f"{amount * 24}h" if letter == "d" else f"{amount}{letter}"
    return "24h" if phrase.take(r"(?:since |from )?(?:today|yesterday|heute|gestern)") is not None else ""


def _tail(phrase: Phrase) -> int | None:
    patterns = (
        r"--tail[= ](\d{1,5})",
        (
            r"(?:the )?(?:last|latest|tail|newest|final|recent|letzten?) (\d{1,5}) (?:log "
            r")?(?:lines?|entries|rows|messages|zeilen)(?: of| from)?"
        ),
        r"(?:the )?(?:last|latest|tail|newest) (\d{1,5})(?= )|tail (\d{1,5})",
        r"(\d{1,5}) (?:log )?(?:lines|zeilen)(?: of| from)?",
    )
    for pattern in patterns:
        taken = phrase.take(pattern)
        if taken:
            return max(1, min(int(next(group for group in taken if group)), 5000))
    return None


def _container(phrase: Phrase) -> str:
    patterns = (
        r"(?:in |of |from |with |for )?(?:the |its )?container (?:called |named )?(\S+)",
        r"(?:-c|--container) (\S+)",
        r"(?:in |of |from )(?:the |its )?(\S+) container",
    )
    return _first(phrase, patterns, (NOT_A_NAME | KIND_WORDS) - LOOSE)


def _selector(phrase: Phrase) -> str:
    pair = r"('?[a-z0-9][\w./-]*(?:==?|!=)[\w./-]+(?:,[a-z0-9][\w./-]*(?:==?|!=)[\w./-]+)*)"
    lead = (
        r"(?:with |by |having |where |whose |and )?(?:the )?(?:labels?|selector|-l"
        r"|--selector|labelled|labeled|matching)(?: selector)? "
    )
    spoken = phrase.take(
        r"(?:where|whose) (?:the )?(?:label )?(?!status|state|name|node"
        r"|phase)([a-z0-9][\w./-]*) (?:is|equals) ([\w.-]+)"
    )
    if spoken:
        return f"{spoken[0]}={spoken[1]}"
    taken = phrase.take(lead + pair) or phrase.take(r"(?:with |where )?" + pair)
    if taken:
        return taken[0]
    spoken = phrase.take(
        r"(?:with |where |whose )?(?:the )?label ([a-z0-9][\w./-]*) (?:is |equals |set to )?([\w.-]+)",
        unless=NOT_A_NAME - {"default"},
    )
    return f"{spoken[0]}={spoken[1]}" if spoken else ""


def _namespace(phrase: Phrase) -> str:
    everywhere = (
        (
            r"(?:in |across |from |of |for |over )?(?:all|every|any|each|allen)(?: the| of "
            r"the)? (?:namespaces?|ns|namensräumen)"
        ),
        r"everywhere|-a|--all-namespaces|cluster-?wide",
        r"(?:in|across|on) the (?:whole|entire) cluster",
    )
    if phrase.take_all(everywhere):
        return EVERYWHERE
    patterns = (
        r"(?:-n|--namespace)[= ](\S+)",
        (
            r"(?:in|from|inside|within|of|for|im|aus|to|into) (?:the )?(?:namespace|ns"
            r"|namensraum) (?:called |named |of )?(\S+)"
        ),
        r"(?:in|from|inside|within|of|for|im|aus|into) (?:the |my |our )?(\S+) (?:namespace|ns)",
        r"(?:in|inside|within|im|into) (?:the |my |our )?(?!(?:\S+/\S+|\S*[=:]\S*)(?!\S))(\S+)",
    )
    phrase.take(r"(?:from|at) \d+(?= to \d)")
    found = _first(phrase, patterns[:2], NEVER_A_PLACE - AFTER_A_KIND) or _first(phrase, patterns[2:], NEVER_A_PLACE)
    if found:
        return found
    return _first(
        phrase, (r"(?<!logs )(?<!log )(?<!remove )from (?:the |my |our )?(?!\S*[=:/]\S*(?!\S))(\S+)",), NEVER_A_PLACE
    )
