"""Deployments, StatefulSets, DaemonSets and ReplicaSets that have too few pods while their pods say nothing."""

import re
from collections.abc import Iterator

from tools.diagnosis.case import responsible
from tools.diagnosis.finding import (
    Evidence,
    Finding,
    Severity,
    Sign,
    Step,
    Thing,
    count,
    event,
    listing,
    patch,
    spec,
    status,
)
from tools.diagnosis.told import Told
from tools.diagnosis.world import (
    World,
    condition,
    fits,
    labels_of,
    name_of,
    space_of,
    template_of,
    thing_of,
    written,
)
from tools.diagnosis.world import (
    told as says,
)
from tools.pods import Object, part, parts

QUOTA = Sign("quota-exceeded", Severity.CRITICAL, "pods that a quota refuses")
LIMITS = Sign("limit-range", Severity.CRITICAL, "pods that a LimitRange refuses")
REFUSED = Sign(
    "pods-refused", Severity.CRITICAL, "pods that the cluster refuses: pod security, a webhook, a missing account"
)
STUCK = Sign("rollout-stuck", Severity.CRITICAL, "a rollout that has made no progress within its deadline")
SHORT = Sign("too-few-pods", Severity.WARNING, "a workload with fewer ready pods than it wants, for a while")
PAUSED = Sign("rollout-paused", Severity.NOTE, "a Deployment whose rollout is paused while its template changed")
ZERO = Sign("scaled-to-zero", Severity.NOTE, "a workload scaled to zero")
NO_NODES = Sign("daemonset-nowhere", Severity.WARNING, "a DaemonSet that fits no node, or runs where it should not")
GOVERNOR = Sign("statefulset-service", Severity.WARNING, "a StatefulSet whose governing Service does not exist")
OVERLAP = Sign("selectors-overlap", Severity.WARNING, "a workload whose selector also takes the pods of another")
SIGNS = (QUOTA, LIMITS, REFUSED, STUCK, SHORT, PAUSED, ZERO, NO_NODES, GOVERNOR, OVERLAP)
KINDS = ("deployments", "statefulsets", "daemonsets", "replicasets")
_WHILE = 120.0
_LIMIT_RANGE = re.compile(r"(?:maximum|minimum) \S+ usage per|(?:cpu|memory|storage) max limit to request ratio", re.I)


def examine(world: World, told: Told) -> Iterator[Finding]:
    for kind in KINDS:
        for workload in world.all(kind):
            owner = responsible(world, workload)
            if part(workload, "metadata").get("deletionTimestamp"):
                continue
            if kind == "replicasets" and owner.kind != "ReplicaSet":
                yield from _refused(world, workload, owner)
            else:
                yield from _one(world, told, workload, owner)
    yield from _overlapping(world)


def _one(world: World, told: Told, workload: Object, thing: Thing) -> Iterator[Finding]:
    refused = list(_refused(world, workload, thing))
    refused += [f for made in world.owned("replicasets", workload) for f in _refused(world, made, thing)]
    yield from refused[:1]
    wanted, ready = replicas(workload)
    if thing.kind == "DaemonSet":
        yield from _daemon(workload, thing)
    elif wanted == 0:
        yield _zero(world, workload, thing)
    if ready < wanted and not refused and not told.about(thing):
        yield from _short(world, workload, thing, wanted, ready)
    if thing.kind == "StatefulSet":
        yield from _governor(world, workload, thing)
    if part(workload, "spec").get("paused"):
        yield PAUSED.on(
            thing,
            "is paused",
            "Changes of its template are not rolled out.",
            spec("paused: true"),
            fix="Resume it when the changes are complete.",
            step=patch(thing),
        )


def replicas(workload: Object) -> tuple[int, int]:
    """Pods wanted and ready."""
    body, said = part(workload, "spec"), part(workload, "status")
    if workload.get("kind") == "DaemonSet":
        return int(said.get("desiredNumberScheduled") or 0), int(said.get("numberReady") or 0)
    return 1 if body.get("replicas") is None else int(body["replicas"]), int(said.get("readyReplicas") or 0)


def _refused(world: World, maker: Object, thing: Thing) -> Iterator[Finding]:
    """The cluster did not let the controller make pods."""
    wanted, _ = replicas(maker)
    if int(part(maker, "status").get("replicas") or 0) >= wanted and maker.get("kind") != "DaemonSet":
        return
    failure = condition(maker, "ReplicaFailure")
    said = str(failure.get("message") or "") if failure.get("status") == "True" else ""
    said = said or (world.said(thing_of(maker), "FailedCreate") if wanted else "")
    if said:
        yield refusal(thing, said)


def refusal(thing: Thing, said: str) -> Finding:
    """Why the API server did not take a pod."""
    low, place = said.lower(), thing.namespace
    if "exceeded quota" in low or "failed quota" in low:
        return QUOTA.on(
            thing,
            "may not create its pods: a quota is used up",
            f"A quota of {place} stands against the pods that are missing.",
            event(said),
            fix="Ask for less, run fewer, or have the quota raised.",
            step=listing("resourcequotas", place),
        )
    if _LIMIT_RANGE.search(said):
        return LIMITS.on(
            thing,
            "may not create its pods: they ask for more or less than a LimitRange allows",
            f"A LimitRange of {place} stands against the requests or limits of its containers.",
            event(said),
            fix="Set requests and limits within the range, or have the range changed.",
            step=listing("limitranges", place),
        )
    return REFUSED.on(
        thing,
        "may not create its pods",
        f"The cluster refuses to create the pods: {_by_whom(low)} stands against it.",
        event(said),
        fix="Mend what the message names.",
        step=patch(thing),
    )


def _by_whom(low: str) -> str:
    if "podsecurity" in low:
        return "the pod security of the namespace"
    if "webhook" in low:
        return "an admission webhook"
    if "serviceaccount" in low:
        return "a service account that does not exist"
    return "a policy"


def _short(world: World, workload: Object, thing: Thing, wanted: int, ready: int) -> Iterator[Finding]:
    progress = condition(workload, "Progressing")
    here = count(f"{ready} of {wanted} pods ready")
    if progress.get("reason") == "ProgressDeadlineExceeded":
        yield STUCK.on(
            thing,
            "is stuck in its rollout",
            "The new version has not become ready within the time it was given.",
            here,
            status(says(progress)),
            fix="See why its newest pods are not ready, or go back to the version before.",
            step=Step("k8s_rollout_status", {"kind": "deployment", "name": thing.name, "namespace": thing.namespace}),
        )
    elif world.seconds_since(_changed(workload)) > _WHILE:
        yield SHORT.on(
            thing,
            f"has {ready} of {wanted} pods ready",
            "Pods are missing or not ready, and nothing says why.",
            here,
            fix="Look at its pods and events.",
            step=Step("k8s_describe", {"kind": thing.kind, "name": thing.name, "namespace": thing.namespace}),
        )


def _changed(workload: Object) -> object:
    """When its state changed last, as far as it says."""
    stamps = [
        c.get("lastUpdateTime") or c.get("lastTransitionTime") for c in parts(part(workload, "status"), "conditions")
    ]
    return max((str(stamp) for stamp in stamps if stamp), default=part(workload, "metadata").get("creationTimestamp"))


def _zero(world: World, workload: Object, thing: Thing) -> Finding:
    labels = labels_of(template_of(workload))
    waiting = [name_of(service) for service in world.within("services", thing.namespace) if _leads_to(service, labels)]
    evidence: list[Evidence] = [spec("replicas: 0")]
    cause = "No pod of it runs, and none will."
    if waiting:
        cause = f"No pod of it runs, and Service {waiting[0]} leads to it: whoever calls gets no answer."
    return ZERO.on(
        thing,
        "is scaled to zero",
        cause,
        *evidence,
        fix="If that was not meant, scale it up.",
        step=Step("k8s_scale", {"kind": thing.kind, "name": thing.name, "namespace": thing.namespace, "replicas": 1}),
    )


def _leads_to(service: Object, labels: object) -> bool:
    selector = part(part(service, "spec"), "selector")
    return bool(selector) and isinstance(labels, dict) and fits(labels, {"matchLabels": selector})


def _daemon(workload: Object, thing: Thing) -> Iterator[Finding]:
    said = part(workload, "status")
    wrong = int(said.get("numberMisscheduled") or 0)
    chosen = part(part(template_of(workload), "spec"), "nodeSelector")
    if said.get("observedGeneration") and not said.get("desiredNumberScheduled"):
        yield NO_NODES.on(
            thing,
            "runs on no node",
            "No node fits its node selector and tolerations.",
            *([spec(f"nodeSelector: {written(chosen)}")] if chosen else []),
            fix="Correct the node selector, or label the nodes.",
            step=listing("nodes"),
        )
    elif wrong:
        yield NO_NODES.on(
            thing,
            "runs on nodes where it should not",
            "Pods of it are on nodes that do not fit it any more.",
            count(f"numberMisscheduled: {wrong}"),
            fix="Look at taints and labels of the nodes.",
            step=listing("nodes"),
        )


def _governor(world: World, workload: Object, thing: Thing) -> Iterator[Finding]:
    name = str(part(workload, "spec").get("serviceName") or "")
    if name and world.lacks("services", name, thing.namespace):
        yield GOVERNOR.on(
            thing,
            f"names the Service {name}, which does not exist",
            "Its pods get no stable names in DNS without it.",
            spec(f"serviceName: {name}"),
            fix="Create a headless Service of that name.",
            step=listing("services", thing.namespace),
        )


def _overlapping(world: World) -> Iterator[Finding]:
    every = [workload for kind in KINDS[:3] for workload in world.all(kind)]
    by_label: dict[tuple[str, str, str], list[Object]] = {}
    for workload in every:
        for key, value in labels_of(template_of(workload)).items():
            by_label.setdefault((space_of(workload), str(key), str(value)), []).append(workload)
    for workload in every:
        selector = part(part(workload, "spec"), "selector")
        pairs = [(space_of(workload), str(k), str(v)) for k, v in part(selector, "matchLabels").items()]
        mates = by_label.get(pairs[0], []) if pairs else []
        other = next((m for m in mates if m is not workload and fits(labels_of(template_of(m)), selector)), None)
        if other is not None:
            yield OVERLAP.on(
                thing_of(workload),
                f"has a selector that also takes the pods of {other.get('kind')} {name_of(other)}",
                "Two controllers with overlapping selectors fight over pods or count the wrong ones.",
                spec(f"selector: {written(part(selector, 'matchLabels'))}"),
                fix="A selector cannot be changed: delete the workload and create it with labels of its own.",
            )
