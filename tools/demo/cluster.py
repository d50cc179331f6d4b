"""The living demo cluster: a store, its controllers and kubelets, and the loop that keeps them going."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tools.demo import heartbeat, kubelet, metrics
from tools.demo.controllers.kinds import NODES, STORAGE_CLASSES
from tools.demo.controllers.recorder import Recorder
from tools.demo.controllers.roster import Controller, controllers
from tools.demo.controllers.world import MANAGER, World
from tools.demo.engine import Engine
from tools.demo.inside import Inside
from tools.demo.managed_fields import track
from tools.demo.pod_logs import ContainerLogs
from tools.demo.programs import Programs
from tools.demo.store import Change, Json, Store
from tools.demo.story import loader
from tools.demo.time_machine import TimeMachine

BREATH = 0.03  # seconds changes are gathered before the controllers look
SLOW_TICK = 2.0  # seconds after which they look whatever happens
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nbWFkZS11cA==\n-----END CERTIFICATE-----\n"


class DemoCluster:
    """`start` and `stop` belong to one event loop; `store` and `logs` are what the API server is built over."""

    def __init__(self, store: Store, programs: Programs, hasty: bool = False, with_metrics: bool = True) -> None:
        inside = Inside(store)
        self.store = store
        self.logs = ContainerLogs(store, programs)
        self.world = World(
            store=store,
            events=Recorder(store, plain=hasty),
            admit=inside.create,
            delete=inside.delete,
            kinds=inside.kinds,
            root_certificate=CERTIFICATE,
            metrics=with_metrics,
            hasty=hasty,
        )
        meter = metrics.Meter(programs)
        agents = [
            Controller("kubelet", kubelet.WATCHES, kubelet.Kubelet(programs).reconcile),
            Controller("heartbeat", heartbeat.WATCHES, heartbeat.reconcile),
        ]
        if with_metrics:
            agents.append(Controller("metrics", (), meter.reconcile))
        self.engine = Engine(self.world, [*agents, *controllers()])
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._deafen: Callable[[], None] = lambda: None

    @classmethod
    def story(cls, seed: int = 7, now: datetime | None = None, certificate: str = CERTIFICATE) -> "DemoCluster":
        """The cluster of the story in its opening state; with `now` its clock starts there and stands still."""
        clock = TimeMachine()
        cluster = cls(Store(clock, seed, track), loader.programs())
        cluster.world.root_certificate = certificate
        loader.play(cluster.world, cluster.engine, clock, now or datetime.now(UTC))
        if now is None:
            clock.release()
        cluster.engine.wake_all()
        cluster.engine.settle()
        return cluster

    @classmethod
    def bare(cls, now: datetime, seed: int = 7) -> "DemoCluster":
        """The nodes and what every cluster has, with the story's programs; its clock stands still at `now`."""
        clock = TimeMachine()
        clock.set_to(now)
        cluster = cls(Store(clock, seed, track), loader.programs())
        loader.lay_ground(cluster.world)
        cluster.engine.settle()
        return cluster

    def pass_time(self, seconds: float) -> None:
        """Moves a standing clock forward, letting everything happen that is due on the way."""
        clock = self.store.clock
        if not isinstance(clock, TimeMachine):
            raise TypeError("Only a cluster with a standing clock can be moved through time.")
        self.engine.play(clock, clock.now() + timedelta(seconds=seconds))

    @classmethod
    def golden(cls, store: Store) -> "DemoCluster":
        """Controllers and three plain nodes for a store that exists, as the recording's phase `cluster` begins."""
        cluster = cls(store, {}, hasty=True, with_metrics=False)
        for number in range(3):
            register(cluster.world, f"node-{number}")
        cluster.world.create(STORAGE_CLASSES, standard_class(), "kubelet")
        return cluster

    def start(self) -> None:
        """Begins to react to changes; needs a running event loop."""
        if self._task is None:
            self._deafen = self.store.on_change(self._noticed)
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            self._deafen()

    def _noticed(self, change: Change) -> None:
        self._awake.set()

    async def _run(self) -> None:
        while True:
            self._awake.clear()
            self.engine.settle()
            wait = self.engine.wait()
            pause = SLOW_TICK if wait is None else min(wait, SLOW_TICK)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._awake.wait()
            await asyncio.sleep(BREATH)


def register(world: World, name: str) -> None:
    """A node as the recording's node agent registers it, and what the node controller adds."""
    node = plain_node(name, world.text())
    status = node["status"]
    nothing = dict.fromkeys(status["nodeInfo"], "")
    node["status"] = {"daemonEndpoints": {"kubeletEndpoint": {"Port": 0}}, "nodeInfo": nothing}
    world.create(NODES, node, "kubelet")
    world.store.mutate(
        NODES, "", name, lambda obj: obj.__setitem__("status", status), manager="kubelet", subresource="status"
    )

    def complete(obj: Json) -> None:
        labels = {"beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux"}
        obj["metadata"]["labels"].update(labels)
        obj["metadata"]["annotations"] = {"node.alpha.kubernetes.io/ttl": "0"}

    world.store.mutate(NODES, "", name, complete, manager=MANAGER)
    heartbeat.renew(world, name)


def plain_node(name: str, now: str) -> Json:
    """With the conditions of a healthy node."""
    room = {"cpu": "4", "memory": "16Gi", "pods": "110"}
    times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
    ready = {"type": "Ready", "status": "True", **times, "reason": "KubeletReady", "message": "KubeletReady"}
    rest = [
        {"type": kind, "status": "False", **times, "reason": "ok", "message": "ok"}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
    ]
    system = {"operatingSystem": "linux", "architecture": "amd64", "kubeletVersion": "v1.36.2", "kubeProxyVersion": ""}
    image = {"kernelVersion": "0.0-fake", "osImage": "Fake OS", "containerRuntimeVersion": "fake://1.0"}
    labels = {"kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {},
        "status": {
            "capacity": dict(room),
            "allocatable": dict(room),
            "conditions": [ready, *rest],
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {"machineID": "fake", "systemUUID": "fake", "bootID": "fake", **image, **system},
        },
    }


def standard_class() -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "demo/fake",
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
        "volumeBindingMode": "Immediate",
    }
