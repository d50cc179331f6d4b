"""Provisions, grows and removes volumes for claims of StorageClass `standard`, as a storage driver would."""

from typing import Any

from tests.apiserver.agent.client import Client

Object = dict[str, Any]

CLASS = "standard"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_VOLUMES = "/api/v1/persistentvolumes"


def storage_class() -> Object:
    """The cluster's default class; its volumes may grow."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "rig.example/standard",
        "allowVolumeExpansion": True,
    }


async def define_class(client: Client) -> None:
    await client.send("POST", _CLASSES, storage_class())


def volume_for(claim: Object) -> Object:
    """A volume of the asked size, reserved for exactly this claim."""
    meta, spec = claim["metadata"], claim["spec"]
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": meta["namespace"]}
    name = f"pvc-{meta['uid']}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": _asked(claim)},
            "accessModes": spec["accessModes"],
            "storageClassName": CLASS,
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {**reference, "name": meta["name"], "uid": meta["uid"]},
            "csi": {"driver": "rig.example", "volumeHandle": name},
        },
    }


async def serve_claim(client: Client, claim: Object) -> None:
    """Make a pending claim's volume, or grow the bound one to what the claim now asks."""
    if claim["spec"].get("storageClassName") != CLASS or "deletionTimestamp" in claim["metadata"]:
        return
    capacity = claim.get("status", {}).get("capacity", {}).get("storage")
    if not claim["spec"].get("volumeName"):
        await client.send("POST", _VOLUMES, volume_for(claim))
    elif capacity and capacity != _asked(claim):
        meta, size = claim["metadata"], {"storage": _asked(claim)}
        await client.merge(f"{_VOLUMES}/{claim['spec']['volumeName']}", {"spec": {"capacity": size}})
        path = f"/api/v1/namespaces/{meta['namespace']}/persistentvolumeclaims/{meta['name']}/status"
        await client.merge(path, {"status": {"capacity": size}})


async def release(client: Client, volume: Object) -> None:
    """Delete a volume whose claim is gone."""
    if volume["spec"].get("storageClassName") == CLASS and volume.get("status", {}).get("phase") == "Released":
        await client.send("DELETE", f"{_VOLUMES}/{volume['metadata']['name']}")


def _asked(claim: Object) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])
