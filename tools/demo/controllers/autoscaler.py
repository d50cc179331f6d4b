"""HorizontalPodAutoscaler: compares the metrics of pods with what they asked for, and sets the size."""

import math
from fractions import Fraction

from tools.demo.controllers.kinds import AUTOSCALERS, DEPLOYMENTS, POD_METRICS, PODS, REPLICA_SETS, STATEFUL_SETS
from tools.demo.controllers.matching import matches
from tools.demo.controllers.placement import requests
from tools.demo.controllers.world import World, is_ready
from tools.demo.quantity import format_bytes, format_cpu, parse
from tools.demo.store import Json, Resource

WATCHES = (AUTOSCALERS,)
SOURCE = "horizontal-pod-autoscaler"
PERIOD = 15.0  # seconds between looks
CALM = 300.0  # seconds without a reason to grow before it shrinks
TOLERANCE = 0.1
TARGETS: dict[str, Resource] = {"Deployment": DEPLOYMENTS, "ReplicaSet": REPLICA_SETS, "StatefulSet": STATEFUL_SETS}
NO_METRICS = (
    "unable to fetch metrics from resource metrics API: the server could not find the requested resource "
    "(get pods.metrics.k8s.io)"
)


def reconcile(world: World) -> float | None:
    if world.replaying:
        return None
    autoscalers = world.store.list(AUTOSCALERS)
    period = 1.0 if world.hasty else PERIOD
    for autoscaler in autoscalers:
        seen: dict[str, float] = world.memory.setdefault("autoscalers", {})
        last = seen.get(autoscaler["metadata"]["uid"], 0.0)
        if world.now.timestamp() - last >= period - 0.01:
            seen[autoscaler["metadata"]["uid"]] = world.now.timestamp()
            one(world, autoscaler)
    return period if autoscalers else None


def one(world: World, autoscaler: Json) -> None:
    meta, spec = autoscaler["metadata"], autoscaler["spec"]
    reference = spec["scaleTargetRef"]
    resource = TARGETS.get(reference["kind"])
    target = world.store.get(resource, meta["namespace"], reference["name"]) if resource else None
    conditions = {each["type"]: each for each in autoscaler.get("status", {}).get("conditions") or []}
    if resource is None or target is None:
        missing = f'{reference["kind"].lower()}s.apps "{reference["name"]}" not found'
        text = f"the HPA controller was unable to get the target's current scale: {missing}"
        put(world, conditions, "AbleToScale", "False", "FailedGetScale", text)
        write(world, autoscaler, {"currentReplicas": 0, "desiredReplicas": 0}, conditions)
        return
    put(
        world,
        conditions,
        "AbleToScale",
        "True",
        "SucceededGetScale",
        "the HPA controller was able to get the target's current scale",
    )
    current = int(target["spec"].get("replicas", 1))
    found = measure(world, autoscaler, target)
    if isinstance(found, str):
        name = first_metric(autoscaler)
        text = f"failed to get {name} utilization: unable to get metrics for resource {name}: {found}"
        put(
            world,
            conditions,
            "ScalingActive",
            "False",
            "FailedGetResourceMetric",
            f"the HPA was unable to compute the replica count: {text}",
        )
        world.events.record(SOURCE, autoscaler, "FailedGetResourceMetric", text, "Warning")
        write(
            world,
            autoscaler,
            {"currentReplicas": current, "desiredReplicas": 0, "currentMetrics": [{"type": ""}]},
            conditions,
        )
        return
    wanted, metrics = found
    scale(world, autoscaler, resource, target, (current, wanted, metrics), conditions)


def first_metric(autoscaler: Json) -> str:
    metrics = autoscaler["spec"].get("metrics") or [{}]
    return str(metrics[0].get("resource", {}).get("name", "cpu"))


def measure(world: World, autoscaler: Json, target: Json) -> tuple[int, list[Json]] | str:
    """(size the metrics ask for, current metrics), or why they cannot be had."""
    if not world.metrics:
        return NO_METRICS
    namespace = autoscaler["metadata"]["namespace"]
    pods = [
        pod
        for pod in world.store.list(PODS, namespace)
        if matches(target["spec"].get("selector"), pod["metadata"].get("labels")) and is_ready(pod)
    ]
    current = int(target["spec"].get("replicas", 1))
    sizes, shown = [], []
    for metric in autoscaler["spec"].get("metrics") or []:
        if metric.get("type") != "Resource":
            continue
        name, goal = metric["resource"]["name"], metric["resource"]["target"]
        usage = [amount for pod in pods if (amount := pod_usage(world, pod, name)) is not None]
        if not usage:
            return "no metrics returned from resource metrics API"
        ratio, value = ratio_of(goal, name, usage, pods)
        if ratio is None:
            return f"missing request for {name}"
        shown.append({"type": "Resource", "resource": {"name": name, "current": value}})
        sizes.append(current if abs(ratio - 1) <= TOLERANCE else math.ceil(ratio * len(usage)))
    return (max(sizes), shown) if sizes else "no metrics returned from resource metrics API"


def pod_usage(world: World, pod: Json, name: str) -> Fraction | None:
    found = world.store.get(POD_METRICS, pod["metadata"]["namespace"], pod["metadata"]["name"])
    if found is None:
        return None
    return sum((parse(each["usage"][name]) for each in found["containers"]), Fraction(0))


def ratio_of(goal: Json, name: str, usage: list[Fraction], pods: list[Json]) -> tuple[float | None, Json]:
    average = sum(usage, Fraction(0)) / len(usage)
    shown: Json = {
        "averageValue": format_cpu(Fraction(round(average * 1000), 1000))
        if name == "cpu"
        else format_bytes(Fraction(int(average)))
    }
    if goal["type"] == "AverageValue":
        return float(average / parse(goal["averageValue"])), shown
    asked = [requests(pod).get(name) for pod in pods]
    if any(each is None for each in asked):
        return None, shown
    share = average / (sum((each or Fraction(0) for each in asked), Fraction(0)) / len(asked))
    return float(share * 100 / goal["averageUtilization"]), {"averageUtilization": int(share * 100), **shown}


def scale(
    world: World,
    autoscaler: Json,
    resource: Resource,
    target: Json,
    found: tuple[int, int, list[Json]],
    conditions: dict[str, Json],
) -> None:
    current, wanted, metrics = found
    spec = autoscaler["spec"]
    name = first_metric(autoscaler)
    source = f"{name} resource utilization (percentage of request)"
    text = f"the HPA was able to successfully calculate a replica count from {source}"
    put(world, conditions, "ScalingActive", "True", "ValidMetricFound", text)
    low, high = spec.get("minReplicas", 1), spec["maxReplicas"]
    bounded = max(low, min(high, wanted, max(4, 2 * current)))
    limit(world, conditions, wanted, low, high)
    status: Json = {"currentReplicas": current, "desiredReplicas": bounded, "currentMetrics": metrics}
    before = autoscaler.get("status", {})
    if current and bounded != current and calm(world, autoscaler, bounded, current):
        world.change(resource, target, lambda obj: obj["spec"].update(replicas=bounded))
        direction = "above" if bounded > current else "below"
        reason = f"New size: {bounded}; reason: {source} {direction} target"
        world.events.record(
            SOURCE,
            autoscaler,
            "SuccessfulRescale",
            reason if bounded > current else f"New size: {bounded}; reason: All metrics below target",
        )
        status["lastScaleTime"] = world.text()
    elif before.get("lastScaleTime"):
        status["lastScaleTime"] = before["lastScaleTime"]
    put(world, conditions, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")
    write(world, autoscaler, status, conditions)


def calm(world: World, autoscaler: Json, wanted: int, current: int) -> bool:
    """Growing is immediate; shrinking only when nothing asked for more during the last minutes."""
    recent: dict[str, float] = world.memory.setdefault("autoscaler high water", {})
    uid, now = autoscaler["metadata"]["uid"], world.now.timestamp()
    if wanted > current:
        recent[uid] = now
        return True
    return now - recent.setdefault(uid, now) >= CALM


def limit(world: World, conditions: dict[str, Json], wanted: int, low: int, high: int) -> None:
    if wanted > high:
        put(
            world,
            conditions,
            "ScalingLimited",
            "True",
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
        )
    elif wanted < low:
        put(
            world,
            conditions,
            "ScalingLimited",
            "True",
            "TooFewReplicas",
            "the desired replica count is less than the minimum replica count",
        )
    else:
        put(
            world,
            conditions,
            "ScalingLimited",
            "False",
            "DesiredWithinRange",
            "the desired count is within the acceptable range",
        )


def put(world: World, conditions: dict[str, Json], kind: str, status: str, reason: str, message: str) -> None:
    old = conditions.get(kind)
    since = old["lastTransitionTime"] if old and old["status"] == status else world.text()
    conditions[kind] = {
        "type": kind,
        "status": status,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }


def write(world: World, autoscaler: Json, status: Json, conditions: dict[str, Json]) -> None:
    body = {**status, "conditions": list(conditions.values())}
    world.set_status(AUTOSCALERS, autoscaler, body)
