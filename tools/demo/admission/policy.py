"""ValidatingAdmissionPolicy: a cluster's own rules, written in CEL."""

from typing import Any

from tools.demo import cel
from tools.demo.errors import ApiError, qualified
from tools.demo.store import Resource, Store
from tools.demo.validation.selectors import matches

Json = dict[str, Any]

GROUP = "admissionregistration.k8s.io"
POLICIES = Resource(GROUP, "validatingadmissionpolicies")
BINDINGS = Resource(GROUP, "validatingadmissionpolicybindings")
NAMESPACES = Resource("", "namespaces")
CODES = {"Unauthorized": 401, "Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413}


def check(store: Store, kind: Resource, obj: Json, old: Json | None, operation: str) -> None:
    """ApiError (422 unless the policy says otherwise) for the first bound policy that refuses the object."""
    if kind.group == GROUP:
        return
    for binding in store.list(BINDINGS):
        spec = binding.get("spec") or {}
        policy = store.get(POLICIES, "", spec.get("policyName", ""))
        if policy is None or "Deny" not in (spec.get("validationActions") or []):
            continue
        rules = (policy.get("spec") or {}).get("matchConstraints") or {}
        if not _matches(store, rules, kind, obj, operation) or not _selected(store, spec.get("matchResources"), obj):
            continue
        _judge(store, kind, policy, binding, {"object": obj, "oldObject": old, "operation": operation})


def _matches(store: Store, rules: Json, kind: Resource, obj: Json, operation: str) -> bool:
    version = str(obj.get("apiVersion", "")).rpartition("/")[2]

    def fits(wanted: Any, value: str) -> bool:
        return "*" in (wanted or []) or value in (wanted or [])

    hit = any(
        fits(rule.get("apiGroups"), kind.group)
        and fits(rule.get("apiVersions"), version)
        and fits(rule.get("operations"), operation)
        and fits(rule.get("resources"), kind.plural)
        for rule in rules.get("resourceRules") or []
    )
    return hit and _selected(store, rules, obj)


def _selected(store: Store, match: Json | None, obj: Json) -> bool:
    if not match:
        return True
    meta = obj.get("metadata") or {}
    namespace = store.get(NAMESPACES, "", meta.get("namespace", "")) if meta.get("namespace") else None
    labels = ((namespace or {}).get("metadata") or {}).get("labels") or {}
    if namespace is not None and not matches(match.get("namespaceSelector") or {}, labels):
        return False
    return matches(match.get("objectSelector") or {}, meta.get("labels") or {})


def _judge(store: Store, kind: Resource, policy: Json, binding: Json, names: Json) -> None:
    spec, meta = policy["spec"], names["object"].get("metadata") or {}
    names["namespaceObject"] = store.get(NAMESPACES, "", meta.get("namespace", ""))
    names["request"] = {
        "operation": names["operation"],
        "name": meta.get("name", ""),
        "namespace": meta.get("namespace", ""),
    }
    for rule in spec.get("validations") or []:
        try:
            if cel.evaluate(rule.get("expression", ""), names) is True:
                continue
            why = rule.get("message") or f"failed expression: {rule.get('expression', '').strip()}"
        except cel.CelError as error:
            if spec.get("failurePolicy") == "Ignore":
                continue
            why = f"expression '{rule.get('expression', '')}' resulted in error: {error}"
        raise _denied(kind, policy, binding, str(meta.get("name", "")), why, rule.get("reason") or "Invalid")


def _denied(kind: Resource, policy: Json, binding: Json, name: str, why: str, reason: str) -> ApiError:
    who = f"ValidatingAdmissionPolicy '{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
    text = f"{who} denied request: {why}"
    details: Json = {"name": name, "kind": kind.plural, "causes": [{"message": text}]}
    if kind.group:
        details["group"] = kind.group
    message = f'{qualified(kind.group, kind.plural)} "{name}" is forbidden: {text}'
    return ApiError(CODES.get(reason, 422), message, reason, details)
