"""Follows rollouts of Deployments, StatefulSets and DaemonSets: how far, why stuck, which revisions."""

from typing import Literal

from pydantic import Field

from tools import pods
from tools.catalogue.describing import conditions
from tools.catalogue.finding import locate
from tools.catalogue.objects import read
from tools.catalogue.relatives import replicas
from tools.catalogue.workloads import owned, pods_behind
from tools.changes import differences
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import NotFound
from tools.pods import part
from tools.rendering import age, counted, table
from tools.spec import Arguments, Result, Tool
from tools.views import slim

_REVISION = "deployment.kubernetes.io/revision"
_CAUSE = "kubernetes.io/change-cause"


class RolloutArguments(Arguments):
    kind: Literal["deployment", "statefulset", "daemonset"] = "deployment"
    name: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Left out: found by name.")


class HistoryArguments(RolloutArguments):
    revision: int | None = Field(None, ge=1, description="What this revision changed in the pods.")
    against: int | None = Field(None, ge=1, description="Compared with this one. Left out: the one before.")


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


async def history(client: KubeClient, asked: HistoryArguments) -> Result:
    """data: {"kind", "name", "namespace", "revisions": [{"revision": int, "current": bool, "images": [str], "cause",
    "created", "replicas": int|null, "ready": int|null, "name"}]} newest first; with a revision also {"revision",
    "against": int, "changes": ["spec.containers[app].image: a → b"]}."""
    found = await _workload(client, asked)
    kept = await _kept(client, found)
    revisions = [revision for revision, _ in kept]
    if asked.revision is not None or asked.against is not None:
        return _difference(found, kept, asked)
    header = f"{_words(found)} has {counted(len(revisions), 'revision')}."
    return Result(header, _revision_table(revisions) if revisions else "", _about(found) | {"revisions": revisions})


def _difference(found: Object, kept: list[tuple[Object, Object]], asked: HistoryArguments) -> Result:
    """Raises NotFound for a revision that is not kept, naming those that are."""
    templates = {revision["revision"]: template for revision, template in kept}
    numbers = sorted(templates, reverse=True)
    wanted = asked.revision or max(numbers, default=0)
    against = asked.against or next((number for number in numbers if number < wanted), 0)
    for number in (wanted, against):
        if number not in templates:
            there = ", ".join(map(str, numbers)) or "none"
            missing = f"no revision {number}" if number else f"no revision before {wanted}"
            raise NotFound(f"{_words(found)} keeps {missing}. There are: {there}.")
    lines = differences(_plain_template(templates[against]), _plain_template(templates[wanted]))
    header = f"{_words(found)}, from revision {against} to {wanted}: "
    header += f"{counted(len(lines), 'change')} in the pod template." if lines else "the pods are the same."
    data = _about(found) | {"revisions": [revision for revision, _ in kept]}
    return Result(header, "\n".join(lines), data | {"revision": wanted, "against": against, "changes": lines})


def _plain_template(template: Object) -> Object:
    labels = {k: v for k, v in (part(template, "metadata").get("labels") or {}).items() if k != "pod-template-hash"}
    annotations = part(template, "metadata").get("annotations") or {}
    meta = {key: value for key, value in (("labels", labels), ("annotations", annotations)) if value}
    return slim({"metadata": meta, "spec": part(template, "spec")})


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
    return [revision for revision, _ in await _kept(client, found)]


async def _kept(client: KubeClient, found: Object) -> list[tuple[Object, Object]]:
    """Each revision with its pod template, newest first."""
    if found.get("kind") == "Deployment":
        current = (part(found, "metadata").get("annotations") or {}).get(_REVISION)
        sets = await owned(client, "replicasets.apps", found)
        kept = [(_replica_set(item, current), part(part(item, "spec"), "template")) for item in sets]
    else:
        current = part(found, "status").get("updateRevision")
        states = await owned(client, "controllerrevisions.apps", found)
        kept = [(_controller_revision(item, current), _template_of(item)) for item in states]
        newest = max((revision["revision"] for revision, _ in kept), default=0)
        if current is None:
            for revision, _ in kept:
                revision["current"] = revision["revision"] == newest
    return sorted(kept, key=lambda each: int(each[0]["revision"]), reverse=True)


def _template_of(revision: Object) -> Object:
    return part(part(part(revision, "data"), "spec"), "template")


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
    template = part(_template_of(item), "spec")
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
        description="The revisions of a workload with their images, or what one changed in the pods.",
        effect=Effect.READ,
        arguments=HistoryArguments,
        run=history,
        intent=lambda asked: f"Look at the revisions of {_where(asked)}",
    ),
)
