"""Reads the story's files and plays them: what happened how long ago, through the very controllers that go on later."""

import base64
import copy
import re
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tools.demo.bootstrap import bootstrap
from tools.demo.controllers.kinds import NODES
from tools.demo.controllers.world import World
from tools.demo.defaults import apply_defaults
from tools.demo.engine import Engine
from tools.demo.patch import strategic_merge
from tools.demo.programs import Program, Programs
from tools.demo.store import Json, Resource
from tools.demo.story.releases import secret
from tools.demo.time_machine import TimeMachine

FOLDER = Path(__file__).parent
FILES = ("cluster", "people", "kube-system", "monitoring", "payments", "shop", "gitops")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SETTLING = timedelta(seconds=120)  # how long things are watched after each step of the story
REMEMBERED = timedelta(hours=6)  # what happened earlier has left no event
RECENT = timedelta(hours=2)  # the part of the past that is played without gaps


def read_yaml(name: str) -> Any:
    """One file of the story, read by the C parser where there is one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((FOLDER / f"{name}.yaml").read_text(), Loader=loader)


def seconds(text: str) -> int:
    """`12d`, `47m`, `1h30m` as seconds."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))


@cache
def programs() -> Programs:
    """The table of programs, by image path."""
    rows: dict[str, Json] = read_yaml("programs")
    return {name: program(row) for name, row in rows.items()}


def program(row: Json) -> Program:
    fields: Json = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Program(**fields)


def steps() -> list[tuple[int, Json]]:
    """(seconds ago, step) of all files, the oldest first; files keep their order within one moment."""
    found = [(seconds(step["ago"]), step) for name in FILES for step in read_yaml(name)]
    return sorted(found, key=lambda pair: -pair[0])


def play(world: World, engine: Engine, clock: TimeMachine, now: datetime) -> None:
    """Builds the opening state as of `now`; long quiet times are skipped, the last two hours are played through."""
    world.replaying = True
    clock.set_to(now - timedelta(days=90))
    lay_ground(world)
    for ago, step in steps():
        moment = now - timedelta(seconds=ago)
        world.events.muted = timedelta(seconds=ago) > REMEMBERED
        if clock.now() < moment:
            if moment - clock.now() > RECENT and clock.now() < now - RECENT:
                clock.set_to(min(moment, now - RECENT))
            engine.play(clock, moment)
        apply(world, step)
        if ago > RECENT.total_seconds():
            engine.play(clock, moment + SETTLING)
    world.events.muted = False
    if clock.now() < now - RECENT:
        clock.set_to(now - RECENT)
    engine.play(clock, now)
    world.replaying = False


def lay_ground(world: World) -> None:
    """What every cluster has, and the three nodes."""
    bootstrap(world.store)
    for number in (1, 2, 3):
        world.store.create(NODES, node(number, world.text()))
    apply(world, read_yaml("ground")[0])


def apply(world: World, step: Json) -> None:
    releases = [secret(row, world.text()) for row in step.get("releases", [])]
    for obj in [*releases, *step.get("create", [])]:
        kind = world.kinds.named(obj["apiVersion"], obj["kind"])
        if kind is None:
            raise LookupError(f"the story names {obj['kind']}, which this API server does not serve")
        body = with_encoded_data(copy.deepcopy(obj))
        status = body.pop("status", None)
        made = world.create(kind.resource, body, "kubectl-create")
        if status:
            world.set_status(kind.resource, made, status)
    for change in step.get("patch", []):
        kind = world.kinds.named(change["apiVersion"], change["kind"])
        if kind is not None:
            edit(world, kind.resource, change)


def edit(world: World, resource: Resource, change: Json) -> None:
    """A strategic merge patch, as `kubectl patch` sends it."""

    def patch(obj: Json) -> None:
        obj.update(strategic_merge(resource.group, resource.plural, obj, change["with"]))
        apply_defaults(resource.group, resource.plural, obj)

    world.store.mutate(resource, change["namespace"], change["name"], patch, manager="kubectl-patch")


def with_encoded_data(obj: Json) -> Json:
    """`stringData` of a Secret as the API server stores it."""
    for key, text in obj.pop("stringData", {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()
    return obj


def node(number: int, moment: str) -> Json:
    """A worker with 4 CPUs and 16 GiB."""
    name = f"node-{number}"
    room = {"cpu": "4", "ephemeral-storage": "60Gi", "memory": "16Gi", "pods": "110"}
    healthy = {
        "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        "Ready": ("KubeletReady", "kubelet is posting ready status"),
    }
    conditions = [
        {
            "type": kind,
            "status": "True" if kind == "Ready" else "False",
            "lastHeartbeatTime": moment,
            "lastTransitionTime": moment,
            "reason": reason,
            "message": message,
        }
        for kind, (reason, message) in healthy.items()
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/worker": "",
                "topology.kubernetes.io/zone": f"zone-{'abc'[number - 1]}",
            },
            "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
        },
        "spec": {"podCIDR": f"10.244.{number - 1}.0/24", "podCIDRs": [f"10.244.{number - 1}.0/24"]},
        "status": {
            "capacity": dict(room),
            "allocatable": dict(room),
            "conditions": conditions,
            "addresses": [
                {"type": "InternalIP", "address": f"192.168.49.1{number}"},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": f"{number:032x}",
                "systemUUID": f"00000000-0000-4000-8000-{number:012x}",
                "bootID": f"00000000-0000-4000-9000-{number:012x}",
                "kernelVersion": "6.12.0-demo",
                "osImage": "Demo Linux 1.0",
                "containerRuntimeVersion": "containerd://2.0.2",
                "kubeletVersion": "v1.36.2",
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }
