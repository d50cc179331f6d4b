"""Describes one object: its conditions, containers, owners, what belongs to it, and its newest events."""

from typing import Any

from pydantic import Field

from tools import pods
from tools.catalogue import events, relatives
from tools.catalogue.finding import locate
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import KubeError
from tools.kube.resources import Target
from tools.kube.together import together
from tools.pods import part
from tools.rendering import age, as_yaml, cell, counted, table
from tools.spec import Arguments, Result, Tool
from tools.views import slim

_GOOD = {"True"}
_MOST_PODS = 30
_BAD_WHEN_TRUE = (
    "MemoryPressure",
    "DiskPressure",
    "PIDPressure",
    "NetworkUnavailable",
    "ReplicaFailure",
    "Failed",
    "FailureTarget",
)


class DescribeArguments(Arguments):
    kind: str = Field(description="Any kind the cluster serves.", min_length=1)
    name: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Left out: found by name.")
    events: int = Field(10, ge=0, le=100, description="How many of the newest events.")


async def describe(client: KubeClient, asked: DescribeArguments) -> Result:
    """data: {"kind", "name", "namespace", "object": slim object, "status": str|null, "conditions": [{"type", "status",
    "reason", "message", "since"}], "containers": [see tools.pods.containers], "owners": [{"kind", "name"}] nearest
    first, "pods": [see tools.pods.summary, and "troubled": [see tools.pods.containers]], "replicas": {"wanted",
    "ready", ...}|null, "endpoints": {"ready": [..], "not_ready": [..]}|null, "events": [see k8s_events]}."""
    target = await locate(client, asked.kind, asked.name, asked.namespace)
    found = await read(client, target)
    owners, belongings, happened = await together(
        relatives.owners(client, found),
        relatives.belongings(client, found),
        _events(client, target, found, asked.events),
    )
    unwell = [pod["name"] for pod in belongings.get("pods", []) if not pod["well"]]
    if target.resource.namespaced and asked.events:
        happened += await _warnings_of(client, unwell, target.namespace)
    data = _facts(found, owners, belongings, happened)
    return Result(_header(target, data), _body(found, data), data)


async def _events(client: KubeClient, target: Target, found: Object, most: int) -> list[Object]:
    if not most:
        return []
    namespace = target.namespace if target.resource.namespaced else None
    try:
        return (await events.recent(client, namespace, kind=str(found.get("kind", "")), name=target.name))[:most]
    except KubeError:
        return []


async def _warnings_of(client: KubeClient, unwell: list[str], namespace: str | None) -> list[Object]:
    """Why pods of a workload are not well: its own events seldom say it."""
    if not unwell:
        return []
    try:
        found = await events.recent(client, namespace, kind="Pod", warnings=True)
    except KubeError:
        return []
    return [event for event in found if event["object"].removeprefix("Pod/") in unwell][:5]


def _facts(found: Object, owners: list[Object], belongings: Object, happened: list[Object]) -> Object:
    meta = part(found, "metadata")
    is_pod = found.get("kind") == "Pod"
    template = part(part(part(found, "spec"), "template"), "spec")
    return {
        "kind": found.get("kind"),
        "name": meta.get("name"),
        "namespace": meta.get("namespace"),
        "object": slim(found),
        "status": pods.reason(found) if is_pod else _status_word(found),
        "conditions": conditions(found),
        "containers": pods.containers(found) if is_pod else [],
        "images": pods.images(template or part(found, "spec")),
        "owners": owners,
        "pods": belongings.get("pods", []),
        "replicas": relatives.replicas(found),
        "endpoints": belongings.get("endpoints"),
        "events": happened,
    }


def conditions(found: Object) -> list[Object]:
    """[{"type", "status", "reason", "message", "since"}] of an object's status."""
    return [
        {
            "type": condition.get("type"),
            "status": condition.get("status"),
            "reason": condition.get("reason"),
            "message": condition.get("message"),
            "since": condition.get("lastTransitionTime"),
        }
        for condition in part(found, "status").get("conditions") or []
        if isinstance(condition, dict)
    ]


def _status_word(found: Object) -> str | None:
    if part(found, "metadata").get("deletionTimestamp"):
        return "Terminating"
    if found.get("kind") == "Node":
        ready = next((c["status"] for c in conditions(found) if c["type"] == "Ready"), "Unknown")
        words = {"True": "Ready", "False": "NotReady"}.get(str(ready), "Unknown")
        return f"{words},SchedulingDisabled" if part(found, "spec").get("unschedulable") else words
    phase = part(found, "status").get("phase")
    return str(phase) if phase else None


# ---- telling -----------------------------------------------------------------------------------------------------


def _header(target: Target, data: Object) -> str:
    words = f"{target.words[:1].upper()}{target.words[1:]}"
    if data["status"]:
        words += f": {data['status']}"
    replicas = data["replicas"]
    if replicas:
        words += f": {replicas['ready']} of {replicas['wanted']} ready"
    restarts = sum(container["restarts"] for container in data["containers"])
    if restarts:
        words += f", {counted(restarts, 'restart')}"
    return f"{words}."


def _body(found: Object, data: Object) -> str:
    parts = [_about(found, data)]
    if data["containers"]:
        parts.append("Containers:\n" + "\n".join(_container(container) for container in data["containers"]))
    if data["conditions"]:
        parts.append("Conditions:\n" + _conditions(data["conditions"]))
    if data["endpoints"] is not None:
        parts.append(_endpoints(data["endpoints"]))
    if data["pods"]:
        more = len(data["pods"]) - _MOST_PODS
        rest = f"\n… {counted(more, 'more pod')}: k8s_list shows them." if more > 0 else ""
        parts.append("Pods:\n" + _pods(data["pods"][:_MOST_PODS]) + rest)
    parts.append("Events:\n" + events.rendered(data["events"]) if data["events"] else "Events: none.")
    return "\n\n".join(part for part in parts if part)


def _about(found: Object, data: Object) -> str:
    """What is worth knowing of metadata and spec, as short YAML."""
    meta, spec = part(found, "metadata"), part(found, "spec")
    shown: dict[str, Any] = {"created": f"{meta.get('creationTimestamp')} ({age(meta.get('creationTimestamp'))} ago)"}
    if meta.get("deletionTimestamp"):
        shown["deletion asked"] = meta["deletionTimestamp"]
        shown["finalizers"] = meta.get("finalizers")
    shown["labels"] = meta.get("labels")
    shown["owners"] = " → ".join(f"{owner['kind']}/{owner['name']}" for owner in data["owners"])
    if data["containers"]:
        shown |= {
            "node": spec.get("nodeName"),
            "ip": part(found, "status").get("podIP"),
            "message": part(found, "status").get("message"),
        }
        shown["service account"] = spec.get("serviceAccountName")
    else:
        shown["images"] = data["images"]
        shown["replicas"] = data["replicas"]
        shown |= _own_fields(found)
    kept = {key: value for key, value in shown.items() if value not in (None, "", [], {})}
    return as_yaml(kept)


def _own_fields(found: Object) -> Object:
    """The rest of the object, for kinds without a form of their own here; a pod template says too much to repeat."""
    whole = slim(found)
    told = ("template", "jobTemplate", "replicas")
    spec = {key: value for key, value in part(whole, "spec").items() if key not in told}
    status = {key: value for key, value in part(whole, "status").items() if key != "conditions"}
    rest = {
        key: value for key, value in whole.items() if key not in ("apiVersion", "kind", "metadata", "spec", "status")
    }
    return {"spec": spec, "status": status} | rest


def _pods(found: list[Object]) -> str:
    """With a column on containers where any of them waits or has died."""
    rows = [[p["name"], p["ready"], p["status"], p["restarts"], p["node"], age(p["created"])] for p in found]
    columns = ["NAME", "READY", "STATUS", "RESTARTS", "NODE", "AGE"]
    if any(pod["troubled"] for pod in found):
        columns.append("CONTAINERS")
        rows = [[*row, " | ".join(map(_trouble, pod["troubled"]))] for row, pod in zip(rows, found, strict=True)]
    return table(columns, rows)


def _trouble(container: Object) -> str:
    told = []
    if container["state"] != "running":
        now = container["reason"] or container["state"]
        now += f", exit code {container['exit_code']}" if container["exit_code"] is not None else ""
        repeats = container["reason"] == "CrashLoopBackOff"  # its message says no more than that
        told.append(now + ("" if repeats else _message(container)))
    if container["last"]:
        told.append(f"last run {_ended(container['last'])}{_message(container['last'])}")
    return f"{container['name']}{' (init)' if container['role'] == 'init' else ''}: {'; '.join(told)}"


def _message(told: Object) -> str:
    return f": {cell(told['message'])}" if told["message"] else ""


def _ended(last: Object) -> str:
    return f"{last['reason'] or 'ended'}, exit code {last['exit_code']}, {age(last['finished'])} ago"


def _container(container: Object) -> str:
    first = f"- {container['name']}" + (" (init)" if container["role"] == "init" else "")
    first += f": {container['state']}"
    if container["reason"]:
        first += f", {container['reason']}"
    if container["exit_code"] is not None:
        first += f", exit code {container['exit_code']}"
    first += f"; ready {str(container['ready']).lower()}; {counted(container['restarts'], 'restart')}"
    lines = [first, f"  image: {container['image']}"]
    if container["message"]:
        lines.append(f"  message: {container['message']}")
    last = container["last"]
    if last:
        lines.append(f"  last run: {_ended(last)}" + (f": {last['message']}" if last["message"] else ""))
    return "\n".join(lines)


def _conditions(found: list[Object]) -> str:
    """The good ones by name only."""
    good = [c["type"] for c in found if (c["status"] in _GOOD) != (c["type"] in _BAD_WHEN_TRUE)]
    lines = []
    for c in found:
        if c["type"] not in good:
            why = ": ".join(str(words) for words in (c["reason"], c["message"]) if words)
            lines.append(f"- {c['type']}={c['status']} for {age(c['since'])}: {why}")
    return "\n".join([*lines, *([f"- in order: {', '.join(str(name) for name in good)}"] if good else [])])


def _endpoints(endpoints: Object) -> str:
    if not endpoints["ready"] and not endpoints["not_ready"]:
        return "Endpoints: none. No pod matches the selector."
    words = ", ".join(endpoints["ready"][:20]) or "none"
    waiting = f"; not ready: {', '.join(endpoints['not_ready'][:20])}" if endpoints["not_ready"] else ""
    return f"Endpoints ready: {words}{waiting}"


def _intent(asked: DescribeArguments) -> str:
    return f"Describe {asked.kind} {asked.name}" + (f" in {asked.namespace}" if asked.namespace else "")


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_describe",
        title="Describe an object",
        description=(
            "One object explained: status, why containers wait or died, conditions, owners, its pods or endpoints, "
            "newest events. The first step for anything that fails."
        ),
        effect=Effect.SENSITIVE,
        arguments=DescribeArguments,
        run=describe,
        intent=_intent,
        core=True,
    ),
)
