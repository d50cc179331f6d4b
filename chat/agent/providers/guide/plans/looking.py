"""Looks at one thing: described, or as YAML; and lists a kind when its name was meant."""

from dataclasses import replace

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Act, Intention, Thing
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.plans.card import card, pods_on
from chat.agent.providers.guide.plans.listing import list_things
from chat.agent.providers.guide.plans.talking import not_understood
from chat.agent.providers.guide.rows import items, many
from chat.agent.providers.guide.steps import Found, Plan, Reply, Scene
from chat.agent.providers.guide.together import Asking, together


def describe(scene: Scene) -> Plan:
    wish = scene.intention
    if _sounds_like_a_kind(wish):
        kind = yield from _kind_called(wish)
        if kind:
            return (yield from list_things(replace(scene, intention=replace(wish, act=Act.LIST, kind=kind, name=""))))
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    (found,) = (yield from together({"": calls.on(located, "k8s_describe", wish.cluster)})).values()
    if found.failed:
        return failed(located, found)
    return Reply(card(located, found), focus=located, shown=pods_on(found, located.namespace))


def describe_if_there(scene: Scene) -> Plan:
    """A message of one word: described when something is called that, otherwise not understood."""
    located = yield from locate(replace(scene, intention=replace(scene.intention, act=Act.LOGS)))
    if isinstance(located, Reply) and not located.choices:
        return (yield from not_understood(scene))
    if isinstance(located, Reply):
        return replace(located, asked=replace(scene.intention, act=Act.DESCRIBE))
    exact = replace(
        scene.intention, act=Act.DESCRIBE, kind=located.kind, name=located.name, namespace=located.namespace
    )
    return (yield from describe(replace(scene, intention=replace(exact, pronoun=True))))


def _sounds_like_a_kind(wish: Intention) -> bool:
    """ "show certificates": one plain word in the plural."""
    low = wish.name.lower()
    return (
        not (wish.kind or wish.pronoun or wish.spare) and low.isalpha() and low.endswith("s") and not low.endswith("ss")
    )


def _kind_called(wish: Intention) -> Asking[str]:
    """The plural of the kind that the cluster serves under this name, or ""."""
    (found,) = (yield from together({"": calls.call("k8s_discover", wish.cluster, query=wish.name)})).values()
    for kind in items(found.data, "kinds"):
        names = {str(kind.get("plural", "")), *map(str, many(kind, "short_names"))}
        if wish.name.lower() in names:
            return str(kind.get("plural", ""))
    return ""


def failed(thing: Thing, found: Found) -> Reply:
    """The tool's or the cluster's own sentence says what to do."""
    return Reply(phrasing.plain(found.text), focus=thing)


def get(scene: Scene) -> Plan:
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    (found,) = (
        yield from together({"": calls.getting(located.kind, located.name, located.namespace, scene.intention.cluster)})
    ).values()
    if found.failed:
        return failed(located, found)
    body = found.text.split("\n", 1)[1] if "\n" in found.text else found.text
    return Reply(
        f"{phrasing.thing(located)}, without the bookkeeping:\n\n{phrasing.block(body[:12000])}", focus=located
    )
