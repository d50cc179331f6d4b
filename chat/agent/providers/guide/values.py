"""Sentences that set something: a variable, an image, a memory limit, a selector, a number of replicas."""

import re
from dataclasses import dataclass

from chat.agent.providers.guide.intention import Act
from chat.agent.providers.guide.phrase import Phrase
from chat.agent.providers.guide.slots import whole_number

SET = r"(?:set|change|update|add|define|put|make|use|export|configure|correct|fix|setze)"
TO = r"(?:to|as|=|zu|auf|with(?: the)? value|equal to|equals|is)"
IMAGE = r"('?[a-z0-9][\w./-]*(?::[\w.-]+)?(?:@sha256:[0-9a-f]+)?)"
AMOUNT = r"(\d+(?:\.\d+)?) ?(mi|gi|ki|mib|gib|kib|mb|gb|kb|m|g|k|cpus?|cores?|millicores?)?"
NUMBER = r"\d{1,6}|zero|none|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|null|eins|zwei|drei|vier"
UPPER_NAME = re.compile(r"[A-Z][A-Z0-9_]*$")


@dataclass(frozen=True, slots=True)
class Value:
    """What to set: `pairs` as in Intention; number and by for replicas."""

    act: Act
    pairs: tuple[tuple[str, str], ...] = ()
    number: int | None = None
    by: bool = False
    text: str = ""


def take_value(phrase: Phrase) -> Value | None:
    """Takes what is to be set out of the phrase, so that only the target and its place are left."""
    label = _label(phrase)
    if label:
        return label
    if not phrase.has(
        r"^(?:set|change|update|add|define|put|make|use|export|configure|raise|increase|lower|reduce|decrease|bump|give|upgrade|downgrade|"
        r"switch|roll|move|deploy|correct|fix|point|limit|setze|patch|let|double|run)\b.*"
    ):
        return None
    return _variable(phrase) or _selector(phrase) or _resources(phrase) or _image(phrase)


def _variable(phrase: Phrase) -> Value | None:
    lead = (
        rf"^{SET}(?: the)?(?: missing| new)?( env(?:ironment)?(?: variables?| var)?| "
        r"variables?| var)?(?: called| named)? "
    )
    for pattern in (
        lead + r"('?[a-z_][\w.]*?)=(\S+)",
        lead + rf"(\S+) {TO} (\S+)",
        lead + r"(\S+) (\S+)(?= (?:on|in|for|of) )",
    ):
        found = phrase.has(pattern) and _peek(phrase, pattern)
        if (
            found
            and (found[0] or (UPPER_NAME.match(found[1]) and len(found[1]) > 1))
            and re.fullmatch(r"[A-Za-z_][\w.]*", found[1])
        ):
            phrase.take(pattern)
            return Value(Act.SET_ENV, ((found[1], found[2]),))
    return None


def _peek(phrase: Phrase, pattern: str) -> tuple[str, ...]:
    return Phrase(phrase.words).take(pattern) or ()


def _label(phrase: Phrase) -> Value | None:
    """ "label web with team=a", "add label team=a to web"; "remove label team from web" has an empty value."""
    gone = phrase.take(r"^(?:remove|delete|drop|unset) (?:the )?label ('?[a-z0-9][\w./-]*)(?: (?:from|of|on|off))?")
    if gone:
        return Value(Act.LABEL, ((gone[0], ""),))
    if not phrase.has(r"^(?:label|tag)\b.*|^(?:add|put|set) (?:the |an? )?label\b.*"):
        return None
    pairs = []
    while taken := phrase.take(r"(?:with |as |and )?(?:the )?(?:labels? )?([a-z0-9][\w./-]*)=([\w.-]+)"):
        pairs.append((taken[0], taken[1]))
    phrase.take(r"^(?:label|tag|add|put|set)(?: (?:the |an? )?label)?(?: (?:to|on))?")
    return Value(Act.LABEL, tuple(pairs))


def _selector(phrase: Phrase) -> Value | None:
    if not phrase.has(r".*\bselector\b.*|^point\b.*"):
        return None
    pattern = r"(?:to |at |= )?([a-z0-9][\w./-]*=[\w.-]+(?:,[a-z0-9][\w./-]*=[\w.-]+)*)"
    taken = phrase.take(pattern)
    if not taken:
        return None
    phrase.take(rf"^(?:{SET}|point)")
    phrase.take(r"(?:the )?(?:label )?selector(?: of| for| on| to)?")
    pairs = tuple((key, value) for key, _, value in (pair.partition("=") for pair in taken[0].split(",")))
    return Value(Act.SET_SELECTOR, pairs)


def _resources(phrase: Phrase) -> Value | None:
    what = _peek(phrase, r"(memory|ram|mem|cpu|processor)")
    amount = _peek(phrase, rf"(?:to |of |auf |= |at )?{AMOUNT}")
    if not what or not amount or phrase.has(r".*\b(?:pods|events|logs)\b.*"):
        return None
    resource = "cpu" if what[0].lower() in {"cpu", "processor"} else "memory"
    bound = "requests" if phrase.has(r".*\brequests?\b.*") else "limits"
    phrase.take(rf"(?:to |of |auf |= |at |only )?{AMOUNT}(?: of)?")
    phrase.take(r"^\S+(?: up| down)?")
    phrase.take(r"(?:the |its |more )?(?:memory|ram|mem|cpu|processor)(?: limits?| requests?)?(?: of| for| on)?")
    phrase.take(r"(?:limits?|requests?)(?: of| for| on)?")
    return Value(Act.SET_RESOURCES, ((f"{bound}.{resource}", quantity(amount[0], amount[1], resource)),))


def quantity(number: str, unit: str, resource: str) -> str:
    """An amount as the API writes it: people's "256 MB" is 256Mi, "half a core" they write 0.5 or 500m."""
    low = unit.lower()
    if resource == "cpu":
        return number + ("m" if low.startswith(("m",)) else "")
    return number + {"k": "Ki", "m": "Mi", "g": "Gi"}.get(low[:1], "")


def _image(phrase: Phrase) -> Value | None:
    named = phrase.has(r".*\bimage\b.*")
    patterns = (
        rf"(?:to|with|auf) (?:the )?(?:image |version )?{IMAGE}(?= (?:on|in|for|of)\b| ?$)" if named else "",
        rf"^(?:use|set|deploy|run|put|switch to) (?:the )?(?:new )?image {IMAGE}",
        rf"(?:the )?image(?: to)? {IMAGE}(?= (?:on|in|for|of)\b)",
        r"(?:to|with|auf) ('?[a-z0-9][\w./-]*:[\w.-]+)",
        r"^(?:use|set|deploy|run|put) ('?[a-z0-9][\w./-]*:[\w.-]+)(?= (?:on|in|for|of)\b)",
    )
    for pattern in patterns:
        taken = phrase.take(pattern) if pattern else None
        if taken:
            phrase.take(
                r"^(?:set|change|update|use|switch|upgrade|downgrade|bump|roll|move|put|patch"
                r"|make|correct|fix|deploy|run)"
            )
            phrase.take(r"(?:the |its )?(?:container )?image(?: of| for| on| in)?")
            return Value(Act.SET_IMAGE, (("image", taken[0]),))
    return None


def take_revision(phrase: Phrase) -> int | None:
    """Which revision is meant: "to revision 3"."""
    taken = phrase.take(r"(?:back )?to (?:the )?(?:revision|version|rev|generation) (\d{1,6})")
    taken = taken or phrase.take(r"--to-revision[= ](\d{1,6})")
    return int(taken[0]) if taken else None


def take_replicas(phrase: Phrase) -> tuple[int | None, bool]:
    """How many replicas are wanted, and whether that is a difference: "to 3" (3, no), "up by 2" (2, yes)."""
    if phrase.has(r"^(?:stop|shut ?down|switch off|turn off|pause|halt)\b.*"):
        return 0, False
    flag = phrase.take(r"--replicas[= ](\d{1,6})")
    if flag:
        return int(flag[0]), False
    if phrase.take(r"(?:to|by)? ?(?:double|twice)") is not None:
        return None, False
    phrase.take(r"from \d+(?= to )")
    down = phrase.take(r"(down|fewer|less|lower|reduce|decrease|remove)") is not None
    up = phrase.take(r"(up|more|additional|extra|increase|add|raise)") is not None
    difference = phrase.take(r"by (\S+)")
    absolute = phrase.take(rf"(?:to|at|auf|=) (?:only |just )?({NUMBER})(?: replicas?| instances| copies| pods?)?")
    bare = (
        None
        if difference or absolute
        else phrase.take(
            r"(?:the |have |has |run )?(\d{1,6}|zero|one|two|three|four|five|six|seven|eight"
            r"|nine|ten)(?: more| fewer| less)?(?: replicas?| instances?| copies| pods?| "
            r"times)?"
        )
    )
    phrase.take(r"(?:replicas?|instances?|copies)(?: of| for)?")
    if absolute:
        return whole_number(absolute[0]), False
    amount = whole_number((difference or bare or ("",))[0])
    if amount is not None and not difference and not (up or down):
        return amount, False
    if amount is None and not (up or down):
        return None, False
    return (amount or 1) * (-1 if down else 1), True
