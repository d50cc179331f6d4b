"""When a conversation nears the end of what its model can read: what then stands in the place of its beginning. Pure.

Nothing is lost by it: the journal keeps every word, and result_read reads every result. The model's own summary is one
part; what must not depend on a model's mood is gathered here: people's words as they were, where the work takes place,
and every call with its outcome.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chat.agent import deferral, diet
from chat.agent.ports import Answer, Memo, Request, Text, Turn, Wish
from chat.agent.prompt.compose import compose
from chat.agent.tokens import BYTES_A_TOKEN, estimated
from chat.agent.turns import with_words

FULL = 0.8  # of the window
SUMMARY = 2_000  # tokens
_CALLS, _LONGEST_CALL = 60, 240
_PLACES = ("namespace", "cluster")
QUESTION = (
    "This conversation is about to become longer than you can read. For yourself, to go on from: what was asked, what "
    "was found with its evidence (objects, reasons, counts, times), what was changed or refused, what is open, and the "
    "next step. At most 400 words, no tool calls. People's words and the list of calls are kept beside it."
)


def due(request: Request, last: tuple[int, int] = (0, 0)) -> bool:
    """Whether the next request would take more than FULL of the window. last: of how many turns the last one was, and
    the tokens that the model counted for it and its answer."""
    turns, counted = last
    if not possible(request):
        return False
    known = counted + _weight(request.turns[turns:]) if counted else 0
    return max(known, _before(request) + _weight(request.turns)) > FULL * request.window


def possible(request: Request) -> bool:
    """Whether there is anything to leave out."""
    return bool(request.window) and len(request.turns) > len(_tail(request.turns)) + 1


def _before(request: Request) -> int:
    """What stands in front of the turns: the tools and the prompt."""
    listed = sum(estimated(str(offer)) for offer in deferral.loaded(request.tools))
    return listed + estimated(compose(request.setting))


def _weight(turns: Sequence[Turn]) -> int:
    short = diet.shortened(turns)
    return sum(
        estimated(diet.sent(block, short) if isinstance(block, Answer) else str(block)) for block in _blocks(turns)
    )


def question(request: Request) -> Request:
    """What the model is asked for its summary: the request it knows, and one sentence behind it."""
    return replace(request, turns=with_words(request.turns, [QUESTION]), most=SUMMARY)


def gathered(request: Request, findings: str) -> Memo:
    """Of all turns but the newest exchange, which stays as it is. findings: the model's summary, empty without."""
    old = request.turns[: len(request.turns) - len(_tail(request.turns))]
    earlier = next((block for block in _blocks(old) if isinstance(block, Memo)), Memo())
    said = [block.text for turn in old if turn.role == "user" for block in turn.blocks if isinstance(block, Text)]
    return Memo(
        words=_newest([*earlier.words, *said], request.window * BYTES_A_TOKEN / 4),
        places=tuple(dict.fromkeys([*earlier.places, *_places(request.turns)])),
        calls=(*earlier.calls, *_calls(old))[-_CALLS:],
        findings=findings or "\n".join(filter(None, [earlier.findings, _last_words(old)])),
    )


def compact(turns: Sequence[Turn], memo: Memo) -> tuple[Turn, ...]:
    """The memo, and the newest exchange behind it."""
    first, *rest = _tail(turns)
    if first.role == "user":
        return (replace(first, blocks=(memo, *first.blocks)), *rest)
    return (Turn("user", (memo,)), first, *rest)


def _tail(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The last round with its answers, or a person's last words."""
    return tuple(turns[-2:] if _answers(turns[-1]) else turns[-1:])


def _answers(turn: Turn) -> bool:
    return any(isinstance(block, Answer) for block in turn.blocks)


def _blocks(turns: Sequence[Turn]) -> Iterator[object]:
    return (block for turn in turns for block in turn.blocks)


def _newest(words: Sequence[str], room: float) -> tuple[str, ...]:
    """As many as fit, whole; the oldest are left out, and that is said."""
    kept: list[str] = []
    for text in reversed(words):
        room -= len(text.encode())
        if room < 0:
            return (f"({len(words) - len(kept)} earlier messages are left out here.)", *reversed(kept))
        kept.append(text)
    return tuple(reversed(kept))


def _places(turns: Sequence[Turn]) -> Iterator[str]:
    for block in _blocks(turns):
        if isinstance(block, Wish):
            named = {key: block.arguments.get(key) for key in _PLACES}
            yield from (f"{key} {value}" for key, value in named.items() if value and isinstance(value, str))


def _calls(turns: Sequence[Turn]) -> Iterator[str]:
    answers = {block.id: block for block in _blocks(turns) if isinstance(block, Answer)}
    for block in _blocks(turns):
        if isinstance(block, Wish) and (answer := answers.get(block.id)):
            arguments = json.dumps(dict(block.arguments), ensure_ascii=False)
            came = (answer.short or answer.text).replace("\n", " ")
            yield f"{block.name} {arguments[:_LONGEST_CALL]}: {came[:_LONGEST_CALL]}"


def _last_words(turns: Sequence[Turn]) -> str:
    """What the model itself said last, when it cannot be asked."""
    said = [
        block.text for turn in turns if turn.role == "assistant" for block in turn.blocks if isinstance(block, Text)
    ]
    return "\n".join(said[-5:])[-4_000:]


def text(memo: Memo) -> str:
    """As the model reads it."""
    parts = (
        ("What people said, word for word", memo.words),
        ("Where", [", ".join(memo.places)] if memo.places else []),
        ("Calls and what came of them; ref is for result_read", memo.calls),
        ("Your own summary", [memo.findings] if memo.findings else []),
    )
    told = [f"{title}:\n" + "\n".join(f"- {line}" for line in lines) for title, lines in parts if lines]
    return "\n\n".join(["What came before in this conversation, shortened.", *told])
