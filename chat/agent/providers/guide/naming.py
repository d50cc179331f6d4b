"""Which object a sentence is about: its kind, its name or part of it, "it", or "the second one"."""

from dataclasses import dataclass

from chat.agent.providers.guide.kinds import LOOSE, kind_of
from chat.agent.providers.guide.phrase import Phrase
from chat.agent.providers.guide.slots import NOT_A_NAME
from chat.agent.providers.guide.wordlists import AFTER_A_KIND
from chat.agent.providers.guide.words import SPACE, Word

ORDINALS = {
    word: number
    for number, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1
    )
} | {
    "last": -1,
    "erste": 1,
    "ersten": 1,
    "zweite": 2,
    "zweiten": 2,
    "dritte": 3,
    "letzte": -1,
}
ORDINAL = "|".join(ORDINALS)
CHOICE = (
    (
        rf"(?:the |number |option |#)?(?:({ORDINAL})|(\d{{1,2}})(?:st|nd|rd|th)) (?:one"
        r"|pod|deployment|service|job|node|item|row|entry|of them|option|candidate"
        r"|result)"
    ),
    r"(?:number|option|item|row|nr|no|candidate|#) (\d{1,2})|#(\d{1,2})",
    rf"(?:the|der|die|das) (?:({ORDINAL})|(\d{{1,2}})(?:st|nd|rd|th))",
)
ONLY_CHOICE = (
    r"^(?:the |number |option |take |pick |use |choose |i mean |it is |show |that is "
    rf")*(?:({ORDINAL})|#?(\d{{1,2}})(?:st|nd|rd|th)?)(?: one| please| pod| of "
    r"them)*$"
)
PRONOUN = r"(?:it|its|this|that|them|they|their|these|those|same|one|the one|both|him|her|es|sie|davon)"


@dataclass(frozen=True, slots=True)
class Target:
    kind: str = ""
    name: str = ""
    spare: tuple[str, ...] = ()
    pronoun: bool = False
    choice: int = 0


def take_choice(phrase: Phrase) -> int:
    """ "the second one" → 2, "the last one" → -1, nothing of the kind → 0."""
    for pattern in CHOICE:
        taken = phrase.take(pattern)
        if taken:
            return _ordinal(taken)
    return 0


def only_choice(phrase: Phrase) -> int:
    """The ordinal when the whole sentence is nothing else."""
    taken = phrase.take(ONLY_CHOICE)
    return _ordinal(taken) if taken else 0


def take_target(phrase: Phrase) -> Target:
    pronoun = phrase.has(PRONOUN)
    with_slash = _slashed(phrase)
    if with_slash:
        return with_slash
    kinds = [place for place, word in enumerate(phrase.words) if _kind(word)]
    for place in kinds:
        name = _beside(phrase.words, place)
        if name:
            owner = next((other for other in kinds if other != place), None)
            kind = _kind(phrase.words[min(place, owner)] if owner is not None else phrase.words[place])
            return Target(kind, name)
    kind = _kind(phrase.words[kinds[0]]) if kinds else ""
    quoted = [word.raw for word in phrase.words if word.low.startswith("'")]
    if quoted:
        return Target(kind, quoted[0].replace(SPACE, " "), tuple(quoted[1:4]))
    owners = phrase.words[1:]
    owned = [word for before, word in zip(phrase.words, owners, strict=False) if before.low == "of" and is_name(word)]
    names = _likeliest([*owned, *(word for word in phrase.words if is_name(word))], owned)
    return Target(kind, names[0], names[1:4]) if names else Target(kind, pronoun=pronoun)


def is_name(word: Word) -> bool:
    """Whether a word can be the name of an object: a DNS name that is no ordinary word."""
    low = word.low.removeprefix("'")
    if word.low.startswith("'"):
        return True
    fits = all(char.isalnum() or char in "-._" for char in low) and any(char.isalpha() for char in low)
    return (
        fits
        and low not in NOT_A_NAME
        and word.raw.lower() not in NOT_A_NAME
        and len(low) > 1
        and low[0].isalnum()
        and low.isascii()
    )


def _ordinal(groups: tuple[str, ...]) -> int:
    said = next((group for group in groups if group), "")
    return ORDINALS.get(said.lower()) or (int(said) if said.isdigit() else 0)


def _kind(word: Word) -> str:
    if word.low in LOOSE:
        return "workloads"
    kind = kind_of(word.low)
    return kind.resource if kind else ""


def _slashed(phrase: Phrase) -> Target | None:
    """deployment/checkout, or what a person copied from a table of ours: shop/checkout (namespace/name)."""
    for word in phrase.words:
        left, slash, right = word.raw.partition("/")
        if slash and left and right and "/" not in right and ":" not in right:
            kind = kind_of(left)
            said = next((_kind(other) for other in phrase.words if _kind(other)), "")
            return Target(kind.resource, right) if kind else Target(said, word.raw)
    return None


def _beside(words: list[Word], place: int) -> str:
    """The name after the kind ("pod web-1", "deployment called web"), or before it ("the web deployment")."""
    after = place + 1
    while after < len(words) and words[after].low in {"called", "named", "of", "for", "namens", "with", "name", "the"}:
        after += 1
    if after < len(words) and _named(words[after]) and (not _kind(words[after]) or words[after].low in LOOSE):
        return words[after].raw.replace(SPACE, " ")
    if place and is_name(words[place - 1]) and not _kind(words[place - 1]):
        return words[place - 1].raw.replace(SPACE, " ")
    return ""


def _named(word: Word) -> bool:
    """Right behind a kind more words are names: ordinary ones, and single letters."""
    return (
        is_name(word)
        or word.low in AFTER_A_KIND
        or (len(word.low) == 1 and word.low.isalpha() and word.low not in "aiu")
    )


def _likeliest(words: list[Word], owned: list[Word]) -> tuple[str, ...]:
    """What stands behind "of" first, then names with a dash or a digit: nothing else in a sentence looks like that."""
    telling = owned + [word for word in words if "-" in word.raw or any(char.isdigit() for char in word.raw)]
    ordered = telling + [word for word in words if word not in telling]
    return tuple(dict.fromkeys(word.raw for word in ordered))
