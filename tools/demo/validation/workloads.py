"""Rules of Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs."""

import re
from typing import Any

from tools.demo.internal_form import pod_template
from tools.demo.validation.causes import (
    IMMUTABLE,
    Cause,
    forbidden,
    invalid,
    not_negative,
    one_of,
    required,
    unsupported,
)
from tools.demo.validation.cron import schedule_problem
from tools.demo.validation.pods import check_template
from tools.demo.validation.selectors import check_selector, matches

Json = dict[str, Any]

MISMATCH = "`selector` does not match template `labels`"
STATEFUL_CHANGES = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
STATEFUL_MUTABLE = {
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
}


def _labels(spec: Json) -> Json:
    return ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}


def _check_selected_template(spec: Json, kind: str) -> list[Cause]:
    """A selector, the template it has to match, and the template itself, which a broken selector leaves unchecked."""
    selector, template = spec.get("selector"), spec.get("template") or {}
    found = _check_own_selector(selector, kind)
    if selector is not None and check_selector(selector, "spec.selector"):
        return [*found, invalid("spec.selector", selector, "invalid label selector")]
    return [*found, *_check_mismatch(spec), *check_template(template, "spec.template"), *_check_lasting(template, kind)]


def _check_own_selector(selector: Json | None, kind: str) -> list[Cause]:
    if selector is None:
        return [required("spec.selector")]
    found = check_selector(selector, "spec.selector")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        found.append(invalid("spec.selector", selector, f"empty selector is invalid for {kind}"))
    return found


def _check_mismatch(spec: Json) -> list[Cause]:
    labels = _labels(spec)
    if matches(spec.get("selector"), labels):
        return []
    return [invalid("spec.template.metadata.labels", labels or None, MISMATCH)]


def _check_lasting(template: Json, kind: str) -> list[Cause]:
    """Pods that are replaced when they end have to be restarted and may not be limited in time."""
    found: list[Cause] = []
    policy = (template.get("spec") or {}).get("restartPolicy")
    if policy in ("OnFailure", "Never"):
        found.append(unsupported("spec.template.spec.restartPolicy", policy, ("Always",)))
    if (template.get("spec") or {}).get("activeDeadlineSeconds") is not None:
        why = f"activeDeadlineSeconds in {kind} is not Supported"
        found.append(forbidden("spec.template.spec.activeDeadlineSeconds", why))
    return found


def _selector_change(spec: Json, old: Json | None) -> list[Cause]:
    if old is None or spec.get("selector") == (old.get("spec") or {}).get("selector"):
        return []
    return [invalid("spec.selector", spec.get("selector"), IMMUTABLE)]


def check_deployment(deployment: Json, old: Json | None) -> list[Cause]:
    spec = deployment.get("spec") or {}
    found = not_negative("spec.replicas", spec.get("replicas"))
    found += _check_selected_template(spec, "deployment")
    found += _check_strategy(spec.get("strategy") or {})
    found += not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    found += not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    deadline = spec.get("progressDeadlineSeconds")
    found += not_negative("spec.progressDeadlineSeconds", deadline)
    if isinstance(deadline, int) and deadline <= (spec.get("minReadySeconds") or 0):
        found.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return [*found, *_selector_change(spec, old), *_check_counts(deployment.get("status") or {}, old)]


def _check_counts(status: Json, old: Json | None) -> list[Cause]:
    """Status counts that contradict each other; only updates carry a status."""
    if old is None or status == old.get("status"):
        return []
    found: list[Cause] = []
    total = status.get("replicas") or 0
    for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"):
        found += not_negative(f"status.{key}", status.get(key))
    for key in ("updatedReplicas", "readyReplicas", "availableReplicas"):
        if (status.get(key) or 0) > total:
            found.append(invalid(f"status.{key}", status[key], "cannot be greater than status.replicas"))
    available = status.get("availableReplicas") or 0
    if available > max(status.get("readyReplicas") or 0, 0):
        found.append(invalid("status.availableReplicas", available, "cannot be greater than readyReplicas"))
    return found


def _check_strategy(strategy: Json) -> list[Cause]:
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate":
        why = "may not be specified when strategy `type` is 'Recreate'"
        return [] if rolling is None else [forbidden("spec.strategy.rollingUpdate", why)]
    if strategy.get("type") != "RollingUpdate":
        shown = {"Type": strategy.get("type") or "", "RollingUpdate": rolling}
        return [unsupported("spec.strategy", shown, ("Recreate", "RollingUpdate"))]
    field, found = "spec.strategy.rollingUpdate", []
    for key in ("maxUnavailable", "maxSurge"):
        found += check_amount((rolling or {}).get(key), f"{field}.{key}")
    unavailable = (rolling or {}).get("maxUnavailable")
    if unavailable in (0, "0%") and (rolling or {}).get("maxSurge") in (0, "0%"):
        found.append(invalid(f"{field}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    return found


def check_amount(value: Any, field: str) -> list[Cause]:
    """A count or a percentage."""
    if isinstance(value, str):
        if re.fullmatch(r"\d+%", value) is None:
            form = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
            return [invalid(field, value, f"{form}regex used for validation is '[0-9]+%')")]
        return []
    return not_negative(field, value)


def check_replica_set(replica_set: Json, old: Json | None) -> list[Cause]:
    spec = replica_set.get("spec") or {}
    found = not_negative("spec.replicas", spec.get("replicas"))
    found += not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    return [*found, *_check_selected_template(spec, "replicaset"), *_selector_change(spec, old)]


def check_daemon_set(daemon_set: Json, old: Json | None) -> list[Cause]:
    spec = daemon_set.get("spec") or {}
    selector, template = spec.get("selector"), spec.get("template") or {}
    found = check_selector(selector or {}, "spec.selector")
    if not found:
        found += _check_mismatch(spec)
    if selector == {}:
        found.append(invalid("spec.selector", selector, "empty selector is invalid for daemonset"))
    found += check_template(template, "spec.template")
    found += _check_lasting(template, "DaemonSet")
    found += not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    kinds = ("RollingUpdate", "OnDelete")
    found += one_of("spec.updateStrategy.type", (spec.get("updateStrategy") or {}).get("type"), kinds, needed=True)
    found += not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    return [*found, *_selector_change(spec, old)]


def _with_claims(spec: Json) -> Json:
    """The claim templates count as volumes of the pod template."""
    template = spec.get("template") or {}
    pod = template.get("spec") or {}
    names = [(claim.get("metadata") or {}).get("name") for claim in spec.get("volumeClaimTemplates") or []]
    own = pod.get("volumes") or []
    taken = {volume.get("name") for volume in own}
    volumes = [*own, *({"name": name, "emptyDir": {}} for name in names if name and name not in taken)]
    return {**spec, "template": {**template, "spec": {**pod, "volumes": volumes}}} if names else spec


def check_stateful_set(stateful_set: Json, old: Json | None) -> list[Cause]:
    spec = stateful_set.get("spec") or {}
    found = one_of(
        "spec.podManagementPolicy", spec.get("podManagementPolicy"), ("OrderedReady", "Parallel"), needed=True
    )
    kinds = ("RollingUpdate", "OnDelete")
    found += one_of("spec.updateStrategy.type", (spec.get("updateStrategy") or {}).get("type"), kinds, needed=True)
    found += not_negative("spec.replicas", spec.get("replicas"))
    found += not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    found += _check_selected_template(_with_claims(spec), "statefulset")
    if old is not None:
        before = old.get("spec") or {}
        changed = {key for key in set(spec) | set(before) if spec.get(key) != before.get(key)}
        if changed - STATEFUL_MUTABLE:
            found.append(forbidden("spec", STATEFUL_CHANGES))
    return found


def _check_job_spec(spec: Json, field: str) -> list[Cause]:
    found: list[Cause] = []
    for key in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        found += not_negative(f"{field}.{key}", spec.get(key))
    found += one_of(f"{field}.completionMode", spec.get("completionMode"), ("NonIndexed", "Indexed"))
    if spec.get("completionMode") == "Indexed" and spec.get("completions") is None:
        found.append(required(f"{field}.completions", "when completion mode is Indexed"))
    template = spec.get("template") or {}
    found += check_template(template, f"{field}.template")
    policy = (template.get("spec") or {}).get("restartPolicy")
    place = f"{field}.template.spec.restartPolicy"
    if policy == "Always":
        found.append(required(place, 'valid values: "OnFailure", "Never"'))
    elif policy not in ("OnFailure", "Never"):
        found.append(unsupported(place, policy, ("OnFailure", "Never")))
    return found


def check_job(job: Json, old: Json | None) -> list[Cause]:
    spec = job.get("spec") or {}
    found = _check_job_spec(spec, "spec")
    if old is None:
        return found
    before = old.get("spec") or {}
    for key in ("completions", "selector", "template", "completionMode", "podFailurePolicy", "backoffLimitPerIndex"):
        if spec.get(key) != before.get(key):
            shown = pod_template(spec.get(key) or {}) if key == "template" else spec.get(key)
            found.append(invalid(f"spec.{key}", shown, IMMUTABLE))
    return found


def check_cron_job(cron_job: Json, old: Json | None) -> list[Cause]:
    spec = cron_job.get("spec") or {}
    found: list[Cause] = []
    name = (cron_job.get("metadata") or {}).get("name") or ""
    if old is None and len(name) > 52:
        found.append(invalid("metadata.name", name, "must be no more than 52 characters"))
    schedule = spec.get("schedule") or ""
    if not schedule:
        found.append(required("spec.schedule"))
    elif problem := schedule_problem(schedule):
        found.append(invalid("spec.schedule", schedule, problem))
    found += not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    policies = ("Allow", "Forbid", "Replace")
    found += one_of("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), policies, needed=True)
    found += _check_job_spec((spec.get("jobTemplate") or {}).get("spec") or {}, "spec.jobTemplate.spec")
    for key in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        found += not_negative(f"spec.{key}", spec.get(key))
    return found
