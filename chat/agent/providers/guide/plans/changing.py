"""Changes something, after a person approved it: says what is about to happen, does it, and looks what came of it."""

from collections.abc import Callable

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Act, Thing
from chat.agent.providers.guide.patches import change_of
from chat.agent.providers.guide.plans.asking import changed, target_of
from chat.agent.providers.guide.plans.outcome import (
    OF_PODS,
    check_deleted,
    check_rollout,
    check_service,
    refused,
)
from chat.agent.providers.guide.rows import items, many, objects_of, walk
from chat.agent.providers.guide.steps import Call, Found, Json, Plan, Reply, Scene
from chat.agent.providers.guide.together import together


def scale(scene: Scene) -> Plan:
    wish = scene.intention
    thing = yield from target_of(scene, "k8s_scale")
    if isinstance(thing, Reply):
        return thing
    if wish.number is None:
        return Reply(
            f"To how many copies? Say, for example, {phrasing.code(f'scale {phrasing.sentence(thing)} to 3')}.",
            focus=thing,
        )
    wanted = wish.number
    (read,) = (yield from together({"": calls.getting(thing.kind, thing.name, thing.namespace, wish.cluster)})).values()
    now = walk(objects_of(read), 0, "spec", "replicas")
    now = now if isinstance(now, int) else 1
    if wish.by:
        wanted = max(0, now + wish.number)
    if wanted == now:
        return Reply(
            f"{phrasing.thing(thing)} has {phrasing.counted(now, 'copy', 'copies')} already: nothing to change.",
            focus=thing,
        )
    warning = " Nobody answers there then." if wanted == 0 else ""
    say = f"I am about to scale {phrasing.thing(thing)} from {now} to {wanted}.{warning}"
    return (yield from _carried_out(scene, thing, calls.on(thing, "k8s_scale", wish.cluster, replicas=wanted), say))


def restart(scene: Scene) -> Plan:
    thing = yield from target_of(scene, "k8s_rollout_do")
    if isinstance(thing, Reply):
        return thing
    cluster = scene.intention.cluster
    lead = ""
    if thing.kind == "pods":
        (read,) = (yield from together({"": calls.on(thing, "k8s_describe", cluster, events=0)})).values()
        owner = _restartable(read, thing.namespace)
        if owner is None:
            return Reply(
                (
                    f"A single pod cannot be restarted. {phrasing.thing(thing)} can be deleted; if "
                    "something owns it, a new one takes its place. "
                    f"{phrasing.say(f'delete {phrasing.sentence(thing)}')}"
                ),
                focus=thing,
                offers=(f"delete {phrasing.sentence(thing)}",),
            )
        lead = f"A pod is restarted through its owner, {phrasing.thing(owner)}. "
        thing = owner
    if thing.kind not in OF_PODS:
        return Reply(
            f"{phrasing.thing(thing)} cannot be restarted: that is for Deployments, StatefulSets and DaemonSets.",
            focus=thing,
        )
    say = f"{lead}I am about to restart {phrasing.thing(thing)}: its pods are replaced one after the other."
    return (
        yield from _carried_out(scene, thing, calls.rollout("k8s_rollout_do", thing, cluster, action="restart"), say)
    )


def _restartable(read: Found, namespace: str) -> Thing | None:
    kinds = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
    for owner in items(read.data, "owners"):
        if owner.get("kind") in kinds:
            return Thing(kinds[str(owner["kind"])], str(owner.get("name", "")), namespace)
    return None


def undo(scene: Scene) -> Plan:
    """Back to the revision that is named, or else to the newest that is not the current one."""
    wish = scene.intention
    thing = yield from target_of(scene, "k8s_rollout_do")
    if isinstance(thing, Reply):
        return thing
    if thing.kind not in OF_PODS:
        return Reply(
            f"{phrasing.thing(thing)} has no revisions: Deployments, StatefulSets and DaemonSets have.", focus=thing
        )
    (found,) = (yield from together({"": calls.rollout("k8s_rollout_history", thing, wish.cluster)})).values()
    if found.failed:
        return refused(found, thing)
    revisions = list(items(found.data, "revisions"))
    chosen = next((r for r in revisions if _is_wanted(r, wish.number)), None)
    if chosen is None:
        return Reply(_nowhere_to_go(thing, revisions, wish.number), focus=thing)
    images = ", ".join(map(str, many(chosen, "images")))
    back = f"back to revision {chosen['revision']}" + (f" ({phrasing.code(images)})" if images else "")
    say = f"I am about to put {phrasing.thing(thing)} {back}. Its pods are replaced by new ones."
    steer = {"action": "undo", "to_revision": chosen["revision"]}
    return (yield from _carried_out(scene, thing, calls.rollout("k8s_rollout_do", thing, wish.cluster, **steer), say))


def _is_wanted(revision: Json, number: int | None) -> bool:
    return bool(revision.get("revision") == number if number is not None else not revision.get("current"))


def _nowhere_to_go(thing: Thing, revisions: list[Json], number: int | None) -> str:
    if number is None:
        return f"{phrasing.thing(thing)} has no earlier revision to go back to."
    there = ", ".join(str(revision.get("revision")) for revision in revisions)
    return f"{phrasing.thing(thing)} has no revision {number}. There are: {there or 'none'}."


def patch(scene: Scene) -> Plan:
    """set_env, set_image, set_resources, set_selector."""
    wish = scene.intention
    blank = next((name for name, value in wish.pairs if "…" in value or not value), "")
    if blank:
        return Reply(
            f"Which value should {phrasing.code(blank)} have? Send the sentence again with the value filled in.",
            focus=scene.last.focus if scene.last else None,
        )
    thing = yield from target_of(scene, "k8s_patch")
    if isinstance(thing, Reply):
        return thing
    (read,) = (yield from together({"": calls.getting(thing.kind, thing.name, thing.namespace, wish.cluster)})).values()
    if read.failed or not objects_of(read):
        return Reply(phrasing.plain(read.text), focus=thing)
    change = change_of(wish, objects_of(read)[0])
    if change.refusal:
        return Reply(f"{phrasing.thing(thing)}: {change.refusal}", focus=thing)
    rolling = " Its pods are replaced by new ones." if thing.kind in OF_PODS else ""
    say = f"I am about to {change.words} on {phrasing.thing(thing)}.{rolling}"
    return (yield from _carried_out(scene, thing, calls.on(thing, "k8s_patch", wish.cluster, patch=change.body), say))


def delete(scene: Scene) -> Plan:
    wish = scene.intention
    if not wish.name and not wish.pronoun:
        return Reply(
            "I delete one thing at a time, by its name. Say, for example, "
            f"{phrasing.code('delete pod … in shop')}; names come from "
            f"{phrasing.code('list ' + (wish.kind or 'pods'))}."
        )
    thing = yield from target_of(scene, "k8s_delete")
    if isinstance(thing, Reply):
        return thing
    effect = {
        "pods": "If something owns it, a new pod takes its place.",
        "namespaces": "**Everything in it goes with it, and cannot be brought back.**",
        "deployments": "Its pods go with it.",
        "persistentvolumeclaims": "The data on that disk may be lost.",
    }.get(thing.kind, "It cannot be brought back.")
    say = f"I am about to delete {phrasing.thing(thing)}. {effect}"
    done = yield from changed(scene, calls.on(thing, "k8s_delete", wish.cluster), say)
    if done.failed:
        return refused(done, thing)
    return (yield from check_deleted(thing, done, wish.cluster))


def label(scene: Scene) -> Plan:
    wish = scene.intention
    if not wish.pairs:
        example = "label deployment checkout in shop with team=payments"
        return Reply(f"Which label? Say, for example, {phrasing.code(example)}.")
    thing = yield from target_of(scene, "k8s_label")
    if isinstance(thing, Reply):
        return thing
    labels = {key: value or None for key, value in wish.pairs}
    told = phrasing.listed([phrasing.code(f"{key}={value}" if value else key) for key, value in wish.pairs])
    verb = "set the label" if all(labels.values()) else "remove the label"
    call = calls.on(thing, "k8s_label", wish.cluster, labels=labels)
    done = yield from changed(scene, call, f"I am about to {verb} {told} on {phrasing.thing(thing)}.")
    return refused(done, thing) if done.failed else Reply(phrasing.plain(done.text), focus=thing)


def _carried_out(scene: Scene, thing: Thing, call: Call, say: str) -> Plan:
    """Changes a workload or Service and reports the state it really reached."""
    done = yield from changed(scene, call, say)
    if done.failed:
        return refused(done, thing)
    if walk(done.data, "changed") is False:
        return Reply(phrasing.plain(done.text), focus=thing)
    lead = _came_of(call, done)
    if thing.kind in OF_PODS:
        return (yield from check_rollout(thing, lead, scene.intention.cluster))
    if thing.kind == "services":
        return (yield from check_service(thing, lead, scene.intention.cluster))
    return Reply(phrasing.plain(done.text), focus=thing)


def _came_of(call: Call, done: Found) -> str:
    """In the tool's words: a person may have edited the arguments, which its first line says then."""
    first = phrasing.plain(done.text.split("\n", 1)[0])
    if call.tool != "k8s_scale":
        return first
    before, after = walk(done.data, "before"), walk(done.data, "after")
    scaled = f"Scaled from {before} to {after}."
    return scaled if after == call.arguments["replicas"] else phrasing.paragraphs(first, scaled)


PLANS: dict[Act, Callable[[Scene], Plan]] = {
    Act.SCALE: scale,
    Act.RESTART: restart,
    Act.UNDO: undo,
    Act.DELETE: delete,
    Act.LABEL: label,
    Act.SET_ENV: patch,
    Act.SET_IMAGE: patch,
    Act.SET_RESOURCES: patch,
    Act.SET_SELECTOR: patch,
}
