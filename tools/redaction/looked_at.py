"""Long texts that were looked through a moment ago and held nothing secret: an answer is cleaned when its block ends,
and comes by again when the block is journaled and when the run is told as a whole.

Of a text only a keyed hash is kept, and with it what was known to be secret then: whoever has learned something since
looks again. So nothing passes that looking again would have found.
"""

import threading
from typing import TypeAlias

from tools.redaction import known

SHORTEST = 256  # characters: looking through less costs no more than this
MOST = 4096  # texts

Knowledge: TypeAlias = tuple[known.Index, int]

_clean: dict[bytes, Knowledge] = {}  # the oldest first
_lock = threading.Lock()


def knowledge() -> Knowledge:
    """All that is known to be secret at this moment."""
    index = known.learned()
    return index, len(index.values)


def is_clean(words: str) -> bool:
    return len(words) >= SHORTEST and _clean.get(known.learned().name(words)) == knowledge()


def keep(words: str, then: Knowledge) -> None:
    """They were looked through, with what was known `then`, and held nothing."""
    if len(words) < SHORTEST:
        return
    name = then[0].name(words)
    with _lock:
        _clean.pop(name, None)
        _clean[name] = then
        if len(_clean) > MOST:
            del _clean[next(iter(_clean))]
