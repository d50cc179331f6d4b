"""Autoscalers that cannot scale, budgets that let nothing be moved, quotas that are used up."""

from collections.abc import Iterator

from tools import quantities
from tools.diagnosis.finding import Finding, Severity, Sign, Thing, count, listing, read, spec, status
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, condition, listed, template_of, thing_of
from tools.diagnosis.world import told as says
from tools.pods import Object, part, parts

TARGET = Sign("autoscaler-target", Severity.CRITICAL, "an autoscaler whose target does not exist")
METRICS = Sign(
    "autoscaler-metrics", Severity.WARNING, "an autoscaler without metrics, or whose target names no requests"
)
STOPPED = Sign("autoscaler-stopped", Severity.WARNING, "an autoscaler that cannot scale for another reason")
LARGEST = Sign("autoscaler-limit", Severity.NOTE, "an autoscaler that would like more copies than it may have")
BLOCKS = Sign("budget-blocks", Severity.WARNING, "a disruption budget that blocks every eviction")
APPLIES = Sign("budget-nobody", Severity.NOTE, "a disruption budget that fits no pod")
QUOTA = Sign("quota-full", Severity.NOTE, "a quota that is used up")
SIGNS = (TARGET, METRICS, STOPPED, LARGEST, BLOCKS, APPLIES, QUOTA)
_PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "ReplicaSet": "replicasets"}
_WHILE = 120.0


def examine(world: World, told: Told) -> Iterator[Finding]:
    for scaler in world.all("horizontalpodautoscalers"):
        found = _scaler(world, told, scaler)
        if found:
            yield found
    for budget in world.all("poddisruptionbudgets"):
        found = _budget(world, told, budget)
        if found:
            yield found
    for quota in world.all("resourcequotas"):
        yield from _quota(quota)


def _scaler(world: World, told: Told, scaler: Object) -> Finding | None:
    thing, aim = thing_of(scaler), part(part(scaler, "spec"), "scaleTargetRef")
    kind, name = str(aim.get("kind") or ""), str(aim.get("name") or "")
    plural = _PLURALS.get(kind, "")
    target = world.find(plural, name, thing.namespace)
    if plural and world.lacks(plural, name, thing.namespace):
        return TARGET.on(
            thing,
            f"scales {kind} {name}, which does not exist",
            "It does nothing.",
            spec(f"scaleTargetRef: {kind}/{name}"),
            fix="Name a workload that exists, or delete the autoscaler.",
            step=listing(plural, thing.namespace),
        )
    lacking = _without_requests(scaler, target) if target else []
    if lacking:
        return METRICS.on(
            thing,
            f"cannot work: {kind} {name} names no requests",
            "It measures use against what the containers request, and they request nothing.",
            spec(
                f"no {listed(sorted({what for _, what in lacking}))} request: {listed(sorted({c for c, _ in lacking}))}"
            ),
            fix="Give every container a request.",
            step=read(Thing(kind, name, thing.namespace)),
        )
    return _conditions(world, told, scaler, Thing(kind, name, thing.namespace))


def _conditions(world: World, told: Told, scaler: Object, target: Thing) -> Finding | None:
    thing, active, able = thing_of(scaler), condition(scaler, "ScalingActive"), condition(scaler, "AbleToScale")
    limited = condition(scaler, "ScalingLimited")
    if world.seconds_old(scaler) < _WHILE or told.blame([target], thing):
        return None
    if active.get("status") == "False" and active.get("reason") != "ScalingDisabled":
        return METRICS.on(
            thing,
            "gets no metrics",
            "It cannot tell how many copies are needed, so it changes nothing.",
            status(says(active)),
            fix="Is the metrics server running, and do its pods run?",
            step=listing("apiservices"),
        )
    if able.get("status") == "False":
        return STOPPED.on(
            thing, "cannot scale", "It changes nothing.", status(says(able)), fix="Mend what the message names."
        )
    if limited.get("status") == "True" and limited.get("reason") == "TooManyReplicas":
        return LARGEST.on(
            thing,
            "would like more copies than it may have",
            f"{target.words} is as large as the autoscaler may make it, and still busy.",
            status(says(limited)),
            fix="Allow more copies, or make each do more.",
            step=read(thing),
        )
    return None


def _without_requests(scaler: Object, target: Object) -> list[tuple[str, str]]:
    """(container, resource) for every request that is missing though its use shall be measured."""
    metrics = [part(each, "resource") for each in parts(part(scaler, "spec"), "metrics")]
    wanted = [str(each.get("name")) for each in metrics if part(each, "target").get("type") == "Utilization"]
    if part(scaler, "spec").get("targetCPUUtilizationPercentage"):
        wanted.append("cpu")
    return [
        (str(container.get("name")), resource)
        for resource in wanted
        for container in parts(part(template_of(target), "spec"), "containers")
        if not any(part(part(container, "resources"), key).get(resource) for key in ("requests", "limits"))
    ]


def _budget(world: World, told: Told, budget: Object) -> Finding | None:
    thing, body, said = thing_of(budget), part(budget, "spec"), part(budget, "status")
    expected, allowed = int(said.get("expectedPods") or 0), int(said.get("disruptionsAllowed") or 0)
    if not world.knows("pods") or world.seconds_old(budget) < _WHILE / 4:
        return None
    words = ", ".join(f"{key}: {body[key]}" for key in ("minAvailable", "maxUnavailable") if key in body)
    fitting = world.selected(thing.namespace, body.get("selector"))
    if not fitting:
        return APPLIES.on(
            thing,
            "protects nothing",
            "Its selector fits no pod.",
            spec(f"selector: {body.get('selector')}"),
            fix="Correct the selector, or delete the budget.",
            step=read(thing),
        )
    healthy, desired = int(said.get("currentHealthy") or 0), int(said.get("desiredHealthy") or 0)
    if allowed or not expected or healthy < desired:
        return None  # of pods that are not healthy others tell
    if desired < expected:
        return None
    return BLOCKS.on(
        thing,
        "blocks every eviction",
        "No pod of it may be moved, so a node that has one cannot be drained.",
        spec(words),
        count(f"{healthy} of {expected} pods healthy, {desired} must be"),
        fix="Allow at least one to be away, or run one copy more than it asks for.",
        step=read(thing),
    )


def _quota(quota: Object) -> Iterator[Finding]:
    thing = thing_of(quota)
    hard, used = part(part(quota, "status"), "hard"), part(part(quota, "status"), "used")
    full = [key for key in sorted(hard) if _is_full(hard[key], used.get(key))]
    if full:
        yield QUOTA.on(
            thing,
            "is used up",
            "The next object that needs more of it is refused.",
            count(listed(f"{key}: {used[key]} of {hard[key]}" for key in full)),
            fix="Free some, or have it raised.",
            step=listing("resourcequotas", thing.namespace),
        )


def _is_full(most: object, used: object) -> bool:
    whole, taken = quantities.number(most), quantities.number(used)
    return whole is not None and taken is not None and 0 < whole <= taken
