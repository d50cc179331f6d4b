"""Reads a person's message: words to an Intention. Knows no cluster and no transcript."""

import re
from dataclasses import replace

from chat.agent.providers.guide import acts, questions
from chat.agent.providers.guide.glossary import topic_of
from chat.agent.providers.guide.intention import CHANGES, POINTED, Act, Intention
from chat.agent.providers.guide.kinds import kind_of
from chat.agent.providers.guide.naming import Target, only_choice, take_choice, take_target
from chat.agent.providers.guide.phrase import Phrase
from chat.agent.providers.guide.settling import settled, why_or_check, without_a_verb
from chat.agent.providers.guide.slots import Slots, take_slots
from chat.agent.providers.guide.values import Value, take_replicas, take_revision, take_value
from chat.agent.providers.guide.words import sentence_of

ALONE = "alone"  # the message was one word
MANIFEST = re.compile(r"^\s*[\"']?(?:apiVersion|kind)[\"']?\s*:", re.MULTILINE)
WHERE = (
    ("pending", r".*\b(?:pending|waiting|unscheduled|not scheduled|unschedulable)\b.*"),
    ("completed", r".*\b(?:completed|succeeded|finished)\b.*"),
    ("failing", rf".*\b(?:{questions.FAILING}|not running|evicted|bad)\b.*"),
    ("running", r".*\b(?:running|healthy|ready)\b.*"),
)


def read(text: str, clusters: tuple[str, ...] = ()) -> Intention:
    """What the message asks for; Act.UNKNOWN with whatever kind, name and place it mentions when no rule fits."""
    sentence = sentence_of(text)
    phrase = Phrase(sentence.words)
    if sentence.block and MANIFEST.search(sentence.block):
        slots = take_slots(phrase, clusters)
        return Intention(Act.APPLY, namespace=slots.namespace, cluster=slots.cluster, text=sentence.block)
    small = _small_talk(phrase)
    if small:
        return small
    if phrase.has(acts.NEGATED) and not phrase.has(r"^why\b.*|.*\?$"):
        return Intention(Act.NO, text="negated")
    rights = _rights(phrase, clusters)
    if rights:
        return rights
    asked_how = phrase.has(acts.HOWTO)
    if asked_how:
        phrase.take(
            r"^(?:how|wie) (?:do|can|would|should|to|could|kann|mache)(?: i| we| you| one| ich)?|"
            r"^(?:can|may|should|could|shall) (?:i|we)|^is it (?:safe|ok|okay|possible"
            r"|dangerous) to|^what happens (?:if|when) (?:i|we)"
        )
    again = phrase.take_all((acts.AGAIN, acts.AGAIN_END))
    intention = _command(phrase, clusters) or _question(phrase, clusters, again=again)
    if asked_how and intention.act in CHANGES | {Act.DRAFT}:
        return replace(intention, act=Act.HOWTO, text=intention.act.value)
    return intention


def _rights(phrase: Phrase, clusters: tuple[str, ...]) -> Intention | None:
    """ "can I delete pods in shop" asks what is allowed; "can I delete pod web-1" asks how to."""
    left = Phrase(phrase.words)
    verb = left.take(acts.MAY)
    if not verb:
        return None
    intention = _filled(Act.RIGHTS, left, clusters, Value(Act.RIGHTS))
    return replace(intention, text=acts.VERBS[verb[0].lower()]) if intention.kind and not intention.name else None


def _small_talk(phrase: Phrase) -> Intention | None:
    if not phrase.words:
        return Intention(Act.UNKNOWN)
    for act, pattern in acts.SMALL_TALK:
        if phrase.has(pattern):
            return Intention(act)
    choice = only_choice(Phrase(phrase.words))
    return Intention(Act.CHOOSE, choice=choice) if choice else None


def _command(phrase: Phrase, clusters: tuple[str, ...]) -> Intention | None:
    acts.without_politeness(phrase)
    value = take_value(phrase)
    if value:
        return _filled(value.act, phrase, clusters, value)
    back = phrase.take(r"^(?:back )?to (\d{1,4})(?: replicas| copies| again)?$")
    if back:
        return Intention(Act.SCALE, number=int(back[0]), pronoun=True)
    act = next((act for act, pattern in acts.CHANGE_ACTS if phrase.has(pattern)), None)
    if act is None or _is_really_a_question(act, phrase):
        return None
    if act is Act.SCALE:
        number, by = take_replicas(phrase)
        return _filled(act, phrase, clusters, Value(act, number=number, by=by))
    if act is Act.UNDO:
        return _filled(act, phrase, clusters, Value(act, number=take_revision(phrase)))
    if act is Act.EXEC:
        return _exec(phrase, clusters)
    if act is Act.DRAFT:
        return _aimed(_placed(Intention(act, text=phrase.text), take_slots(phrase, clusters)), take_target(phrase))
    return _filled(act, phrase, clusters, Value(act))


def _is_really_a_question(act: Act, phrase: Phrase) -> bool:
    """ "get me the yaml of deployment checkout" asks for what is there; "yaml for an nginx deployment" for a draft."""
    if (
        act is Act.DRAFT
        and phrase.has(r"^(?:make|add|new)\b.*")
        and not any(kind_of(word.low) for word in phrase.words)
    ):
        return True
    if act is Act.DRAFT:
        return phrase.has(
            r"^(?:get|show|give me|show me|display|print|see|view)? ?(?:me )?(?:the|its|full"
            r"|current)\b.*|^(?:get|show|display|print)\b.*|^(?:yaml|manifest) of\b.*"
        )
    return (
        act is Act.EXEC
        and phrase.has(r"^(?:get|start|give me|open)\b.*")
        and not phrase.has(r".*\b(?:shell|terminal|bash|sh|prompt)\b.*")
    )


def _exec(phrase: Phrase, clusters: tuple[str, ...]) -> Intention:
    phrase.take(
        r"^(?:kubectl )?(?:exec|execute|run)(?: the)?(?: command)?|^(?:ssh|attach|log "
        r"?in|get|give me|open|start|get me)(?: an?)?"
    )
    taken = phrase.take(
        r"((?:\S+ )*?\S+) (?:in|inside|into|on|within)(?= (?:the )?(?:pods?|containers?|deployment|po|deploy)\b)"
    ) or phrase.take(r"((?:\S+ )*?\S+) (?:in|inside|into|on|within)")
    command = taken[0] if taken else ""
    if command in {"shell", "a shell", "terminal", "bash", "prompt"}:
        command = ""
    return replace(_filled(Act.EXEC, phrase, clusters, Value(Act.EXEC)), text=command)


def _question(phrase: Phrase, clusters: tuple[str, ...], *, again: bool) -> Intention:
    topic = topic_of(phrase.text)
    if topic:
        return Intention(Act.GLOSSARY, text=topic)
    full = phrase.text
    why = phrase.has(questions.WHY_PATTERNS[0])
    act = None if why else next((act for act, pattern in questions.QUESTIONS if phrase.has(pattern)), None)
    why = why or (act is None and any(phrase.has(pattern) for pattern in questions.WHY_PATTERNS))
    reading = None if why or act else next((act for act, pattern in questions.READS if phrase.has(pattern)), None)
    where = next((where for where, pattern in WHERE if phrase.has(pattern)), "")
    intention = replace(_filled(act or reading or Act.UNKNOWN, phrase, clusters, Value(Act.UNKNOWN)), where=where)
    if why:
        return why_or_check(intention, full)
    if act is Act.EVENTS:
        return replace(
            intention, where="all" if "warn" not in full and re.search(r"\ball\b|chang|happen|new", full) else "warning"
        )
    if act is Act.TOP:
        return replace(
            intention, sort="cpu" if re.search(r"\bcpu\b|processor|bus", full) and "mem" not in full else "memory"
        )
    if intention.act is Act.UNKNOWN:
        found = without_a_verb(intention, again)
        return replace(found, text=ALONE) if found.act is Act.UNKNOWN and " " not in full else found
    return settled(intention, full)


def _filled(act: Act, phrase: Phrase, clusters: tuple[str, ...], value: Value) -> Intention:
    slots = take_slots(phrase, clusters)
    choice = take_choice(phrase)
    target = replace(take_target(phrase), choice=choice)
    intention = _aimed(_placed(Intention(act, number=value.number, by=value.by, pairs=value.pairs), slots), target)
    if (
        slots.namespace
        and not target.name
        and (act in POINTED or act is Act.NAMESPACE)
        and target.kind in {"", "namespaces"}
        and not target.pronoun
    ):
        return _about_the_namespace(intention, phrase)
    return intention


def _about_the_namespace(intention: Intention, phrase: Phrase) -> Intention:
    """ "delete namespace shop": the place is the object."""
    if intention.act in {Act.DELETE, Act.DESCRIBE, Act.GET, Act.NAMESPACE} and (
        intention.kind or intention.act is Act.NAMESPACE
    ):
        return replace(intention, kind="namespaces", name=intention.namespace, namespace="")
    return intention


def _placed(intention: Intention, slots: Slots) -> Intention:
    return replace(
        intention,
        namespace=slots.namespace,
        cluster=slots.cluster,
        selector=slots.selector,
        container=slots.container,
        node=slots.node,
        since=slots.since,
        tail=slots.tail,
        previous=slots.previous,
    )


def _aimed(intention: Intention, target: Target) -> Intention:
    return replace(
        intention, kind=target.kind, name=target.name, spare=target.spare, pronoun=target.pronoun, choice=target.choice
    )
