"""Tells how a node and what runs on it fares, from its kubelet's summary: memory, disks, processes, pressure."""

from typing import Any

import msgspec
from pydantic import Field

from tools.catalogue.finding import locate
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.transport import Request
from tools.quantities import cpu, memory, percent
from tools.rendering import counted, table
from tools.spec import Arguments, Result, Tool

_LARGEST = 16 << 20


class NodeStatsArguments(Arguments):
    node: str = Field(min_length=1)
    limit: int = Field(10, ge=1, le=100, description="How many pods, those with the most memory first.")


class _Cpu(msgspec.Struct):
    usageNanoCores: int | None = None
    psi: dict[str, Any] | None = None


class _Memory(msgspec.Struct):
    availableBytes: int | None = None
    usageBytes: int | None = None
    workingSetBytes: int | None = None
    psi: dict[str, Any] | None = None


class _Disk(msgspec.Struct):
    availableBytes: int | None = None
    capacityBytes: int | None = None
    usedBytes: int | None = None
    inodesFree: int | None = None
    inodes: int | None = None


class _Processes(msgspec.Struct):
    maxpid: int | None = None
    curproc: int | None = None


class _Runtime(msgspec.Struct):
    imageFs: _Disk | None = None


class _Node(msgspec.Struct):
    nodeName: str = ""
    cpu: _Cpu | None = None
    memory: _Memory | None = None
    fs: _Disk | None = None
    runtime: _Runtime | None = None
    rlimit: _Processes | None = None
    io: _Cpu | None = None


class _PodRef(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Pod(msgspec.Struct):
    podRef: _PodRef | None = None
    cpu: _Cpu | None = None
    memory: _Memory | None = None
    ephemeralStorage: _Disk | None = msgspec.field(default=None, name="ephemeral-storage")


class Summary(msgspec.Struct):
    """The kubelet's `stats/v1alpha1 Summary`, as far as it is told."""

    node: _Node
    pods: list[_Pod] | None = None


async def stats(client: KubeClient, asked: NodeStatsArguments) -> Result:
    """data: {"node", "cpu_cores", "memory": {"used", "available"}, "disks": [{"what", "used", "capacity",
    "inodes_free"}], "processes": {"running", "most"}, "pressure": {"cpu"|"memory"|"io": percent of the last minute},
    "pods": [{"namespace", "name", "cpu_cores", "memory_bytes", "disk_bytes"}], "total": int}; bytes and cores."""
    target = await locate(client, "v1/nodes", asked.node, None)
    found = await client.decoded(Request("GET", target.path("proxy/stats/summary"), largest=_LARGEST), Summary)
    pods = sorted((_pod(pod) for pod in found.pods or []), key=lambda pod: -(pod["memory_bytes"] or 0))
    data = _facts(found.node) | {"pods": pods[: asked.limit], "total": len(pods)}
    header = f"Node {target.name}: {cpu(data['cpu_cores'])} CPU and {memory(data['memory']['used'])} memory in use, "
    header += f"{memory(data['memory']['available'])} available; {counted(len(pods), 'pod')}."
    return Result(header, _body(data), data)


def _facts(node: _Node) -> Object:
    held = node.memory or _Memory()
    limits = node.rlimit or _Processes()
    disks = [("root", node.fs), ("images", node.runtime.imageFs if node.runtime else None)]
    pressure = {"cpu": node.cpu and node.cpu.psi, "memory": held.psi, "io": node.io and node.io.psi}
    return {
        "node": node.nodeName,
        "cpu_cores": _cores(node.cpu),
        "memory": {"used": held.workingSetBytes, "available": held.availableBytes},
        "disks": [_disk(what, disk) for what, disk in disks if disk],
        "processes": {"running": limits.curproc, "most": limits.maxpid},
        "pressure": {what: told for what, psi in pressure.items() if (told := _last_minute(psi)) is not None},
    }


def _last_minute(psi: Any) -> float | None:
    """Pressure stall information: percent of the last minute in which something waited."""
    some = psi.get("some") if isinstance(psi, dict) else None
    value = some.get("avg60") if isinstance(some, dict) else None
    return float(value) if isinstance(value, int | float) else None


def _disk(what: str, disk: _Disk) -> Object:
    return {
        "what": what,
        "used": disk.usedBytes,
        "capacity": disk.capacityBytes,
        "inodes_free": disk.inodesFree,
        "inodes": disk.inodes,
    }


def _pod(pod: _Pod) -> Object:
    ref = pod.podRef or _PodRef()
    return {
        "namespace": ref.namespace,
        "name": ref.name,
        "cpu_cores": _cores(pod.cpu),
        "memory_bytes": (pod.memory or _Memory()).workingSetBytes,
        "disk_bytes": (pod.ephemeralStorage or _Disk()).usedBytes,
    }


def _cores(found: _Cpu | None) -> float | None:
    return None if found is None or found.usageNanoCores is None else found.usageNanoCores / 1e9


def _body(data: Object) -> str:
    lines = [
        f"Disk {d['what']}: {memory(d['used'])} of {memory(d['capacity'])} used ({percent(d['used'], d['capacity'])}), "
        f"{percent(d['inodes_free'], d['inodes'])} of inodes free"
        for d in data["disks"]
    ]
    if data["processes"]["running"]:
        lines.append(f"Processes: {data['processes']['running']} of {data['processes']['most']}")
    if data["pressure"]:
        told = ", ".join(f"{what} {value:.1f}%" for what, value in data["pressure"].items())
        lines.append(f"Waiting in the last minute: {told}")
    rows = [
        [pod["namespace"], pod["name"], cpu(pod["cpu_cores"]), memory(pod["memory_bytes"]), memory(pod["disk_bytes"])]
        for pod in data["pods"]
    ]
    if rows:
        lines.append(table(["NAMESPACE", "POD", "CPU", "MEMORY", "DISK"], rows))
    return "\n".join(lines)


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="node_stats",
        title="Measure a node",
        description="A node by its kubelet: memory, disks, inodes, processes, pressure, and its largest pods.",
        effect=Effect.SENSITIVE,
        arguments=NodeStatsArguments,
        run=stats,
        intent=lambda asked: f"Measure node {asked.node}",
    ),
)
