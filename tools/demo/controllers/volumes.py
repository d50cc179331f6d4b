"""Claims of a StorageClass get a volume at once; they grow when asked, and go when nobody uses them."""

from tools.demo.controllers.garbage import drop_finalizer
from tools.demo.controllers.kinds import CLAIMS, PODS, STORAGE_CLASSES, VOLUMES
from tools.demo.controllers.world import World
from tools.demo.quantity import parse
from tools.demo.store import Change, Json

WATCHES = (CLAIMS, VOLUMES, PODS, STORAGE_CLASSES)
SOURCE = "persistentvolume-controller"
PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
AGAIN = 15.0  # seconds until a claim without a class is reported again


def cares(change: Change) -> bool:
    """Of pods only that one is gone: its claims may follow."""
    return change.resource != PODS or change.kind == "DELETED"


def reconcile(world: World) -> float | None:
    left = False
    for claim in world.store.list(CLAIMS):
        if claim["metadata"].get("deletionTimestamp"):
            release(world, claim)
        elif claim.get("status", {}).get("phase") != "Bound":
            left = not provision(world, claim) or left
        else:
            grow(world, claim)
    for volume in world.store.list(VOLUMES):
        reclaim(world, volume)
    return AGAIN if left else None


def storage_class(world: World, claim: Json) -> Json | None:
    name = claim["spec"].get("storageClassName")
    if name is not None:
        return world.store.get(STORAGE_CLASSES, "", name) if name else None
    for each in world.store.list(STORAGE_CLASSES):
        if (each["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true":
            return each
    return None


def provision(world: World, claim: Json) -> bool:
    """Makes and binds a volume; False when the claim has to wait."""
    found = storage_class(world, claim)
    if found is None or claim["spec"].get("volumeName"):
        return bind_existing(world, claim)
    name = f"pvc-{claim['metadata']['uid']}"
    size = claim["spec"]["resources"]["requests"]["storage"]
    if world.store.get(VOLUMES, "", name) is None:
        made = world.create(VOLUMES, new_volume(claim, found, name, size), "kubelet")
        status = {"phase": "Bound", "lastPhaseTransitionTime": world.text()}
        world.change(VOLUMES, made, lambda obj: obj.__setitem__("status", status), status=True)
    bind(world, claim, found, name, size)
    return True


def new_volume(claim: Json, found: Json, name: str, size: str) -> Json:
    meta = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": found["provisioner"]},
            "finalizers": [VOLUME_PROTECTION],
        },
        "spec": {
            "capacity": {"storage": size},
            "hostPath": {"path": "/data/fake", "type": ""},
            "accessModes": claim["spec"].get("accessModes") or ["ReadWriteOnce"],
            "claimRef": {
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
                "apiVersion": "v1",
            },
            "persistentVolumeReclaimPolicy": found.get("reclaimPolicy", "Delete"),
            "storageClassName": found["metadata"]["name"],
            "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
        },
    }


def bind(world: World, claim: Json, found: Json, volume: str, size: str) -> None:
    def change(obj: Json) -> None:
        meta = obj["metadata"]
        meta.setdefault("annotations", {}).update(
            {
                "pv.kubernetes.io/bind-completed": "yes",
                "pv.kubernetes.io/bound-by-controller": "yes",
                "volume.beta.kubernetes.io/storage-provisioner": found["provisioner"],
                "volume.kubernetes.io/storage-provisioner": found["provisioner"],
            }
        )
        meta.setdefault("finalizers", [PROTECTION])
        obj["spec"] |= {"volumeName": volume, "storageClassName": found["metadata"]["name"]}

    world.change(CLAIMS, claim, change)
    status = {"phase": "Bound", "accessModes": claim["spec"].get("accessModes", []), "capacity": {"storage": size}}
    world.change(CLAIMS, claim, lambda obj: obj.__setitem__("status", status), status=True)
    text = f"Successfully provisioned volume {volume}"
    world.events.record(f"{found['provisioner']}_demo", claim, "ProvisioningSucceeded", text)


def bind_existing(world: World, claim: Json) -> bool:
    """A claim without a class takes a free volume that fits; else the event says what is missing."""
    wanted = claim["spec"].get("volumeName")
    for volume in world.store.list(VOLUMES):
        same = volume["spec"].get("storageClassName", "") == (claim["spec"].get("storageClassName") or "")
        free = not volume["spec"].get("claimRef") or volume["spec"]["claimRef"]["name"] == claim["metadata"]["name"]
        if same and free and wanted in (None, volume["metadata"]["name"]) and fits(volume, claim):
            take(world, claim, volume)
            return True
    name = claim["spec"].get("storageClassName")
    if name:
        text = f'storageclass.storage.k8s.io "{name}" not found'
        world.events.record(SOURCE, claim, "ProvisioningFailed", text, "Warning")
    else:
        text = "no persistent volumes available for this claim and no storage class is set"
        world.events.record(SOURCE, claim, "FailedBinding", text)
    return False


def fits(volume: Json, claim: Json) -> bool:
    wanted = claim["spec"]["resources"]["requests"]["storage"]
    modes = set(claim["spec"].get("accessModes") or [])
    return parse(volume["spec"]["capacity"]["storage"]) >= parse(wanted) and modes <= set(volume["spec"]["accessModes"])


def take(world: World, claim: Json, volume: Json) -> None:
    meta = claim["metadata"]
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": meta["namespace"]}
    reference |= {"name": meta["name"], "uid": meta["uid"]}
    world.change(VOLUMES, volume, lambda obj: obj["spec"].update(claimRef=reference))
    phase = {"phase": "Bound", "lastPhaseTransitionTime": world.text()}
    world.change(VOLUMES, volume, lambda obj: obj.__setitem__("status", phase), status=True)
    world.change(CLAIMS, claim, lambda obj: obj["spec"].update(volumeName=volume["metadata"]["name"]))
    status = {"phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": volume["spec"]["capacity"]}
    world.change(CLAIMS, claim, lambda obj: obj.__setitem__("status", status), status=True)


def grow(world: World, claim: Json) -> None:
    wanted = claim["spec"]["resources"]["requests"]["storage"]
    if parse(wanted) <= parse(claim["status"].get("capacity", {}).get("storage", wanted)):
        return
    volume = world.store.get(VOLUMES, "", claim["spec"].get("volumeName", ""))
    if volume is None:
        return
    world.change(VOLUMES, volume, lambda obj: obj["spec"]["capacity"].update(storage=wanted))
    world.change(CLAIMS, claim, lambda obj: obj["status"]["capacity"].update(storage=wanted), status=True)
    world.events.record(
        "kubelet", claim, "FileSystemResizeSuccessful", "MountVolume.NodeExpandVolume succeeded for volume"
    )


def release(world: World, claim: Json) -> None:
    """The protection of a deleted claim goes with the last pod that uses it. One that has no node yet does not: it
    cannot start with a claim that is going."""
    meta = claim["metadata"]
    for pod in [each for each in world.store.list(PODS, meta["namespace"]) if each["spec"].get("nodeName")]:
        for volume in pod["spec"].get("volumes") or []:
            if (volume.get("persistentVolumeClaim") or {}).get("claimName") == meta["name"]:
                return
    if PROTECTION in (meta.get("finalizers") or []):
        drop_finalizer(world, CLAIMS, claim, PROTECTION)


def reclaim(world: World, volume: Json) -> None:
    reference = volume["spec"].get("claimRef")
    gone = reference and world.store.get(CLAIMS, reference["namespace"], reference["name"]) is None
    if volume["metadata"].get("deletionTimestamp") and (gone or not reference):
        drop_finalizer(world, VOLUMES, volume, VOLUME_PROTECTION)
    elif gone and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
        world.store.remove(VOLUMES, "", volume["metadata"]["name"])
    elif gone and volume.get("status", {}).get("phase") != "Released":
        status = {"phase": "Released", "lastPhaseTransitionTime": world.text()}
        world.change(VOLUMES, volume, lambda obj: obj.__setitem__("status", status), status=True)
