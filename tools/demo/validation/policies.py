"""Rules of autoscalers, disruption budgets, limit ranges and quotas."""

from typing import Any

from tools.demo import quantity
from tools.demo.validation import names
from tools.demo.validation.causes import NOT_NEGATIVE, Cause, forbidden, invalid, one_of, required
from tools.demo.validation.selectors import check_selector
from tools.demo.validation.workloads import check_amount

Json = dict[str, Any]


def check_autoscaler(autoscaler: Json, old: Json | None) -> list[Cause]:
    spec = autoscaler.get("spec") or {}
    found: list[Cause] = []
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    if least is not None and least < 1:
        found.append(invalid("spec.minReplicas", least, "must be greater than or equal to 1"))
    if most < 1:
        found.append(required("spec.maxReplicas", "must be set and greater than 0"))
    if least is not None and most < least:
        found.append(invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"))
    target = spec.get("scaleTargetRef") or {}
    found += [required(f"spec.scaleTargetRef.{key}") for key in ("kind", "name") if not target.get(key)]
    if not target.get("apiVersion"):
        why = "apiVersion must specify API group"
        found.append(invalid("spec.scaleTargetRef.apiVersion", "", why))
    for index, metric in enumerate(spec.get("metrics") or []):
        found += _check_metric(metric, f"spec.metrics[{index}]")
    return found


METRICS = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}


def _check_metric(metric: Json, field: str) -> list[Cause]:
    kind = metric.get("type") or ""
    if not kind:
        return [required(f"{field}.type", "must specify a metric source type")]
    if kind not in METRICS:
        return one_of(f"{field}.type", kind, tuple(METRICS))
    source = metric.get(METRICS[kind])
    if not isinstance(source, dict):
        why = f"must populate information for the given metric source (only allowed when type is {kind})"
        return [required(f"{field}.{METRICS[kind]}", why)]
    found: list[Cause] = []
    if kind in ("Resource", "ContainerResource") and not source.get("name"):
        found.append(required(f"{field}.{METRICS[kind]}.name", "must specify a resource name"))
    target = source.get("target") or {}
    here = f"{field}.{METRICS[kind]}.target"
    if not target.get("type"):
        found.append(required(f"{here}.type", "must specify a metric target type"))
    else:
        found += one_of(f"{here}.type", target["type"], ("Utilization", "Value", "AverageValue"))
    utilization = target.get("averageUtilization")
    if utilization is not None and utilization < 1:
        found.append(invalid(f"{here}.averageUtilization", utilization, "must be greater than 0"))
    return found


def check_budget(budget: Json, old: Json | None) -> list[Cause]:
    spec = budget.get("spec") or {}
    found: list[Cause] = []
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if least is not None and most is not None:
        shown = {
            "MinAvailable": least,
            "Selector": spec.get("selector"),
            "MaxUnavailable": most,
            "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy"),
        }
        found.append(invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set"))
    found += check_amount(least, "spec.minAvailable") + check_amount(most, "spec.maxUnavailable")
    found += check_selector(spec.get("selector") or {}, "spec.selector")
    return found


def check_limit_range(limit_range: Json, old: Json | None) -> list[Cause]:
    found: list[Cause] = []
    seen: set[str] = set()
    for index, item in enumerate((limit_range.get("spec") or {}).get("limits") or []):
        here, kind = f"spec.limits[{index}]", item.get("type") or ""
        found += _check_limit_type(kind, f"{here}.type")
        if kind in seen:
            found.append(Cause("FieldValueDuplicate", f'Duplicate value: "{kind}"', f"{here}.type"))
        seen.add(kind)
        if kind == "Pod":
            for key in ("default", "defaultRequest"):
                if item.get(key):
                    found.append(forbidden(f"{here}.{key}", "may not be specified when `type` is 'Pod'"))
        resources = sorted(
            {name for key in ("min", "max", "default", "defaultRequest") for name in item.get(key) or {}}
        )
        for name in resources:
            found += _check_bounds(item, name, here)
    return found


LIMIT_TYPES = ("Container", "PersistentVolumeClaim", "Pod")


def _check_limit_type(kind: str, field: str) -> list[Cause]:
    found = [invalid(field, kind, why) for why in names.qualified(kind)]
    if not found and "/" not in kind and kind not in LIMIT_TYPES:
        found.append(invalid(field, kind, "must be a standard limit type or fully qualified"))
    return found


# (lower bound, upper bound, which of the two is quoted, words), in the order the server looks.
BOUNDS = (
    ("min", "max", "min", "min value {low} is greater than max value {high}"),
    ("min", "defaultRequest", "defaultRequest", "min value {low} is greater than default request value {high}"),
    ("defaultRequest", "max", "defaultRequest", "default request value {low} is greater than max value {high}"),
    (
        "defaultRequest",
        "default",
        "defaultRequest",
        "default request value {low} is greater than default limit value {high}",
    ),
    ("min", "default", "default", "min value {low} is greater than default value {high}"),
    ("default", "max", "default", "default value {low} is greater than max value {high}"),
)
QUOTED_FIRST = {("min", "default")}  # the server quotes the minimum here, under the default's name


def _check_bounds(item: Json, name: str, field: str) -> list[Cause]:
    found: list[Cause] = []
    for lower, upper, place, words in BOUNDS:
        low, high = (item.get(lower) or {}).get(name), (item.get(upper) or {}).get(name)
        if low is None or high is None or quantity.parse(low) <= quantity.parse(high):
            continue
        shown = low if (lower, upper) in QUOTED_FIRST else (item.get(place) or {}).get(name)
        found.append(invalid(f"{field}.{place}[{name}]", str(shown), words.format(low=low, high=high)))
    return found


COUNTS = (
    "pods",
    "services",
    "services.nodeports",
    "services.loadbalancers",
    "configmaps",
    "secrets",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
)


def check_quota(quota: Json, old: Json | None) -> list[Cause]:
    found: list[Cause] = []
    for name, amount in sorted(((quota.get("spec") or {}).get("hard") or {}).items()):
        here = f"spec.hard[{name}]"
        found += [invalid(here, name, why) for why in names.qualified(name)]
        if quantity.parse(amount) < 0:
            found.append(invalid(here, str(amount), NOT_NEGATIVE))
        if (name in COUNTS or name.startswith("count/")) and quantity.parse(amount).denominator != 1:
            found.append(invalid(here, str(amount), "must be an integer"))
    return found
