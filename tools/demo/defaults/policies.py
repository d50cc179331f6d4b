"""Defaults of autoscalers, limit ranges, priority classes and admission policies."""

from typing import Any

Json = dict[str, Any]

SCALE_UP = {
    "selectPolicy": "Max",
    "stabilizationWindowSeconds": 0,
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
SCALE_DOWN = {"selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}


def default_autoscaler(autoscaler: Json) -> None:
    spec = autoscaler.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if autoscaler.get("apiVersion") == "autoscaling/v1":
        return
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if isinstance(behavior, dict):
        for key, rules in (("scaleUp", SCALE_UP), ("scaleDown", SCALE_DOWN)):
            behavior[key] = {**_copied(rules), **(behavior.get(key) or {})}


def _copied(rules: Json) -> Json:
    policies = [dict(policy) for policy in rules["policies"]]
    return {**rules, "policies": policies}


def default_limit_range(limit_range: Json) -> None:
    for item in (limit_range.get("spec") or {}).get("limits") or []:
        if item.get("type") != "Container":
            continue
        default = {**(item.get("max") or {}), **(item.get("default") or {})}
        if default:
            item["default"] = default
        request = {**(item.get("min") or {}), **default, **(item.get("defaultRequest") or {})}
        if request:
            item["defaultRequest"] = request


def default_priority_class(priority_class: Json) -> None:
    priority_class.setdefault("value", 0)
    priority_class.setdefault("preemptionPolicy", "PreemptLowerPriority")


def default_admission_policy(policy: Json) -> None:
    spec = policy.setdefault("spec", {})
    if not spec.get("failurePolicy"):
        spec["failurePolicy"] = "Fail"
    if isinstance(spec.get("matchConstraints"), dict):
        _default_match(spec["matchConstraints"])


def default_admission_binding(binding: Json) -> None:
    match = (binding.get("spec") or {}).get("matchResources")
    if isinstance(match, dict):
        _default_match(match)


def _default_match(match: Json) -> None:
    match.setdefault("matchPolicy", "Equivalent")
    match.setdefault("namespaceSelector", {})
    match.setdefault("objectSelector", {})
    for rule in [*(match.get("resourceRules") or []), *(match.get("excludeResourceRules") or [])]:
        rule.setdefault("scope", "*")
