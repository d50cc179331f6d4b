"""The transcript cut into exchanges: one message of a person, and the calls that were answered because of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chat.agent.ports import Answer, Text, Turn, Wish
from chat.agent.providers.guide.steps import Call, Found


@dataclass(slots=True)
class Exchange:
    text: str
    answered: list[tuple[Call, Found]] = field(default_factory=list)


def exchanges_of(turns: Sequence[Turn]) -> list[Exchange]:
    """In order; what was said or called before the first message of a person is left out."""
    exchanges: list[Exchange] = []
    wishes: dict[str, Call] = {}
    for turn in turns:
        for block in turn.blocks:
            match block:
                case Text(text) if turn.role == "user":
                    exchanges.append(Exchange(text))
                case Wish(id=wish_id, name=name, arguments=arguments):
                    wishes[wish_id] = Call(name, arguments)
                case Answer(id=wish_id) if wish_id in wishes and exchanges:
                    found = Found(block.text, block.failed, block.data)
                    exchanges[-1].answered.append((wishes.pop(wish_id), found))
                case _:
                    pass
    return exchanges
