"""What the conversation so far means for the next message: "it", "the second one", "yes", "and in payments?"."""

from dataclasses import dataclass, replace
from typing import TypeVar

from chat.agent.providers.guide.intention import EVERYWHERE, POINTED, Act, Intention, Thing
from chat.agent.providers.guide.reading import read
from chat.agent.providers.guide.steps import Reply

OPEN_ENDED = "…"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Memory:
    """focus: the object last spoken of; reply: the end of the last exchange; intention: what it was about."""

    focus: Thing | None = None
    reply: Reply | None = None
    intention: Intention | None = None

    def after(self, intention: Intention, reply: Reply | None) -> "Memory":
        """The memory once this exchange is over. An exchange that was broken off still tells what it was about."""
        named = intention.name and intention.kind and intention.namespace not in {"", EVERYWHERE}
        spoken_of = Thing(intention.kind, intention.name, intention.namespace) if named else None
        focus = (reply.focus if reply else None) or spoken_of or self.focus
        quiet = intention.act in {Act.THANKS, Act.HELLO, Act.HELP, Act.WHO, Act.GLOSSARY}
        return Memory(focus, self.reply if quiet else reply, self.intention if quiet else intention)


def understood(text: str, memory: Memory, clusters: tuple[str, ...]) -> Intention:
    """The message read in the light of the conversation: pronouns, ordinals, "yes" and "too" are resolved."""
    intention = read(text, clusters)
    answer = _answer_to_a_question(intention, memory, clusters)
    if answer:
        return answer
    if intention.act is Act.AGAIN:
        return _again(intention, memory)
    if intention.choice and memory.reply and intention.act is not Act.UNDO:
        chosen = _nth(memory.reply.shown or memory.reply.choices, intention.choice)
        return pointed_at(intention, chosen) if chosen else intention
    if intention.act in POINTED | {Act.EVENTS, Act.TOP, Act.IMAGES} and not intention.name:
        return _with_focus(intention, memory)
    return intention


def pointed_at(intention: Intention, thing: Thing) -> Intention:
    return replace(
        intention, kind=thing.kind, name=thing.name, namespace=thing.namespace, spare=(), choice=0, pronoun=True
    )


def _answer_to_a_question(intention: Intention, memory: Memory, clusters: tuple[str, ...]) -> Intention | None:
    """ "yes", "2", "the second one" or the bare name of a candidate, after the guide asked or offered something."""
    reply = memory.reply
    if reply is None:
        return None
    if intention.act is Act.YES:
        return _accepted(reply, 1 if len(_ready(reply)) == 1 or reply.choices else 0, clusters)
    if intention.act is Act.CHOOSE:
        number = intention.choice
        chosen = None if reply.choices or not reply.offers else _accepted(reply, number, clusters)
        chosen = chosen or _accepted(reply, number, clusters)
        thing = _nth(reply.shown, number)
        return chosen or (pointed_at(Intention(Act.DESCRIBE), thing) if thing else None)
    if intention.act in {Act.UNKNOWN, Act.DESCRIBE, Act.LIST} and intention.name and reply.choices and reply.asked:
        named = [thing for thing in reply.choices if intention.name in {thing.name, f"{thing.namespace}/{thing.name}"}]
        kinds = [thing for thing in named if not intention.kind or thing.kind == intention.kind]
        places = [thing for thing in kinds if not intention.namespace or thing.namespace == intention.namespace]
        return pointed_at(reply.asked, places[0]) if len(places) == 1 else None
    in_place = [thing for thing in reply.choices if thing.namespace == intention.namespace]
    if intention.act in {Act.UNKNOWN, Act.AGAIN} and intention.namespace and len(in_place) == 1 and reply.asked:
        return pointed_at(reply.asked, in_place[0])
    return None


def _accepted(reply: Reply, number: int, clusters: tuple[str, ...]) -> Intention | None:
    thing = _nth(reply.choices, number)
    if thing and reply.asked:
        return pointed_at(reply.asked, thing)
    offer = _nth(reply.offers, number)
    if number == 0 and len(_ready(reply)) == 1:
        offer = _ready(reply)[0]
    return read(offer, clusters) if offer and OPEN_ENDED not in offer else None


def _ready(reply: Reply) -> tuple[str, ...]:
    """The offers that need nothing filled in."""
    return tuple(offer for offer in reply.offers if OPEN_ENDED not in offer)


def _nth(many: tuple[T, ...], number: int) -> T | None:
    place = number - 1 if number > 0 else number
    return many[place] if number and -len(many) <= place < len(many) else None


def _again(intention: Intention, memory: Memory) -> Intention:
    """ "and in payments?", "what about cart?", "and on prod?": the last question with another place or name."""
    last = memory.intention
    if last is None or last.act in {Act.UNKNOWN, Act.YES, Act.NO, Act.CHOOSE}:
        return replace(intention, act=Act.LIST if intention.kind else Act.DESCRIBE if intention.name else Act.CHECK)
    moved = replace(
        last,
        namespace=intention.namespace or ("" if intention.name else last.namespace),
        cluster=intention.cluster or last.cluster,
        kind=intention.kind or last.kind,
        name=intention.name or last.name,
        spare=intention.spare,
        choice=0,
    )
    return replace(moved, name="", pronoun=False) if intention.kind and not intention.name else moved


def _with_focus(intention: Intention, memory: Memory) -> Intention:
    focus, last = memory.focus, memory.intention
    if focus is None or intention.selector or intention.node:
        return intention
    loose = intention.act in {Act.EVENTS, Act.TOP, Act.IMAGES}
    if loose and not intention.pronoun:
        return intention
    if intention.namespace and intention.namespace != focus.namespace:
        return intention
    fits = intention.kind in {"", focus.kind, "workloads"} or (loose and intention.kind in {"events", "pods"})
    cluster = intention.cluster or (last.cluster if last else "")
    if fits or (intention.act in {Act.LOGS, Act.WHY} and intention.kind == "pods"):
        return replace(pointed_at(intention, focus), cluster=cluster)
    return replace(intention, name=focus.name, namespace=focus.namespace, cluster=cluster, pronoun=False)
