"""Closes, opens and empties a node, after a person approved it."""

from dataclasses import replace

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Act, Thing
from chat.agent.providers.guide.plans.asking import changed, target_of
from chat.agent.providers.guide.plans.outcome import check_node, refused
from chat.agent.providers.guide.steps import Plan, Reply, Scene
from chat.agent.providers.guide.together import Asking

TOOLS = {Act.CORDON: "node_cordon", Act.UNCORDON: "node_uncordon", Act.DRAIN: "node_drain"}
WORDS = {
    Act.CORDON: "cordon {}: no new pods start there, the ones that run stay",
    Act.UNCORDON: "uncordon {}: new pods may start there again",
    Act.DRAIN: (
        "drain {}: no new pods start there, and its pods move to other nodes as their PodDisruptionBudgets "
        "allow. Pods of DaemonSets stay"
    ),
}


def steer(scene: Scene) -> Plan:
    act, cluster = scene.intention.act, scene.intention.cluster
    thing = yield from _node(scene, TOOLS[act])
    if isinstance(thing, Reply):
        return thing
    call = calls.call(TOOLS[act], cluster, node=thing.name)
    done = yield from changed(scene, call, f"I am about to {WORDS[act].format(phrasing.thing(thing))}.")
    if done.failed:
        return refused(done, thing)
    return (yield from check_node(thing, done, cluster))


def _node(scene: Scene, tool: str) -> Asking[Thing | Reply]:
    wish = scene.intention
    placed = replace(wish, kind="nodes", name=wish.name or wish.node, namespace="")
    return (yield from target_of(replace(scene, intention=placed), tool))


PLANS = dict.fromkeys(TOOLS, steer)
