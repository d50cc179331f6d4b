"""What is wrong with one pod: from its status, the last words of its containers and the events about it."""

import re

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis import crashing, pending
from chat.agent.providers.guide.diagnosis.case import Case, missing_reference
from chat.agent.providers.guide.diagnosis.finding import Finding, Severity
from chat.agent.providers.guide.rows import items, mapping, walk
from chat.agent.providers.guide.steps import Json

PULLING = frozenset(
    {
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    }
)
OFTEN = 3
CONFIG = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError", "CreatePodSandboxError"}
)


def examine(case: Case) -> Finding | None:
    """The one thing that is wrong, the deepest cause first; None for a pod that is well."""
    pod = case.pod
    if walk(pod, "status", "reason") == "Evicted":
        return _evicted(case)
    for status in [*items(pod, "status", "initContainerStatuses"), *items(pod, "status", "containerStatuses")]:
        found = _container(case, status)
        if found:
            return found
    if walk(pod, "status", "phase") == "Pending":
        return pending.examine(case)
    if walk(pod, "status", "phase") == "Failed":
        return crashing.failed(case)
    return _not_ready(case)


def _container(case: Case, status: Json) -> Finding | None:
    reason = str(walk(status, "state", "waiting", "reason") or "")
    if reason in PULLING:
        return _image(case, status, reason)
    if reason in CONFIG:
        return _config(case, status, reason)
    last = mapping(status, "lastState", "terminated")
    now = mapping(status, "state", "terminated")
    ended = now if now and now.get("exitCode") else last
    if reason == "CrashLoopBackOff" or now.get("exitCode") or (ended and not status.get("ready")):
        return crashing.examine(case, status, ended or {})
    if last and status.get("ready") and walk(status, "restartCount") and status["restartCount"] >= OFTEN:
        return crashing.examine(case, status, last).worth(Severity.DEGRADED)
    return None


def _image(case: Case, status: Json, reason: str) -> Finding:
    image = str(status.get("image") or "")
    spec = next((c for c in items(case.pod, "spec", "containers") if c.get("name") == status.get("name")), {})
    image = str(spec.get("image") or image)
    said = next((note.message for note in case.notes if note.message.lower().startswith("failed to pull")), "")
    said = said or str(walk(status, "state", "waiting", "message") or "")
    low = said.lower()
    why = (
        "The registry says it does not have this image: the name or the tag is probably "
        "mistyped, or it was never pushed."
    )
    if re.search(r"unauthori|denied|authentication|forbidden|401|403", low) and "not found" not in low:
        why = "The registry refuses: the image is private and the pod has no valid pull secret (`imagePullSecrets`)."
    elif re.search(r"no such host|lookup|timeout|dial|refused|unreachable", low):
        why = (
            "The registry cannot be reached under that name from the node: is the host name right, is the network open?"
        )
    elif reason == "InvalidImageName":
        why = "That is not a valid image name."
    earlier = next((other for other in case.images if other != image), "")
    evidence = [f"Image: {phrasing.code(image)}", *([f"The node said: {phrasing.code(said, 260)}"] if said else [])]
    if case.serving:
        evidence.append(f"The version before still answers: {phrasing.counted(case.serving, 'pod')} ready.")
    offers = [f"use image {earlier} for {phrasing.sentence(case.owner)}"] if earlier else []
    offers.append(f"use image {_without_tag(image)}:… for {phrasing.sentence(case.owner)}")
    fix = "Name an image that exists."
    if earlier:
        fix = f"The version before was {phrasing.code(earlier)}, which could be fetched; or name the right tag."
    return Finding(
        Severity.BROKEN,
        case.owner,
        "cannot fetch its image",
        f"Kubernetes tries to fetch {phrasing.code(image)} and cannot. {why}",
        tuple(evidence),
        fix,
        tuple(offers),
        case.thing.name,
    )


def _without_tag(image: str) -> str:
    plain = image.partition("@")[0]
    head, colon, tag = plain.rpartition(":")
    return head if colon and "/" not in tag else plain


def _config(case: Case, status: Json, reason: str) -> Finding:
    said = str(walk(status, "state", "waiting", "message") or "")
    return missing_reference(case, said) or Finding(
        Severity.BROKEN,
        case.owner,
        "cannot start its container",
        f"The node could not create the container ({phrasing.code(reason)}).",
        (f"The node said: {phrasing.code(said, 260)}",) if said else (),
        "Check the command, the volumes and the settings of the container.",
        (f"yaml of {phrasing.sentence(case.owner)}",),
        case.thing.name,
    )


def _evicted(case: Case) -> Finding:
    said = str(walk(case.pod, "status", "message") or "")
    return Finding(
        Severity.DEGRADED,
        case.owner,
        "was evicted from its node",
        (
            "The node ran short of memory or disk and threw this pod out; its owner has "
            "made another one elsewhere, if there is an owner."
        ),
        (f"The node said: {phrasing.code(said, 260)}",) if said else (),
        "Look at what uses the memory of the nodes; the evicted pod itself can be deleted.",
        ("top nodes", f"delete {phrasing.sentence(case.thing)}"),
        case.thing.name,
    )


def _not_ready(case: Case) -> Finding | None:
    unready = [
        status
        for status in items(case.pod, "status", "containerStatuses")
        if not status.get("ready") and walk(status, "state", "running") is not None
    ]
    if not unready or walk(case.pod, "status", "phase") != "Running":
        return None
    probe = next((note for note in case.notes if "probe failed" in note.message.lower()), None)
    name = str(unready[0].get("name", ""))
    evidence = [f"Container {phrasing.code(name)} runs, but is not ready."]
    evidence += (
        [f"Event: {phrasing.code(probe.message, 260)}" + (f" ({probe.count} times)" if probe.count > 1 else "")]
        if probe
        else []
    )
    return Finding(
        Severity.DEGRADED,
        case.owner,
        "runs, but does not report ready",
        "The program runs, but its readiness check does not succeed, so no requests are sent to it.",
        tuple(evidence),
        (
            "Either the program is not finished starting or something it needs does not "
            "answer, or the check asks the wrong path or port."
        ),
        (f"logs of {phrasing.sentence(case.thing)}", f"yaml of {phrasing.sentence(case.owner)}"),
        case.thing.name,
    )
