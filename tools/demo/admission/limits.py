"""LimitRanger admission: defaults, minimums, maximums and ratios of a namespace's LimitRanges."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from tools.demo import quantity
from tools.demo.errors import Forbidden
from tools.demo.store import Resource, Store

Json = dict[str, Any]

LIMIT_RANGES = Resource("", "limitranges")
PODS = Resource("", "pods")
CLAIMS = Resource("", "persistentvolumeclaims")
NOTE = "kubernetes.io/limit-ranger"


def _items(store: Store, obj: Json, kind: str) -> Iterator[Json]:
    for limit_range in store.list(LIMIT_RANGES, obj["metadata"].get("namespace", "")):
        for item in (limit_range.get("spec") or {}).get("limits") or []:
            if item.get("type") == kind:
                yield item


def fill_in(store: Store, pod: Json) -> None:
    """Sets default requests and limits, and notes it in an annotation."""
    default: Json = {}
    request: Json = {}
    for item in _items(store, pod, "Container"):
        default.update(item.get("default") or {})
        request.update(item.get("defaultRequest") or {})
    notes: list[str] = []
    for key, word in (("containers", "container"), ("initContainers", "init container")):
        for container in pod["spec"].get(key) or []:
            resources = container.setdefault("resources", {})
            for side, defaults, name in (("requests", request, "request"), ("limits", default, "limit")):
                missing = [each for each in sorted(defaults) if each not in (resources.get(side) or {})]
                if missing:
                    added = {each: defaults[each] for each in missing}
                    resources[side] = {**(resources.get(side) or {}), **added}
                    notes.append(f"{', '.join(missing)} {name} for {word} {container.get('name', '')}")
    if notes:
        pod["metadata"].setdefault("annotations", {})[NOTE] = "LimitRanger plugin set: " + "; ".join(notes)


def check(store: Store, kind: Resource, obj: Json, operation: str) -> None:
    """Forbidden, with every broken bound."""
    if kind == PODS and operation == "CREATE":
        broken = _check_pod(store, obj)
    elif kind == CLAIMS:
        broken = _check_claim(store, obj)
    else:
        return
    if broken:
        why = broken[0] if len(broken) == 1 else f"[{', '.join(broken)}]"
        raise Forbidden(kind.group, kind.plural, obj["metadata"].get("name", ""), why)


def _check_pod(store: Store, pod: Json) -> list[str]:
    broken: list[str] = []
    containers = pod["spec"].get("containers") or []
    for item in _items(store, pod, "Container"):
        for container in [*containers, *(pod["spec"].get("initContainers") or [])]:
            broken += _broken(item, container.get("resources") or {})
    for item in _items(store, pod, "Pod"):
        broken += _broken(item, {side: _sums(containers, side) for side in ("requests", "limits")})
    return broken


def _sums(containers: list[Json], side: str) -> Json:
    """Totals over the containers, for resources that every container names."""
    amounts = [(container.get("resources") or {}).get(side) or {} for container in containers]
    names = set.intersection(*(set(each) for each in amounts)) if amounts else set()
    return {
        name: quantity.format_like(quantity.add(each[name] for each in amounts), str(amounts[0][name]))
        for name in names
    }


def _broken(item: Json, resources: Json) -> list[str]:
    requests, limits, kind = resources.get("requests") or {}, resources.get("limits") or {}, item["type"]
    broken = [
        _below(name, kind, bound, requests.get(name), limits.get(name))
        for name, bound in sorted((item.get("min") or {}).items())
    ]
    broken += [
        _above(name, kind, bound, requests.get(name), limits.get(name))
        for name, bound in sorted((item.get("max") or {}).items(), reverse=True)
    ]
    broken += [
        _ratio(name, kind, bound, requests.get(name), limits.get(name))
        for name, bound in sorted((item.get("maxLimitRequestRatio") or {}).items())
    ]
    return [each for each in broken if each]


def _amount(text: Any) -> Fraction | None:
    return None if text is None else quantity.parse(text)


def _below(name: str, kind: str, bound: str, request: Any, limit: Any) -> str:
    least, asked, most = quantity.parse(bound), _amount(request), _amount(limit)
    rule = f"minimum {name} usage per {kind} is {bound}"
    if asked is None:
        return f"{rule}.  No request is specified"
    if asked < least:
        return f"{rule}, but request is {request}"
    return f"{rule}, but limit is {limit}" if most is not None and most < least else ""


def _above(name: str, kind: str, bound: str, request: Any, limit: Any) -> str:
    most, asked, wanted = quantity.parse(bound), _amount(request), _amount(limit)
    rule = f"maximum {name} usage per {kind} is {bound}"
    if wanted is None:
        return f"{rule}.  No limit is specified"
    if wanted > most:
        return f"{rule}, but limit is {limit}"
    return f"{rule}, but request is {request}" if asked is not None and asked > most else ""


def _ratio(name: str, kind: str, bound: str, request: Any, limit: Any) -> str:
    asked, wanted = _amount(request), _amount(limit)
    rule = f"{name} max limit to request ratio per {kind} is {bound}"
    if not asked:
        return f"{rule}, but no request is specified or request is 0"
    if wanted is None:
        return f"{rule}, but no limit is specified or limit is 0"
    ratio = wanted / asked
    return f"{rule}, but provided ratio is {float(ratio):f}" if ratio > quantity.parse(bound) else ""


def _check_claim(store: Store, claim: Json) -> list[str]:
    asked = (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage")
    if asked is None:
        return []
    broken: list[str] = []
    for item in _items(store, claim, "PersistentVolumeClaim"):
        least, most = ((item.get(key) or {}).get("storage") for key in ("min", "max"))
        if least is not None and quantity.parse(asked) < quantity.parse(least):
            broken.append(f"minimum storage usage per PersistentVolumeClaim is {least}, but request is {asked}")
        if most is not None and quantity.parse(asked) > quantity.parse(most):
            broken.append(f"maximum storage usage per PersistentVolumeClaim is {most}, but request is {asked}")
    return broken
