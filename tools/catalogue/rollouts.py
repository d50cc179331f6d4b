"""Follows rollouts of Deployments, StatefulSets and DaemonSets: how far, why stuck, which revisions."""

from typing import Literal

from pydantic import Field

from tools import pods
from tools.catalogue.describing import conditions
from tools.catalogue.finding import locate
from tools.catalogue.objects import read
from tools.catalogue.relatives import replicas
from tools.catalogue.workloads import owned, pods_behind
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.pods import part
from tools.rendering import age, table
from tools.spec import Arguments, Result, Tool

_REVISION = "deployment.kubernetes.io/revision"
_CAUSE = "kubernetes.io/change-cause"


class RolloutArguments(Arguments):
    kind: Literal["deployment", "statefulset", "daemonset"] = "deployment"
    name: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Left out: found by name.")


async def status(client: KubeClient, asked: RolloutArguments) -> Result:
    """data: {"kind", "name", "namespace", "done": bool, "stuck": bool, "message": str, "replicas": {"wanted", "ready",
    "updated", "available"}, "revisions": [see history], "waiting": [pod summaries with "why"], "conditions"}."""
    found = await _workload(client, asked)
    done, stuck, message = progress(found)
    waiting = [] if done else await _waiting(client, found)
    revisions = (await revisions_of(client, found))[:5]
    body = [_revision_table(revisions)] if revisions else []
    if waiting:
        rows = [[pod["name"], pod["ready"], pod["status"], pod["restarts"], pod["why"] or ""] for pod in waiting]
        body.append("Not ready:\n" + table(["POD", "READY", "STATUS", "RESTARTS", "WHY"], rows[:20]))
    data = _about(found) | {
        "done": done,
        "stuck": stuck,
        "message": message,
        "replicas": replicas(found),
        "revisions": revisions,
        "waiting": waiting,
        "conditions": conditions(found),
    }
    return Result(f"{_words(found)}: {message}", "\n\n".join(body), data)


async def history(client: KubeClient, asked: RolloutArguments) -> Result:
    """data: {"kind", "name", "namespace", "revisions": [{"revision": int, "current": bool, "images": [str], "cause",
    "created", "replicas": int|null, "ready": int|null, "name"}]} newest first."""
    found = await _workload(client, asked)
    revisions = await revisions_of(client, found)
    count = len(revisions)
    header = f"{_words(found)} has {count} revision{'' if count == 1 else 's'}."
    return Result(header, _revision_table(revisions) if revisions else "", _about(found) | {"revisions": revisions})


def progress(found: Object) -> tuple[bool, bool, str]:
    """Whether the rollout is done, whether it is stuck, and the sentence that says so: as `kubectl rollout status`, and
    not done either while a smaller size is not reached."""
    meta, spec, state = part(found, "metadata"), part(found, "spec"), part(found, "status")
    if int(meta.get("generation") or 0) > int(state.get("observedGeneration") or 0):
        return False, False, "the controller has not seen the last change yet."
    counts = replicas(found) or {}
    wanted, updated, available = counts["wanted"], counts["updated"], counts["available"]
    late = next(
        (c for c in conditions(found) if c["type"] == "Progressing" and c["reason"] == "ProgressDeadlineExceeded"), None
    )
    if late:
        return False, True, f"stuck: {updated} of {wanted} updated, {available} available. {late['message']}"
    if spec.get("paused"):
        return False, False, f"paused: {updated} of {wanted} updated, {available} available."
    if part(spec, "updateStrategy").get("type") == "OnDelete":
        return True, False, f"{available} of {wanted} available; pods change only when they are deleted (OnDelete)."
    if found.get("kind") == "StatefulSet":
        updated = _stateful_updated(found, counts)
    if updated < wanted:
        return False, False, f"rolling out: {updated} of {wanted} updated, {available} available."
    old = int(state.get("replicas") or 0) - updated if found.get("kind") == "Deployment" else 0
    if old > 0:
        return False, False, f"rolling out: {old} old pods are still going away."
    ready = counts["ready"] if found.get("kind") == "StatefulSet" else available
    return _reached(wanted, ready, int(state.get("replicas") or 0))


def _reached(wanted: int, ready: int, there: int) -> tuple[bool, bool, str]:
    """Of pods that are all up to date: whether there are as many as wanted, no fewer and no more."""
    if ready < wanted:
        return False, False, f"waiting: {ready} of {wanted} available."
    if there > wanted:
        return False, False, f"scaling down: {there - wanted} of {there} pods still have to go."
    return True, False, f"done: {ready} of {wanted} available and up to date."


def _stateful_updated(found: Object, counts: Object) -> int:
    """`updatedReplicas` counts from zero when nothing rolls out: then every replica is of the current revision."""
    state = part(found, "status")
    return int(counts["wanted"] if state.get("currentRevision") == state.get("updateRevision") else counts["updated"])


async def _workload(client: KubeClient, asked: RolloutArguments) -> Object:
    return await read(client, await locate(client, f"{asked.kind}s.apps", asked.name, asked.namespace))


async def _waiting(client: KubeClient, found: Object) -> list[Object]:
    unwell = [pod for pod in await pods_behind(client, found) if not pods.is_well(pod)]
    return [pods.summary(pod) | {"why": _why(pod)} for pod in unwell]


def _why(pod: Object) -> str | None:
    for container in pods.containers(pod):
        if container["message"] and container["state"] != "running":
            return str(container["message"])
    return next((str(c["message"]) for c in conditions(pod) if c["status"] == "False" and c["message"]), None)


async def revisions_of(client: KubeClient, found: Object) -> list[Object]:
    if found.get("kind") == "Deployment":
        current = (part(found, "metadata").get("annotations") or {}).get(_REVISION)
        kept = [_replica_set(item, current) for item in await owned(client, "replicasets.apps", found)]
    else:
        current = part(found, "status").get("updateRevision")
        kept = [_controller_revision(item, current) for item in await owned(client, "controllerrevisions.apps", found)]
        newest = max((revision["revision"] for revision in kept), default=0)
        if current is None:
            for revision in kept:
                revision["current"] = revision["revision"] == newest
    return sorted(kept, key=lambda revision: int(revision["revision"]), reverse=True)


def _replica_set(item: Object, current: object) -> Object:
    annotations = part(item, "metadata").get("annotations") or {}
    number = str(annotations.get(_REVISION, "0"))
    template = part(part(part(item, "spec"), "template"), "spec")
    return {
        "revision": int(number) if number.isdigit() else 0,
        "current": number == current,
        "images": pods.images(template),
        "cause": annotations.get(_CAUSE),
        "created": part(item, "metadata").get("creationTimestamp"),
        "replicas": part(item, "spec").get("replicas", 0),
        "ready": part(item, "status").get("readyReplicas", 0),
        "name": part(item, "metadata").get("name"),
    }


def _controller_revision(item: Object, current: object) -> Object:
    template = part(part(part(part(item, "data"), "spec"), "template"), "spec")
    meta = part(item, "metadata")
    return {
        "revision": int(item.get("revision") or 0),
        "current": meta.get("name") == current,
        "images": pods.images(template),
        "cause": (meta.get("annotations") or {}).get(_CAUSE),
        "created": meta.get("creationTimestamp"),
        "replicas": None,
        "ready": None,
        "name": meta.get("name"),
    }


def _revision_table(revisions: list[Object]) -> str:
    rows = [
        [
            f"{revision['revision']}{' (current)' if revision['current'] else ''}",
            "-" if revision["replicas"] is None else f"{revision['ready']}/{revision['replicas']}",
            age(revision["created"]),
            ",".join(revision["images"]),
            revision["cause"] or "",
        ]
        for revision in revisions
    ]
    return table(["REVISION", "READY", "AGE", "IMAGES", "CAUSE"], rows)


def _about(found: Object) -> Object:
    meta = part(found, "metadata")
    return {"kind": found.get("kind"), "name": meta.get("name"), "namespace": meta.get("namespace")}


def _words(found: Object) -> str:
    meta = part(found, "metadata")
    return f"{found.get('kind')} {meta.get('name')} in {meta.get('namespace')}"


def _where(asked: RolloutArguments) -> str:
    return f"{asked.kind} {asked.name}" + (f" in {asked.namespace}" if asked.namespace else "")


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_rollout_status",
        title="Follow a rollout",
        description="How far a rollout is, whether it is stuck and on which pods.",
        effect=Effect.READ,
        arguments=RolloutArguments,
        run=status,
        intent=lambda asked: f"Follow the rollout of {_where(asked)}",
        core=True,
    ),
    Tool(
        name="k8s_rollout_history",
        title="Look at revisions",
        description="The revisions of a workload with their images, newest first.",
        effect=Effect.READ,
        arguments=RolloutArguments,
        run=history,
        intent=lambda asked: f"Look at the revisions of {_where(asked)}",
    ),
)
