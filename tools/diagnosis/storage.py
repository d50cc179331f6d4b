"""Claims without a volume, volumes without a claim, and storage classes that are wrong."""

from collections.abc import Iterator

from tools.diagnosis.finding import Evidence, Finding, Severity, Sign, describe, event, listing, spec, status
from tools.diagnosis.guesses import nearest
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, condition, listed, name_of, space_of, thing_of
from tools.diagnosis.world import told as says
from tools.pods import Object, part, parts

CLASS = Sign("claim-class", Severity.CRITICAL, "a claim of a storage class that does not exist, or of none")
PENDING = Sign("claim-pending", Severity.CRITICAL, "a claim that has been given no volume")
LOST = Sign("claim-lost", Severity.CRITICAL, "a claim whose volume is gone")
RESIZE = Sign("claim-resize", Severity.WARNING, "a claim that cannot be made larger")
RELEASED = Sign("volume-released", Severity.NOTE, "a volume whose claim is gone and that nobody can use")
BROKEN = Sign("volume-failed", Severity.WARNING, "a volume that could not be reclaimed")
DEFAULTS = Sign("default-classes", Severity.WARNING, "more than one default storage class")
OUTDATED = Sign("storage-provisioner", Severity.WARNING, "a storage class of a provisioner that Kubernetes has removed")
SIGNS = (CLASS, PENDING, LOST, RESIZE, RELEASED, BROKEN, DEFAULTS, OUTDATED)
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_REMOVED = {
    "kubernetes.io/aws-ebs", "kubernetes.io/azure-disk", "kubernetes.io/azure-file", "kubernetes.io/cinder",
    "kubernetes.io/gce-pd", "kubernetes.io/glusterfs", "kubernetes.io/rbd", "kubernetes.io/vsphere-volume",
    "kubernetes.io/quobyte", "kubernetes.io/flocker", "kubernetes.io/storageos", "kubernetes.io/scaleio",
}  # fmt: skip
_WHILE = 30.0
_LONG = 3600.0


def examine(world: World, told: Told) -> Iterator[Finding]:
    for claim in world.all("persistentvolumeclaims"):
        found = _claim(world, claim)
        if found:
            yield found
    for volume in world.all("persistentvolumes"):
        yield from _volume(world, volume)
    yield from _classes(world)


def _claim(world: World, claim: Object) -> Finding | None:
    thing, phase = thing_of(claim), part(claim, "status").get("phase")
    if phase == "Lost":
        return LOST.on(
            thing,
            "has lost its volume",
            "The volume it was bound to does not exist any more; so are the data.",
            status(f"phase: Lost, volumeName: {part(claim, 'spec').get('volumeName')}"),
            fix="Restore from a backup into a new claim.",
            step=describe(thing),
        )
    if phase == "Pending":
        return _pending(world, claim)
    return _resize(claim)


def _pending(world: World, claim: Object) -> Finding | None:
    thing, named = thing_of(claim), part(claim, "spec").get("storageClassName")
    said = world.said(thing)
    evidence: list[Evidence] = [spec(f"storageClassName: {named or 'not set'}"), *([event(said)] if said else [])]
    known = [name_of(each) for each in world.all("storageclasses")]
    if named and named not in known and world.knows("storageclasses") and not part(claim, "spec").get("volumeName"):
        meant = nearest(str(named), known)
        return CLASS.on(
            thing,
            f"has no disk: the storage class {named} does not exist",
            "The claim asks for a disk and has not been given one; pods that use it cannot start.",
            *evidence,
            fix=f"Perhaps {meant} was meant. A claim's class cannot be changed: delete it and make it anew."
            if meant
            else "A claim's class cannot be changed: delete it and make it anew with a class that exists.",
            step=listing("storageclasses"),
        )
    if named is None and world.knows("storageclasses") and not _defaults(world):
        return CLASS.on(
            thing,
            "has no disk: it names no storage class, and the cluster has no default one",
            "The claim asks for a disk and has not been given one; pods that use it cannot start.",
            *evidence,
            fix="Name a class, or make one the default.",
            step=listing("storageclasses"),
        )
    if _waits_for_a_pod(world, claim) or (not said and world.seconds_old(claim) < _WHILE):
        return None
    return PENDING.on(
        thing,
        "has no disk yet",
        "The claim asks for a disk and has not been given one; pods that use it cannot start.",
        *evidence,
        fix="Check the storage class and the size it asks for.",
        step=describe(thing),
    )


def _waits_for_a_pod(world: World, claim: Object) -> bool:
    """Its class binds when a pod comes, and none has: that is how it should be."""
    kind = world.find("storageclasses", part(claim, "spec").get("storageClassName") or next(iter(_defaults(world)), ""))
    if kind is None or kind.get("volumeBindingMode") != "WaitForFirstConsumer":
        return False
    return not any(
        part(volume, "persistentVolumeClaim").get("claimName") == name_of(claim)
        for pod in world.within("pods", space_of(claim))
        for volume in parts(part(pod, "spec"), "volumes")
    )


def _defaults(world: World) -> list[str]:
    return [
        name_of(each)
        for each in world.all("storageclasses")
        if part(part(each, "metadata"), "annotations").get(_DEFAULT) == "true"
    ]


def _resize(claim: Object) -> Finding | None:
    failed = next(
        (
            c
            for kind in ("ControllerResizeError", "NodeResizeError")
            if (c := condition(claim, kind)).get("status") == "True"
        ),
        None,
    )
    if failed is None:
        return None
    return RESIZE.on(
        thing_of(claim),
        "cannot be made larger",
        "The larger size was asked for and could not be given.",
        status(says(failed)),
        fix="Mend what the message names.",
    )


def _volume(world: World, volume: Object) -> Iterator[Finding]:
    thing, phase = thing_of(volume), part(volume, "status").get("phase")
    claim = part(part(volume, "spec"), "claimRef")
    whose = f"claimRef: {claim.get('namespace')}/{claim.get('name')}"
    if phase == "Failed":
        yield BROKEN.on(
            thing,
            "could not be reclaimed",
            "Its claim is gone and the volume could not be cleaned or deleted.",
            status(str(part(volume, "status").get("message") or "phase: Failed")),
            fix="Mend what the message names, or delete it by hand.",
            step=describe(thing),
        )
    elif phase == "Released" and world.seconds_since(part(volume, "status").get("lastPhaseTransitionTime")) > _LONG:
        yield RELEASED.on(
            thing,
            "is released and cannot be used again",
            "Its claim was deleted; the data are kept, and no other claim gets it.",
            spec(whose),
            fix="Delete it, or clear its claimRef to give it to another claim.",
        )


def _classes(world: World) -> Iterator[Finding]:
    defaults = _defaults(world)
    for kind in world.all("storageclasses"):
        provisioner = str(kind.get("provisioner") or "")
        if provisioner in _REMOVED:
            yield OUTDATED.on(
                thing_of(kind),
                "names a provisioner that Kubernetes has removed",
                "New claims of this class get no volume, unless a driver stands in for it.",
                spec(f"provisioner: {provisioner}"),
                fix="Use the CSI driver of that storage.",
            )
    if len(defaults) > 1:
        first = world.find("storageclasses", defaults[0])
        if first:
            yield DEFAULTS.on(
                thing_of(first),
                "is not the only default storage class",
                "Claims without a class get the one that was made last.",
                spec(f"default classes: {listed(defaults)}"),
                fix="Leave one the default.",
                step=listing("storageclasses"),
            )
