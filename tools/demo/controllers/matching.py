"""Label selectors as the specs of workloads, budgets and affinity terms write them."""

from typing import Any

Json = dict[str, Any]


def matches(selector: Json | None, labels: Json | None) -> bool:
    """metav1.LabelSelector: absent matches nothing, empty matches everything."""
    if selector is None:
        return False
    labels = labels or {}
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(requirement_holds(each, labels) for each in selector.get("matchExpressions") or [])


def requirement_holds(requirement: Json, labels: Json) -> bool:
    """One `{key, operator, values}`, of a label selector or of node affinity (Gt and Lt included)."""
    key, values = requirement["key"], requirement.get("values") or []
    present, value = key in labels, labels.get(key)
    match requirement["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return present
        case "DoesNotExist":
            return not present
        case "Gt":
            return present and int(str(value)) > int(values[0])
        case "Lt":
            return present and int(str(value)) < int(values[0])
    return False


def service_matches(selector: Json | None, labels: Json | None) -> bool:
    """spec.selector of a Service: plain pairs, and an empty one selects nothing."""
    return bool(selector) and all((labels or {}).get(key) == value for key, value in (selector or {}).items())
