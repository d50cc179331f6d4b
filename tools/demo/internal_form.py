"""Pod and claim specs as the API server's own Go structs print them, for refusals that quote or compare those.

Types that are not listed here print only the fields that are set.
"""

import difflib
import json
from typing import Any

from tools.demo.schema import Field, root

Json = dict[str, Any]

# Fields in the struct's order; a mark says what an unset one prints: '' for text, ? for false, 0; otherwise null.
STRUCTS: dict[str, str] = {
    "PodSpec": "Volumes InitContainers Containers EphemeralContainers RestartPolicy'' TerminationGracePeriodSeconds "
    "ActiveDeadlineSeconds DNSPolicy'' NodeSelector ServiceAccountName'' AutomountServiceAccountToken NodeName'' "
    "SecurityContext ImagePullSecrets Hostname'' Subdomain'' SetHostnameAsFQDN Affinity SchedulerName'' Tolerations "
    "HostAliases PriorityClassName'' Priority PreemptionPolicy DNSConfig ReadinessGates RuntimeClassName Overhead "
    "EnableServiceLinks TopologySpreadConstraints OS SchedulingGates ResourceClaims Resources HostnameOverride "
    "SchedulingGroup",
    "PodSecurityContext": "HostNetwork? HostPID? HostIPC? ShareProcessNamespace HostUsers SELinuxOptions "
    "WindowsOptions RunAsUser RunAsGroup RunAsNonRoot SupplementalGroups SupplementalGroupsPolicy FSGroup "
    "FSGroupChangePolicy Sysctls SeccompProfile AppArmorProfile SELinuxChangePolicy",
    "Container": "Name'' Image'' Command Args WorkingDir'' Ports EnvFrom Env Resources ResizePolicy RestartPolicy "
    "RestartPolicyRules VolumeMounts VolumeDevices LivenessProbe ReadinessProbe StartupProbe Lifecycle "
    "TerminationMessagePath'' TerminationMessagePolicy'' ImagePullPolicy'' SecurityContext Stdin? StdinOnce? TTY?",
    "ResourceRequirements": "Limits Requests Claims",
    "EnvVar": "Name'' Value'' ValueFrom",
    "ContainerPort": "Name'' HostPort0 ContainerPort0 Protocol'' HostIP''",
    "VolumeMount": "Name'' ReadOnly? RecursiveReadOnly MountPath'' SubPath'' MountPropagation SubPathExpr''",
    "PersistentVolumeClaimSpec": "AccessModes Selector Resources VolumeName'' StorageClassName VolumeMode DataSource "
    "DataSourceRef VolumeAttributesClassName",
    "VolumeResourceRequirements": "Limits Requests",
}
UNSET: dict[str, Any] = {"'": "", "?": False, "0": 0}
ON_THE_POD = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")


def pod_template(template: Json) -> Json:
    """A pod template, quoted whole."""
    meta = {key: value for key, value in (template.get("metadata") or {}).items() if value}
    return {**meta, "Spec": pod_spec(template.get("spec") or {})}


def pod_spec(spec: Json) -> Json:
    """The host namespaces stand in the security context there."""
    host = {key: spec[key] for key in ON_THE_POD if key in spec}
    rest = {key: value for key, value in spec.items() if key not in (*ON_THE_POD, "serviceAccount")}
    rest["securityContext"] = {**(spec.get("securityContext") or {}), **host}
    return _of_kind("Pod", rest)


def claim_spec(spec: Json) -> Json:
    return _of_kind("PersistentVolumeClaim", spec)


def _of_kind(kind: str, spec: Json) -> Json:
    schema = root("v1", kind)
    member = schema.child("spec") if schema else None
    converted: Json = _converted(member or Field("any"), spec)
    return converted


def _converted(schema: Field, value: Any) -> Any:
    if schema.kind == "list" and isinstance(value, list) and schema.of:
        return [_converted(schema.of, item) for item in value]
    if schema.kind == "map" and isinstance(value, dict) and schema.of:
        return {key: _converted(schema.of, item) for key, item in sorted(value.items())}
    if schema.kind != "object" or not isinstance(value, dict):
        return value
    members = schema.members | _host_members(schema)
    parts = {name.lower(): _converted(members.get(name, Field("any")), item) for name, item in value.items()}
    struct = STRUCTS.get(schema.ref.rsplit(".", 1)[-1])
    if struct is None:
        return {name[:1].upper() + name[1:]: _converted(members.get(name, Field("any")), value[name]) for name in value}
    result: Json = {}
    for word in struct.split():
        name = word.rstrip("'?0")
        result[name] = parts.get(name.lower(), UNSET.get(word[-1]))
    return result


def _host_members(schema: Field) -> dict[str, Field]:
    return dict.fromkeys(ON_THE_POD, Field("any")) if schema.ref.endswith(".PodSecurityContext") else {}


def comparison(old: Json, new: Json) -> str:
    """A unified diff of two internal forms, as the server appends it to "may not change"; empty when they are equal."""
    before, after = (json.dumps(each, indent=1, ensure_ascii=False).splitlines() for each in (old, new))
    lines = list(difflib.unified_diff(before, after, n=3, lineterm=""))[2:]
    return "\n".join([*lines, ""])
