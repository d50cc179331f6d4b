"""Rules of label selectors, and whether one matches a set of labels."""

from typing import Any

from tools.demo.validation import names
from tools.demo.validation.causes import Cause, forbidden, invalid, required

Json = dict[str, Any]


def check_selector(selector: Json, field: str) -> list[Cause]:
    found: list[Cause] = []
    for key, value in sorted((selector.get("matchLabels") or {}).items()):
        found += [invalid(f"{field}.matchLabels", key, why) for why in names.qualified(key)]
        found += [invalid(f"{field}.matchLabels", value, why) for why in names.label_value(value)]
    for index, rule in enumerate(selector.get("matchExpressions") or []):
        here, operator, values = f"{field}.matchExpressions[{index}]", rule.get("operator") or "", rule.get("values")
        if operator in ("In", "NotIn"):
            if not values:
                found.append(required(f"{here}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                found.append(forbidden(f"{here}.values", why))
        else:
            found.append(invalid(f"{here}.operator", operator, "not a valid selector operator"))
        found += [invalid(f"{here}.key", rule.get("key") or "", why) for why in names.qualified(rule.get("key") or "")]
    return found


def matches(selector: Json | None, labels: Json) -> bool:
    """Nothing matches an absent selector, everything an empty one."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_meets(rule, labels) for rule in selector.get("matchExpressions") or [])


def _meets(rule: Json, labels: Json) -> bool:
    key, operator, values = rule.get("key", ""), rule.get("operator"), rule.get("values") or []
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    return (key in labels) == (operator == "Exists")
