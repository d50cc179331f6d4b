"""Rules of pods and pod templates."""

from typing import Any

from tools.demo.internal_form import comparison, pod_spec
from tools.demo.validation import names
from tools.demo.validation.causes import Cause, duplicate, forbidden, invalid, not_negative, one_of, required
from tools.demo.validation.containers import check_containers
from tools.demo.validation.metadata import check_annotations, check_labels

Json = dict[str, Any]

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
MUTABLE = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName", "schedulingGates")
ONLY_IMAGES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check_template(template: Json, field: str) -> list[Cause]:
    meta = template.get("metadata") or {}
    return [
        *check_labels(meta.get("labels") or {}, f"{field}.labels"),
        *check_annotations(meta.get("annotations") or {}, f"{field}.annotations"),
        *check_pod_spec(template.get("spec") or {}, f"{field}.spec"),
    ]


def check_pod_spec(spec: Json, field: str) -> list[Cause]:
    found: list[Cause] = []
    volumes = spec.get("volumes") or []
    broken = _check_volumes(volumes, f"{field}.volumes")
    found += [cause for causes in broken for cause in causes]
    declared = {each.get("name", "") for each, causes in zip(volumes, broken, strict=True) if not causes}
    taken: set[str] = set()
    if not spec.get("containers"):
        found.append(required(f"{field}.containers"))
    found += check_containers(spec.get("containers") or [], f"{field}.containers", declared, taken)
    found += check_containers(spec.get("initContainers") or [], f"{field}.initContainers", declared, taken)
    found += one_of(f"{field}.restartPolicy", spec.get("restartPolicy"), RESTART_POLICIES, needed=True)
    found += one_of(f"{field}.dnsPolicy", spec.get("dnsPolicy"), DNS_POLICIES, needed=True)
    found += check_labels(spec.get("nodeSelector") or {}, f"{field}.nodeSelector")
    for key in ("nodeName", "serviceAccountName"):
        if spec.get(key):
            found += [invalid(f"{field}.{key}", spec[key], why) for why in names.subdomain(spec[key])]
    deadline = spec.get("activeDeadlineSeconds")
    if isinstance(deadline, int) and not 1 <= deadline < 2**31:
        found.append(invalid(f"{field}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive"))
    for key in ("hostname", "subdomain"):
        if spec.get(key):
            found += [invalid(f"{field}.{key}", spec[key], why) for why in names.label(spec[key])]
    return found + _check_tolerations(spec.get("tolerations") or [], f"{field}.tolerations")


def _check_volumes(volumes: list[Json], field: str) -> list[list[Cause]]:
    """The causes by volume; one that has any is as good as absent for the mounts."""
    result: list[list[Cause]] = []
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        found: list[Cause] = []
        here, name = f"{field}[{index}]", volume.get("name") or ""
        kinds = [key for key in volume if key != "name"]
        found += [forbidden(f"{here}.{key}", "may not specify more than 1 volume type") for key in kinds[1:]]
        for kind in kinds[:1]:
            found += _check_source(kind, volume[kind], f"{here}.{kind}")
        if not name:
            found.append(required(f"{here}.name"))
        else:
            found += [invalid(f"{here}.name", name, why) for why in names.label(name)]
            if name in seen:
                found.append(duplicate(f"{here}.name", name))
        seen.add(name)
        result.append(found)
    return result


NEEDED = {"secret": "secretName", "configMap": "name", "persistentVolumeClaim": "claimName", "hostPath": "path"}


def _check_source(kind: str, source: Any, field: str) -> list[Cause]:
    if not isinstance(source, dict):
        return []
    needed = NEEDED.get(kind)
    found = [required(f"{field}.{needed}")] if needed and not source.get(needed) else []
    if kind in ("secret", "configMap"):
        mode = source.get("defaultMode")
        if isinstance(mode, int) and not 0 <= mode <= 0o777:
            why = "must be a number between 0 and 0777 (octal), both inclusive"
            found.append(invalid(f"{field}.defaultMode", mode, why))
    return found


def _check_tolerations(tolerations: list[Json], field: str) -> list[Cause]:
    found: list[Cause] = []
    for index, toleration in enumerate(tolerations):
        here, key, operator = f"{field}[{index}]", toleration.get("key"), toleration.get("operator") or ""
        if key:
            found += [invalid(f"{here}.key", key, why) for why in names.qualified(key)]
        elif operator != "Exists":
            why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            found.append(invalid(f"{here}.operator", operator, why))
        if toleration.get("tolerationSeconds") is not None and toleration.get("effect") != "NoExecute":
            why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            found.append(invalid(f"{here}.effect", toleration.get("effect") or "", why))
        if operator == "Exists" and toleration.get("value"):
            found.append(invalid(f"{here}.operator", toleration, "value must be empty when `operator` is 'Exists'"))
        found += one_of(f"{here}.operator", operator, ("Equal", "Exists"))
        found += one_of(f"{here}.effect", toleration.get("effect"), EFFECTS)
    return found


def check_pod(pod: Json, old: Json | None) -> list[Cause]:
    spec = pod.get("spec") or {}
    found = check_pod_spec(spec, "spec")
    found += not_negative("spec.terminationGracePeriodSeconds", spec.get("terminationGracePeriodSeconds"))
    if old is not None:
        found += _check_pod_update(spec, old.get("spec") or {})
    return found


def _check_pod_update(spec: Json, before: Json) -> list[Cause]:
    found: list[Cause] = []
    for key in ("containers", "initContainers"):
        if len(spec.get(key) or []) != len(before.get(key) or []):
            return [forbidden(f"spec.{key}", "pod updates may not add or remove containers")]
    tolerations = spec.get("tolerations") or []
    if any(each not in tolerations for each in before.get("tolerations") or []):
        found.append(
            forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")
        )
    frozen = {**spec, **{key: before[key] for key in MUTABLE if key in before}}
    for key in ("containers", "initContainers"):
        pairs = zip(spec.get(key) or [], before.get(key) or [], strict=True)
        if key in spec:
            frozen[key] = [{**new, "image": old.get("image")} for new, old in pairs]
    if _frozen(frozen) != _frozen(before):
        difference = comparison(pod_spec(before), pod_spec(frozen))
        found.append(forbidden("spec", f"{ONLY_IMAGES}\n{difference}"))
    return found


def _frozen(spec: Json) -> Json:
    """The part of a pod's spec that never changes."""
    return {key: value for key, value in spec.items() if key not in (*MUTABLE, "ephemeralContainers")}
