"""A person's message as words: quotes and YAML set apart, contractions opened, typing mistakes mended."""

import re
from dataclasses import dataclass
from functools import lru_cache

from chat.agent.providers.guide.kinds import LOOSE, SPELLINGS, TWO_WORDS
from chat.agent.providers.guide.wordlists import COMMANDS, UNTOUCHED

KNOWN = COMMANDS | LOOSE | frozenset(spelling for spelling in SPELLINGS if len(spelling) > 3)
CONTRACTIONS = (
    (r"\b(what|where|who|why|how|it|that|there|here|when|which)['’]s\b", r"\1 is"),
    (r"\b(what|where|who|how)s\b", r"\1 is"),
    (r"\b(what|why|how)['’]?re\b", r"\1 are"),
    (r"\bcan['’]t\b|\bcannot\b", "can not"),
    (r"\bwon['’]t\b", "will not"),
    (r"\b(is|are|do|does|did|was|were|has|have|should|could|would)n['’]t\b", r"\1 not"),
    (r"\bdont\b", "do not"),
    (r"\bdoesnt\b", "does not"),
    (r"\bisnt\b", "is not"),
    (r"\b(i|you|we|they)['’](m|re|ll|ve|d)\b", r"\1"),
    (r"\blet['’]s\b", "lets"),
    (r"(\w)['’]s?(?=\s|$|[?.!,])", r"\1"),
)
FENCE = re.compile(r"```[\w+-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
BARE_YAML = re.compile(r"^(?:apiVersion|kind):\s*\S", re.MULTILINE)
QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]+)\"|“([^”\n]+)”|(?<!\w)'([^'\n]+)'(?!\w)")
SPACE = "\ue000"  # stands for a blank inside quotes, so that a quoted text stays one word
TYPOS = {
    "lst": "list",
    "lits": "list",
    "sho": "show",
    "shw": "show",
    "teh": "the",
    "hte": "the",
    "wats": "what",
    "wat": "what",
    "wht": "what",
    "wy": "why",
    "del": "delete",
    "pls": "please",
    "fo": "for",
}
MOST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Word:
    """raw: as typed; low: for matching: lower case, mended, and marked with ' when it was quoted (then it
    is a name and never a command)."""

    raw: str
    low: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """words: the message without its blocks; block: the YAML or text of code fences, empty without."""

    words: tuple[Word, ...]
    block: str = ""


def sentence_of(text: str) -> Sentence:
    rest, block = _set_apart(text.replace("\x00", " "))
    words: list[Word] = []
    position = 0
    for quoted in QUOTED.finditer(rest):
        words += _plain(rest[position : quoted.start()])
        inner = next(group for group in quoted.groups() if group is not None).strip().replace(" ", SPACE)
        words += [Word(inner, "'" + inner.lower())] if inner else []
        position = quoted.end()
    words += _plain(rest[position:])
    return Sentence(tuple(_joined(words)[:MOST_WORDS]), block)


def distance(one: str, other: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        now = [i]
        for j, right in enumerate(other, 1):
            cost = min(now[j - 1] + 1, row[j] + 1, row[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        before, row = row, now
    return row[-1]


@lru_cache(maxsize=4096)
def mended(word: str) -> str:
    """The known word that was probably meant, or the word itself. Short words must be made of the same letters."""
    if word in TYPOS:
        return TYPOS[word]
    if word in KNOWN or word in UNTOUCHED or not word.isalpha() or not 4 <= len(word) <= 24:
        return word
    near = [known for known in KNOWN if abs(len(known) - len(word)) <= 2 and _near(word, known)]
    return min(near, key=lambda known: (distance(word, known), known)) if near else word


def _near(word: str, known: str) -> bool:
    if len(known) < 4 or (word[0] != known[0] and word[:2] != known[1::-1]):
        return False
    apart = distance(word, known)
    if min(len(word), len(known)) == 4:
        return apart == 1 and sorted(word) == sorted(known)
    return apart <= (2 if min(len(word), len(known)) >= 8 else 1)


def _set_apart(text: str) -> tuple[str, str]:
    blocks = [found.group(1).strip("\n") for found in FENCE.finditer(text)]
    rest = FENCE.sub(" ", text)
    bare = BARE_YAML.search(rest)
    if bare and "\n" in rest[bare.start() :]:
        blocks.append(rest[bare.start() :].strip("\n"))
        rest = rest[: bare.start()]
    return rest, "\n---\n".join(block for block in blocks if block.strip())


def _plain(text: str) -> list[Word]:
    for pattern, opened in CONTRACTIONS:
        text = re.sub(pattern, opened, text, flags=re.IGNORECASE)
    found = []
    for raw in text.split():
        trimmed = raw.strip(",;:?!()[]<>{}\"'`“”’…*").rstrip(".")
        if trimmed:
            found.append(Word(trimmed, mended(trimmed.lower())))
    return found


def _joined(words: list[Word]) -> list[Word]:
    """Two-word kinds as one: "config maps" → "configmaps"."""
    joined: list[Word] = []
    for word in words:
        if joined and any(joined[-1].low == left and word.low in {right, right + "s"} for left, right in TWO_WORDS):
            before = joined.pop()
            joined.append(Word(before.raw + word.raw, before.low + word.low))
        else:
            joined.append(word)
    return joined
