"""What the conversation so far means for the next message: "it", "the second one", "yes", "and in payments?"."""

from dataclasses import dataclass, replace
from typing import TypeVar

from chat.agent.providers.guide.intention import EVERYWHERE, POINTED, Act, Intention, Thing
from chat.agent.providers.guide.kinds import kind_of
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
    said = read(text, clusters)
    meant = _in_the_light_of(said, text, memory, clusters)
    if meant is said or meant.cluster or memory.intention is None:
        return meant
    return replace(meant, cluster=memory.intention.cluster)


def _in_the_light_of(intention: Intention, text: str, memory: Memory, clusters: tuple[str, ...]) -> Intention:
    """The very same intention when nothing refers back."""
    answer = _answer_to_a_question(intention, text, memory, clusters)
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


def _answer_to_a_question(
    intention: Intention, text: str, memory: Memory, clusters: tuple[str, ...]
) -> Intention | None:
    """ "yes", "2", "the second one" or the bare name of a candidate, after the guide asked or offered something."""
    reply = memory.reply
    if reply is None:
        return None
    if intention.act is Act.YES:
        return _accepted(reply, 1 if len(reply.choices) == 1 else 0, clusters)
    if intention.act is Act.CHOOSE:
        chosen = _accepted(reply, intention.choice, clusters)
        thing = None if reply.choices or reply.offers else _nth(reply.shown, intention.choice)
        return chosen or (pointed_at(Intention(Act.DESCRIBE), thing) if thing else None)
    named = [thing for thing in reply.choices if _is_just(text, thing)]
    if len(named) == 1 and reply.asked:
        return pointed_at(reply.asked, named[0])
    in_place = [thing for thing in reply.choices if thing.namespace == intention.namespace]
    if intention.act in {Act.UNKNOWN, Act.AGAIN} and intention.namespace and len(in_place) == 1 and reply.asked:
        return pointed_at(reply.asked, in_place[0])
    return None


def _is_just(text: str, thing: Thing) -> bool:
    """Whether the message is the name of a candidate and nothing else: "describe web-1" is a new question."""
    words = text.lower().split()
    known = {thing.name, thing.namespace, f"{thing.namespace}/{thing.name}", "in", "the"}
    named = {thing.name, f"{thing.namespace}/{thing.name}"} & set(words)
    return bool(named) and all(word in known or kind_of(word) for word in words)


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
    return tuple(offer for offer in reply.offers if offer and OPEN_ENDED not in offer)


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
