"""Whether labels fit a selector as objects write it (`meta/v1 LabelSelector`). Pure."""

from collections.abc import Mapping
from typing import Any


def fits(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """An empty selector fits everything."""
    wanted, rules = selector.get("matchLabels") or {}, selector.get("matchExpressions") or []
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(rule, labels) for rule in rules
    )


def _holds(rule: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    value, values = labels.get(str(rule.get("key"))), rule.get("values") or []
    match rule.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False
