"""Which kinds count their specification's versions in `metadata.generation`, and when the count goes up."""

from typing import Any

WITHOUT: dict[str, set[str] | None] = {  # None: no kind of that group
    "authorization.k8s.io": None,
    "authentication.k8s.io": None,
    "rbac.authorization.k8s.io": None,
    "autoscaling": None,
    "coordination.k8s.io": None,
    "events.k8s.io": None,
    "metrics.k8s.io": None,
    "node.k8s.io": None,
    "certificates.k8s.io": None,
    "apps": {"controllerrevisions"},
    "storage.k8s.io": {"storageclasses", "csinodes", "csidrivers", "csistoragecapacities", "volumeattachments"},
    "networking.k8s.io": {"ipaddresses", "servicecidrs"},
    "apiregistration.k8s.io": {"apiservices"},
}
CORE = {"pods", "replicationcontrollers"}


def has_generation(group: str, plural: str) -> bool:
    """As the registry strategies of Kubernetes 1.36 do it; custom resources always have one."""
    if not group:
        return plural in CORE
    exceptions = WITHOUT.get(group, set())
    return exceptions is not None and plural not in exceptions


def spec_changed(old: dict[str, Any], new: dict[str, Any], subresource: str = "") -> bool:
    """True when anything but metadata and status differs; a Deployment's annotations count too."""
    if new.get("kind") == "Deployment" and not subresource:
        annotations = [obj["metadata"].get("annotations") or {} for obj in (old, new)]
        if annotations[0] != annotations[1]:
            return True
    keys = (set(old) | set(new)) - {"metadata", "status"}
    return any(old.get(key) != new.get(key) for key in keys)
