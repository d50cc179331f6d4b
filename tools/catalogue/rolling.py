"""Steers the rollout of a workload: restart, pause, resume, or back to an earlier revision."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.catalogue.patching import bound, changed
from tools.catalogue.rollouts import revisions_of
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput, Conflict, NotFound
from tools.kube.resources import Target
from tools.pods import part
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool, one_change

_RESTARTED = "kubectl.kubernetes.io/restartedAt"
_HASH = "pod-template-hash"


class RolloutDoArguments(Arguments):
    action: Literal["restart", "pause", "resume", "undo"]
    kind: Literal["deployment", "statefulset", "daemonset"] = "deployment"
    name: str = Field(min_length=1)
    namespace: str = Field(min_length=1)
    to_revision: int | None = Field(None, ge=1, description="For undo. Left out: the one before.")


async def steer(client: KubeClient, asked: RolloutDoArguments) -> Result:
    """data of restart: {"object", "restarted_at": ISO time}; of the others as k8s_patch, undo with "revision": int."""
    if asked.to_revision is not None and asked.action != "undo":
        raise BadInput("to_revision is for undo only.")
    target = await exact(client, f"{asked.kind}s.apps", asked.name, asked.namespace)
    found = await read(client, target)
    if asked.action == "restart":
        return await _restarted(client, target, found)
    if asked.action == "undo":
        return await _put_back(client, target, found, asked.to_revision)
    return await _paused(client, target, found, paused=asked.action == "pause")


async def _restarted(client: KubeClient, target: Target, found: Object) -> Result:
    moment = client.permit.moment if client.permit else None  # so that what is tried out is what is sent
    now = (moment or datetime.now(UTC)).isoformat(timespec="seconds")
    template = {"metadata": {"annotations": {_RESTARTED: now}}}
    await client.patch(target, {"spec": {"template": template}}, form="strategic")
    paused = " It is paused, so nothing happens until it is resumed." if part(found, "spec").get("paused") else ""
    header = f"Restarted {target.words}: its pods are replaced one after another.{paused}"
    return Result(header, "", {"object": target.words, "restarted_at": now}, (replaced(found),))


async def _paused(client: KubeClient, target: Target, found: Object, *, paused: bool) -> Result:
    if found.get("kind") != "Deployment":
        raise BadInput(f"Only a deployment can be paused and resumed, not a {target.resource.singular}.")
    after = await client.patch(target, bound({"spec": {"paused": paused or None}}, found, "merge"))
    waits = "Changes to its pods wait until it is resumed." if paused else "Changes that waited are rolled out now."
    told = changed("Paused" if paused else "Resumed", target, found, after)
    return Result(told.header, told.body, told.data, (waits,))


async def _put_back(client: KubeClient, target: Target, found: Object, wanted: int | None) -> Result:
    if part(found, "spec").get("paused"):
        raise Conflict(f"{target.words} is paused: resume it first.")
    revision = _chosen(await revisions_of(client, found), wanted, target)
    template = await _template(client, found, str(revision["name"]))
    operations: list[Object] = [{"op": "replace", "path": "/spec/template", "value": template}]
    if uid := part(found, "metadata").get("uid"):
        operations.insert(0, {"op": "test", "path": "/metadata/uid", "value": uid})
    after = await client.patch(target, operations, form="json")
    told = changed(f"Put back to revision {revision['revision']}:", target, found, after)
    return Result(told.header, told.body, {**told.data, "revision": revision["revision"]}, (replaced(found),))


def _chosen(known: list[Object], wanted: int | None, target: Target) -> Object:
    """The revision of that number; without one the newest that is not the current one."""
    there = ", ".join(str(each["revision"]) for each in known)
    if wanted is not None:
        for each in known:
            if each["revision"] == wanted:
                return each
        raise NotFound(f"{target.words} has no revision {wanted}. There are: {there or 'none'}.")
    before = next((each for each in known if not each["current"]), None)
    if before is None:
        raise NotFound(f"{target.words} has no earlier revision to go back to.")
    return before


async def _template(client: KubeClient, found: Object, name: str) -> Object:
    """The pod template as that revision keeps it, masked values as they are, without what the controller added."""
    deployment = found.get("kind") == "Deployment"
    kind = await client.resolve("replicasets.apps" if deployment else "controllerrevisions.apps")
    keeper = await client.original(Target(kind, part(found, "metadata").get("namespace"), name))
    spec = part(keeper, "spec") if deployment else part(part(keeper, "data"), "spec")
    template: dict[str, Any] = {key: value for key, value in part(spec, "template").items() if key != "$patch"}
    if not template:
        raise NotFound(f"Revision {name} does not say what its pods were like.")
    meta = dict(part(template, "metadata"))
    meta["labels"] = {key: value for key, value in part(meta, "labels").items() if key != _HASH}
    return {**template, "metadata": meta}


def replaced(found: Object) -> str:
    """How pods come to their new state when the template of this workload changes, as a sentence."""
    spec = part(found, "spec")
    strategy = part(spec, "strategy") or part(spec, "updateStrategy")
    rolling = part(strategy, "rollingUpdate")
    if found.get("kind") == "CronJob":
        return "Pods of its next jobs are made that way; those that run are left alone."
    if spec.get("paused"):
        return "It is paused: its pods are replaced when it is resumed."
    count = counted(_wanted(found), "pod")
    if strategy.get("type") == "Recreate":
        return f"All {count} end before new ones begin (Recreate): it is away meanwhile."
    if strategy.get("type") == "OnDelete":
        return f"Its {count} stay as they are until they are deleted (OnDelete)."
    away = rolling.get("maxUnavailable", 1 if found.get("kind") != "Deployment" else "25%")
    more = f", {rolling['maxSurge']} more at once" if rolling.get("maxSurge") not in (None, 0) else ""
    return f"Its {count} are replaced one after another: at most {away} unavailable{more}."


def _wanted(found: Object) -> int:
    if found.get("kind") == "DaemonSet":
        return int(part(found, "status").get("desiredNumberScheduled") or 0)
    wanted = part(found, "spec").get("replicas")
    return 1 if wanted is None else int(wanted)


def _intent(asked: RolloutDoArguments) -> str:
    where = f"{asked.kind} {asked.name} in {asked.namespace}"
    if asked.action == "undo":
        return f"Put {where} back to {f'revision {asked.to_revision}' if asked.to_revision else 'its last revision'}"
    return f"{asked.action.capitalize()} {where}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_rollout_do",
        title="Steer a rollout",
        description="Restarts, pauses, resumes or undoes (to_revision) the rollout of a workload.",
        effect=Effect.CHANGE,
        arguments=RolloutDoArguments,
        run=steer,
        intent=_intent,
        changes=one_change,
    ),
)
