"""What pods and nodes use: metrics.k8s.io objects that move a little around what the programs need."""

import math
import zlib
from fractions import Fraction

from tools.demo.controllers.kinds import NODE_METRICS, NODES, POD_METRICS, PODS
from tools.demo.controllers.world import World
from tools.demo.programs import Programs, program_of
from tools.demo.quantity import parse
from tools.demo.store import Json, Resource

WATCHES = (PODS, NODES)
EVERY = 15.0  # seconds between measurements
SETTLING = 10.0  # seconds a container runs before it is measured
MEBI = 1 << 20


class Meter:
    """Measures every running pod; `programs` says what is normal for an image."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._last = 0.0

    def reconcile(self, world: World) -> float | None:
        if world.replaying:
            return None
        now = world.now.timestamp()
        if now - self._last < EVERY - 0.1:
            return self._last + EVERY - now
        self._last = now
        used: dict[str, list[tuple[Fraction, Fraction]]] = {}
        measured = set()
        for pod in world.store.list(PODS):
            containers = self._containers(world, pod)
            if containers:
                meta = pod["metadata"]
                measured.add((meta["namespace"], meta["name"]))
                put(world, POD_METRICS, "PodMetrics", meta, {"containers": containers})
                total = [(parse(each["usage"]["cpu"]), parse(each["usage"]["memory"])) for each in containers]
                used.setdefault(pod["spec"]["nodeName"], []).extend(total)
        for old in world.store.list(POD_METRICS):
            key = (old["metadata"]["namespace"], old["metadata"]["name"])
            if key not in measured:
                world.store.remove(POD_METRICS, *key)
        for node in world.store.list(NODES):
            self._node(world, node, used.get(node["metadata"]["name"], []))
        return EVERY

    def _containers(self, world: World, pod: Json) -> list[Json]:
        states = {each["name"]: each for each in pod.get("status", {}).get("containerStatuses") or []}
        found = []
        for spec in pod["spec"]["containers"]:
            running = states.get(spec["name"], {}).get("state", {}).get("running")
            age = world.age(running["startedAt"]) if running else 0.0
            if running and age >= SETTLING:
                cpu, memory = self._usage(world, pod, spec, age)
                found.append({"name": spec["name"], "usage": {"cpu": f"{cpu}n", "memory": f"{memory // 1024}Ki"}})
        return found

    def _usage(self, world: World, pod: Json, spec: Json, age: float) -> tuple[int, int]:
        """(nano cores, bytes): the program's habit, else a share of what was requested."""
        program = program_of(self._programs, spec)
        resources = spec.get("resources") or {}
        asked = resources.get("requests") or {}
        cpu = parse(program.cpu or asked.get("cpu", "20m")) * (1 if program.cpu else Fraction(2, 5))
        memory = parse(program.memory or asked.get("memory", "48Mi")) * (
            Fraction(4, 5) if program.memory else Fraction(3, 5)
        )
        phase = zlib.crc32(pod["metadata"]["uid"].encode())
        moment = world.now.timestamp()
        wave = 1 + 0.18 * math.sin(moment / 47 + phase % 628 / 100) + 0.06 * math.sin(moment / 11 + phase % 311 / 50)
        limit = (resources.get("limits") or {}).get("memory")
        if limit and program.memory and parse(limit) < parse(program.memory):
            return int(cpu * 10**9 * Fraction(wave)), int(parse(limit) * Fraction(min(0.98, 0.5 + age / 50)))
        top = int(parse(limit) * Fraction(97, 100)) if limit else 1 << 60
        return int(cpu * 10**9 * Fraction(wave)), min(top, int(memory * Fraction(1 + (wave - 1) / 6)))

    def _node(self, world: World, node: Json, used: list[tuple[Fraction, Fraction]]) -> None:
        name = node["metadata"]["name"]
        phase = zlib.crc32(name.encode()) % 100
        wave = 1 + 0.05 * math.sin(world.now.timestamp() / 31 + phase)
        cpu = sum((each[0] for each in used), Fraction(0)) + parse("140m") * Fraction(wave)
        memory = sum((each[1] for each in used), Fraction(0)) + 900 * MEBI
        usage = {"cpu": f"{int(cpu * 10**9)}n", "memory": f"{int(memory) // 1024}Ki"}
        put(world, NODE_METRICS, "NodeMetrics", node["metadata"], {"usage": usage})


def put(world: World, resource: Resource, kind: str, meta: Json, body: Json) -> None:
    """Writes one measurement over the one before."""
    now = world.text()
    namespace, name = meta.get("namespace", ""), meta["name"]
    if world.store.get(resource, namespace, name) is None:
        obj: Json = {"apiVersion": "metrics.k8s.io/v1beta1", "kind": kind, "metadata": {"name": name}}
        if namespace:
            obj["metadata"]["namespace"] = namespace
        if meta.get("labels"):
            obj["metadata"]["labels"] = dict(meta["labels"])
        world.store.create(resource, obj | {"timestamp": now, "window": "15s"} | body)
        return
    world.store.mutate(resource, namespace, name, lambda old: old.update(timestamp=now, **body))
