"""Turns of a transcript: what waits for an answer, and how answers and words are added to them. Pure."""

from collections.abc import Sequence

from chat.agent.ports import Answer, Block, Text, Turn, Wish


def unanswered(turns: Sequence[Turn]) -> tuple[Wish, ...]:
    """The wishes of the last assistant turn that no later turn answers."""
    answers: set[str] = set()
    for turn in reversed(turns):
        if turn.role == "assistant":
            return tuple(block for block in turn.blocks if isinstance(block, Wish) and block.id not in answers)
        answers.update(block.id for block in turn.blocks if isinstance(block, Answer))
    return ()


def at_tool_boundary(turns: Sequence[Turn]) -> bool:
    """Whether answers were the last that was said: the one place where a run under way hears people."""
    return bool(turns) and isinstance(turns[-1].blocks[-1], Answer)


def with_answers(turns: tuple[Turn, ...], answers: Sequence[Answer]) -> tuple[Turn, ...]:
    """All answers to one assistant turn stand in one turn, before anything else said there: models insist on it."""
    earlier = turns[-1].blocks if turns and turns[-1].role == "user" else ()
    kept = turns[:-1] if earlier else turns
    blocks: tuple[Block, ...] = (*earlier, *answers)
    return (*kept, Turn("user", tuple(sorted(blocks, key=lambda block: not isinstance(block, Answer)))))


def with_words(turns: tuple[Turn, ...], texts: Sequence[str]) -> tuple[Turn, ...]:
    """What people added stands behind the answers, in the same turn: roles alternate."""
    if not texts:
        return turns
    earlier = turns[-1].blocks if turns and turns[-1].role == "user" else ()
    return (*(turns[:-1] if earlier else turns), Turn("user", (*earlier, *(Text(text) for text in texts))))
