"""A Secret, ConfigMap, claim or account that a pod names and that does not exist, or a key that it does not have."""

import re

from tools.diagnosis.case import Case
from tools.diagnosis.finding import Finding, Severity, Sign, event, listing, status
from tools.pods import Object

MISSING = Sign(
    "reference-missing",
    Severity.CRITICAL,
    "a Secret, ConfigMap, claim or key of one that a pod names and that does not exist (environment, volume, pull)",
)
CONTAINER = Sign(
    "container-config", Severity.CRITICAL, "a container that the node cannot create: command, volume mount or settings"
)
VOLUME = Sign("volume-mount", Severity.CRITICAL, "a volume that cannot be attached, mounted or filled")
SANDBOX = Sign("pod-sandbox", Severity.CRITICAL, "a pod whose network or sandbox the node cannot set up")
SLOW = Sign("slow-start", Severity.WARNING, "a pod that has been starting for over ten minutes without saying why")
SIGNS = (MISSING, CONTAINER, VOLUME, SANDBOX, SLOW)
REASONS = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError", "CreatePodSandboxError"}
)
_LONG = 600.0
_REFERENCE = re.compile(
    r"(?P<kind>secret|configmap|persistentvolumeclaim|serviceaccount)s? \"?(?P<name>[\w./-]+)\"? not found"
    r"|couldn't find key (?P<key>\S+) in (?P<kind2>Secret|ConfigMap) (?P<name2>\S+)"
    r"|references non-existent (?P<kind3>secret|config) key: (?P<key3>\S+)",
    re.IGNORECASE,
)


def missing(case: Case, said: str) -> Finding | None:
    found = _REFERENCE.search(said)
    if not found:
        return None
    kind = (found["kind"] or found["kind2"] or found["kind3"] or "").lower().replace("config", "configmap")
    kind = kind.replace("configmapmap", "configmap")
    name = (found["name"] or found["name2"] or "").rpartition("/")[2]
    key = (found["key"] or found["key3"] or "").strip("\"'.,")
    what = f"the key {key} in the {kind} {name}" if key and name else f"the key {key}" if key else f"the {kind} {name}"
    return MISSING.on(
        case.owner,
        f"needs a {kind} that is missing" if not key else f"needs a key of a {kind} that is missing",
        f"The pod cannot start because {what} does not exist in {case.thing.namespace}.",
        status(said),
        fix=f"Create it, or correct the name in {case.owner.words}. The pod starts by itself a moment later.",
        step=listing(f"{kind}s", case.thing.namespace),
        kind=kind,
        name=name,
        key=key,
    )


def examine(case: Case, container: Object) -> Finding:
    """A container that could not be created."""
    said = str(container["message"] or case.said("Failed") or "")
    return missing(case, said) or CONTAINER.on(
        case.owner,
        "cannot start its container",
        f"The node could not create the container {container['name']} ({container['reason']}).",
        *([status(said)] if said else []),
        fix="Check the command, the volumes and the settings of the container.",
        container=container["name"],
    )


def waiting(case: Case) -> Finding | None:
    """A pod that has a node and whose containers are not there yet."""
    said = case.said("FailedMount", "FailedAttachVolume")
    if said:
        return missing(case, said) or VOLUME.on(
            case.owner,
            "waits for a volume",
            "A volume of the pod cannot be attached or filled.",
            event(said),
            fix="Mend what the event names; the pod then starts by itself.",
            step=listing("persistentvolumeclaims", case.thing.namespace),
        )
    said = case.said("FailedCreatePodSandBox", "FailedCreatePodContainer", "NetworkNotReady")
    if said:
        return SANDBOX.on(
            case.owner,
            "cannot be set up by its node",
            "The node cannot prepare the pod's network or sandbox.",
            event(said),
            fix="Look at the node and its network plugin.",
        )
    if case.world.seconds_old(case.pod) < _LONG:
        return None
    return SLOW.on(
        case.owner,
        "has been starting for long",
        "The pod has a node, but its containers have not started for over ten minutes.",
        status(f"phase {case.phase}"),
        fix="Its events and its node may tell more.",
    )
