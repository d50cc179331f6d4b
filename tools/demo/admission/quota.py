"""ResourceQuota admission: no more of anything than the namespace's quotas allow."""

from fractions import Fraction
from typing import Any

from tools.demo import quantity
from tools.demo.errors import Forbidden, qualified
from tools.demo.store import Resource, Store

Json = dict[str, Any]

QUOTAS = Resource("", "resourcequotas")
PODS = Resource("", "pods")
SERVICES = Resource("", "services")
CLAIMS = Resource("", "persistentvolumeclaims")
COUNTED = (
    "pods",
    "services",
    "configmaps",
    "secrets",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
)
COMPUTE = ("cpu", "memory", "ephemeral-storage")
CLASS_KEY = ".storageclass.storage.k8s.io/"

Usage = dict[str, Fraction]


def check(store: Store, kind: Resource, obj: Json, old: Json | None) -> None:
    """Forbidden for an object that would use more than is left, or that leaves out what a quota counts."""
    namespace = (obj.get("metadata") or {}).get("namespace", "")
    quotas = [each for each in store.list(QUOTAS, namespace) if _in_scope(each, kind, obj)] if namespace else []
    if not quotas:
        return
    asked = usage(kind, obj)
    for key, amount in (usage(kind, old) if old is not None else {}).items():
        asked[key] = asked.get(key, Fraction(0)) - amount
    for quota in quotas:
        _check_quota(store, kind, obj, quota, asked, old is None)


def _check_quota(store: Store, kind: Resource, obj: Json, quota: Json, asked: Usage, is_new: bool) -> None:
    hard = (quota.get("spec") or {}).get("hard") or {}
    meta, name = obj["metadata"], quota["metadata"]["name"]
    if kind == PODS and is_new and (missing := _unspecified(obj, hard)):
        raise Forbidden(kind.group, kind.plural, meta.get("name", ""), f"failed quota: {name}: must specify {missing}")
    relevant = sorted(key for key in hard if asked.get(key, 0) > 0 or (is_new and key in asked))
    if not relevant:
        return
    used = used_in(store, kind, meta["namespace"], quota)
    over = [key for key in relevant if asked[key] > 0 and used.get(key, 0) + asked[key] > quantity.parse(hard[key])]
    if over:
        columns = (
            ("requested", {key: _written(asked[key], hard[key]) for key in over}),
            ("used", {key: _written(used.get(key, Fraction(0)), hard[key]) for key in over}),
            ("limited", {key: str(hard[key]) for key in over}),
        )
        shown = ", ".join(f"{word}: " + ",".join(f"{key}={each[key]}" for key in over) for word, each in columns)
        raise Forbidden(kind.group, kind.plural, meta.get("name", ""), f"exceeded quota: {name}, {shown}")


def _written(amount: Fraction, like: Any) -> str:
    binary = amount.denominator == 1 and amount and amount % 1024 == 0
    return quantity.format_bytes(amount) if binary else quantity.format_like(amount, str(like))


def _unspecified(pod: Json, hard: Json) -> str:
    """Which containers leave out a compute resource that the quota limits."""
    missing: list[str] = []
    containers = [*(pod["spec"].get("containers") or []), *(pod["spec"].get("initContainers") or [])]
    for key in sorted(hard):
        side, _, name = key.rpartition(".")
        if name not in COMPUTE or side not in ("", "requests", "limits"):
            continue
        bare = [
            str(container.get("name", ""))
            for container in containers
            if name not in ((container.get("resources") or {}).get(side or "requests") or {})
        ]
        if bare:
            missing.append(f"{key} for: {','.join(sorted(bare))}")
    return "; ".join(missing)


def used_in(store: Store, kind: Resource, namespace: str, quota: Json) -> Usage:
    """What the namespace's objects of this kind use, as this quota counts."""
    total: Usage = {}
    for each in store.list(kind, namespace):
        if kind == PODS and (each.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            continue
        if not _in_scope(quota, kind, each):
            continue
        for key, amount in usage(kind, each).items():
            total[key] = total.get(key, Fraction(0)) + amount
    return total


def usage(kind: Resource, obj: Json) -> Usage:
    """What one object uses, under every key that a quota may name."""
    found: Usage = {f"count/{qualified(kind.group, kind.plural)}": Fraction(1)}
    if not kind.group and kind.plural in COUNTED:
        found[kind.plural] = Fraction(1)
    if kind == PODS:
        found.update(_pod_usage(obj))
    elif kind == SERVICES:
        spec = obj.get("spec") or {}
        exposed = spec.get("type") in ("NodePort", "LoadBalancer")
        found["services.nodeports"] = Fraction(len(spec.get("ports") or []) if exposed else 0)
        found["services.loadbalancers"] = Fraction(spec.get("type") == "LoadBalancer")
    elif kind == CLAIMS:
        spec = obj.get("spec") or {}
        storage = quantity.parse(((spec.get("resources") or {}).get("requests") or {}).get("storage") or 0)
        found["requests.storage"] = storage
        if spec.get("storageClassName"):
            found[f"{spec['storageClassName']}{CLASS_KEY}requests.storage"] = storage
            found[f"{spec['storageClassName']}{CLASS_KEY}persistentvolumeclaims"] = Fraction(1)
    return found


def _pod_usage(pod: Json) -> Usage:
    """Containers add up; an init container counts when it alone needs more."""
    spec = pod.get("spec") or {}
    found: Usage = {}
    for side in ("requests", "limits"):
        totals: Usage = {}
        for container in spec.get("containers") or []:
            for name, amount in ((container.get("resources") or {}).get(side) or {}).items():
                totals[name] = totals.get(name, Fraction(0)) + quantity.parse(amount)
        for container in spec.get("initContainers") or []:
            for name, amount in ((container.get("resources") or {}).get(side) or {}).items():
                totals[name] = max(totals.get(name, Fraction(0)), quantity.parse(amount))
        for name, total in totals.items():
            found[f"{side}.{name}"] = total
            if side == "requests" and name in COMPUTE:
                found[name] = total
    return found


def _in_scope(quota: Json, kind: Resource, obj: Json) -> bool:
    scopes = (quota.get("spec") or {}).get("scopes") or []
    if not scopes:
        return True
    if kind != PODS:
        return False
    spec = obj.get("spec") or {}
    best_effort = not any(
        (each.get("resources") or {}).get(side)
        for each in spec.get("containers") or []
        for side in ("limits", "requests")
    )
    terminating = spec.get("activeDeadlineSeconds") is not None
    facts = {
        "BestEffort": best_effort,
        "NotBestEffort": not best_effort,
        "Terminating": terminating,
        "NotTerminating": not terminating,
    }
    return all(facts.get(scope, False) for scope in scopes)
