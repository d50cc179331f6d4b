"""What of the transcript a model is sent: as it grows, results are shortened, the oldest first, many at once. Pure.

Each change in the middle of what was sent makes the endpoint read everything behind it anew, without its cache. So
nothing is shortened until the results come to MOST, and then down to LEAST at once: in between, requests only grow at
their end. The rule is a fold over the answers in their order, so the same transcript always gives the same request,
whoever makes it: once an answer is shortened it stays so.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from chat.agent.ports import Answer, Turn

MOST = 48_000  # characters of results that stand in full
LEAST = 24_000
NEWEST = 4  # results that are never shortened


def shortened(turns: Sequence[Turn]) -> frozenset[str]:
    """The ids of the answers that are sent as their first line."""
    short: set[str] = set()
    whole: deque[Answer] = deque()
    size = 0
    for answer in _answers(turns):
        whole.append(answer)
        size += len(sent(answer))
        if size > MOST:
            size = _shorten(whole, size, short)
    return frozenset(short)


def _shorten(whole: deque[Answer], size: int, short: set[str]) -> int:
    while size > LEAST and len(whole) > NEWEST:
        oldest = whole.popleft()
        if oldest.short:
            short.add(oldest.id)
            size -= len(sent(oldest))
    return size


def sent(answer: Answer, short: frozenset[str] = frozenset()) -> str:
    return answer.short if answer.id in short else answer.given or answer.text


def _answers(turns: Sequence[Turn]) -> Iterator[Answer]:
    return (block for turn in turns for block in turn.blocks if isinstance(block, Answer))
