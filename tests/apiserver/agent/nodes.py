"""Registers the fake nodes and keeps their leases fresh."""

import asyncio
import datetime
from typing import Any

from tests.apiserver.agent.client import Client

Object = dict[str, Any]

CPU, MEMORY = "4", "8Gi"
_RENEW_SECONDS = 10.0
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


async def register(client: Client, name: str, port: int) -> None:
    """Create the Node, report it ready, and take off the taint that admission puts on every new one."""
    await client.send("POST", "/api/v1/nodes", node(name))
    await client.merge(f"/api/v1/nodes/{name}/status", {"status": status(name, port)})
    await client.merge(f"/api/v1/nodes/{name}", {"spec": {"taints": None}})


async def keep_alive(client: Client, name: str) -> None:
    """Renew the node's Lease for ever, as a kubelet does."""
    while True:
        stamp = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": stamp}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}, "spec": spec}
        await client.apply(f"{_LEASES}/{name}", lease)
        await asyncio.sleep(_RENEW_SECONDS)


def node(name: str) -> Object:
    """The Node object without its status."""
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": f"zone-{name[-1]}",
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def status(name: str, port: int) -> Object:
    """A ready node with four cores and 8 GiB whose kubelet listens on loopback."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    times = {"lastHeartbeatTime": stamp, "lastTransitionTime": stamp}
    conditions = [
        {"type": p, "status": "False", "reason": f"KubeletHasNo{p}", "message": "", **times} for p in _PRESSURES
    ]
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}
    room = {"cpu": CPU, "memory": MEMORY, "pods": "110", "ephemeral-storage": "100Gi"}
    return {
        "capacity": room,
        "allocatable": room,
        "conditions": [*conditions, {**ready, **times}],
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "nodeInfo": {
            "machineID": name,
            "systemUUID": name,
            "bootID": name,
            "kernelVersion": "6.1.0",
            "osImage": "Rig Linux",
            "containerRuntimeVersion": "rig://1.0",
            "kubeletVersion": "v1.20.2",
            "kubeProxyVersion": "v1.20.2",
            "operatingSystem": "linux",
            "architecture": "amd64",
        },
    }
