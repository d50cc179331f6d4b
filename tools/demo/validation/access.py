"""Rules of namespaces, ConfigMaps, Secrets, roles and role bindings."""

import base64
from typing import Any

from tools.demo.validation import names
from tools.demo.validation.causes import IMMUTABLE, Cause, forbidden, invalid, required, too_long, unsupported

Json = dict[str, Any]

MOST_BYTES = 1024 * 1024
LEVELS = ("privileged", "baseline", "restricted")
FROZEN = "field is immutable when `immutable` is set"
SECRET_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def check_namespace(namespace: Json, old: Json | None) -> list[Cause]:
    """Pod security labels are checked by their admission plugin, with the object's other causes."""
    labels = (namespace.get("metadata") or {}).get("labels") or {}
    found: list[Cause] = []
    for mode in ("enforce", "audit", "warn"):
        key = f"pod-security.kubernetes.io/{mode}"
        if key in labels and labels[key] not in LEVELS:
            found.append(invalid(f"metadata.labels[{key}]", labels[key], f"must be one of {', '.join(LEVELS)}"))
    return found


def check_config_map(config_map: Json, old: Json | None) -> list[Cause]:
    data, binary = config_map.get("data") or {}, config_map.get("binaryData") or {}
    found: list[Cause] = []
    for key in sorted(data):
        found += [invalid(f"data[{key}]", key, why) for why in names.config_key(key)]
        if key in binary:
            found.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in sorted(binary):
        found += [invalid(f"binaryData[{key}]", key, why) for why in names.config_key(key)]
    size = sum(len(str(value).encode()) for value in data.values()) + sum(map(_decoded, binary.values()))
    if size > MOST_BYTES:
        found.append(too_long("", MOST_BYTES))
    return found + _check_frozen(config_map, old, ("data", "binaryData"))


def check_secret(secret: Json, old: Json | None) -> list[Cause]:
    data, kind = secret.get("data") or {}, secret.get("type")
    found: list[Cause] = []
    if old is not None and kind != old.get("type"):
        found.append(invalid("type", kind, IMMUTABLE))
    for key in sorted(data):
        found += [invalid(f"data[{key}]", key, why) for why in names.config_key(key)]
    if sum(map(_decoded, data.values())) > MOST_BYTES:
        found.append(too_long("data", MOST_BYTES))
    found += [required(f"data[{key}]") for key in SECRET_KEYS.get(kind or "", ()) if key not in data]
    return found + _check_frozen(secret, old, ("data",))


def _decoded(text: Any) -> int:
    try:
        return len(base64.b64decode(str(text)))
    except ValueError:
        return len(str(text))


def _check_frozen(obj: Json, old: Json | None, keys: tuple[str, ...]) -> list[Cause]:
    if old is None or not old.get("immutable"):
        return []
    found = [] if obj.get("immutable") else [forbidden("immutable", FROZEN)]
    return found + [forbidden(key, FROZEN) for key in keys if (obj.get(key) or {}) != (old.get(key) or {})]


def check_role(role: Json, old: Json | None) -> list[Cause]:
    namespaced = role.get("kind") == "Role"
    found: list[Cause] = []
    for index, rule in enumerate(role.get("rules") or []):
        here = f"rules[{index}]"
        if not rule.get("verbs"):
            found.append(required(f"{here}.verbs", "verbs must contain at least one value"))
        if rule.get("nonResourceURLs"):
            if namespaced:
                why = "namespaced rules cannot apply to non-resource URLs"
                found.append(invalid(f"{here}.nonResourceURLs", rule["nonResourceURLs"], why))
            if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                why = "rules cannot apply to both regular resources and non-resource URLs"
                found.append(invalid(f"{here}.nonResourceURLs", rule["nonResourceURLs"], why))
            continue
        if not rule.get("apiGroups"):
            found.append(required(f"{here}.apiGroups", "resource rules must supply at least one api group"))
        if not rule.get("resources"):
            found.append(required(f"{here}.resources", "resource rules must supply at least one resource"))
    return found


def check_binding(binding: Json, old: Json | None) -> list[Cause]:
    reference = binding.get("roleRef") or {}
    kinds = ("Role", "ClusterRole") if binding.get("kind") == "RoleBinding" else ("ClusterRole",)
    found: list[Cause] = []
    if reference.get("apiGroup") != "rbac.authorization.k8s.io":
        found.append(unsupported("roleRef.apiGroup", reference.get("apiGroup") or "", ("rbac.authorization.k8s.io",)))
    if reference.get("kind") not in kinds:
        found.append(unsupported("roleRef.kind", reference.get("kind") or "", kinds))
    if not reference.get("name"):
        found.append(required("roleRef.name"))
    found += [
        invalid("roleRef.name", reference["name"], why) for why in names.path_segment(reference.get("name") or "")
    ]
    for index, subject in enumerate(binding.get("subjects") or []):
        found += _check_subject(subject, f"subjects[{index}]", binding.get("kind") == "RoleBinding")
    before = (old or {}).get("roleRef")
    if before is not None and before != reference:
        shown = {"APIGroup": reference.get("apiGroup"), "Kind": reference.get("kind"), "Name": reference.get("name")}
        found.append(invalid("roleRef", shown, "cannot change roleRef"))
    return found


def _check_subject(subject: Json, field: str, namespaced: bool) -> list[Cause]:
    found: list[Cause] = []
    kind, group = subject.get("kind"), subject.get("apiGroup") or ""
    if not subject.get("name"):
        found.append(required(f"{field}.name"))
    if kind == "ServiceAccount":
        if group:
            found.append(unsupported(f"{field}.apiGroup", group, ("",)))
        if not namespaced and not subject.get("namespace"):
            found.append(required(f"{field}.namespace"))
    elif kind not in ("User", "Group"):
        found.append(unsupported(f"{field}.kind", kind or "", ("ServiceAccount", "User", "Group")))
    return found
