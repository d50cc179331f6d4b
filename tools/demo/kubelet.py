"""An imitation of the nodes' kubelets: pods bound to a node start, run, fail and end as their images would."""

from dataclasses import dataclass, field

from tools.demo.container_config import mount_problem
from tools.demo.containers import Container, Shift
from tools.demo.controllers.kinds import CONFIG_MAPS, NODES, PODS, SECRETS
from tools.demo.controllers.world import World
from tools.demo.pod_status import Sandbox, status_of
from tools.demo.programs import Programs
from tools.demo.store import Json

WATCHES = (PODS, SECRETS, CONFIG_MAPS, NODES)
STOPPING = 1.2  # seconds a program takes to stop when asked


@dataclass
class PodRun:
    """What the kubelet remembers of one pod."""

    address: str = ""
    start: str = ""
    stopped_at: float = 0.0
    mount_due: float = 0.0
    mounted: bool = False
    due: float = 0.0
    seen: tuple[str, int] = ("", 0)
    inits: list[Container] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)


class Kubelet:
    """All nodes' kubelets in one; `programs` says what the images do."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._runs: dict[str, PodRun] = {}
        self._addresses = 2
        self._given = 0
        self._config: list[str] = []

    def reconcile(self, world: World) -> float | None:
        """One look at every bound pod; the seconds until something is due."""
        now = world.now.timestamp()
        self._notice_config(world)
        due: list[float] = []
        alive = set()
        for pod in world.store.list(PODS):
            if not pod["spec"].get("nodeName"):
                continue
            alive.add(pod["metadata"]["uid"])
            if pod["status"].get("phase") in ("Succeeded", "Failed") and not pod["metadata"].get("deletionTimestamp"):
                continue
            revision = world.store.revision
            due.append(self._look_if_needed(world, pod, now))
            if world.hasty and world.store.revision != revision:
                return 0.0  # one pod after the other, as the recording's node agent went
        for uid in [uid for uid in self._runs if uid not in alive]:
            del self._runs[uid]
        first = min(due, default=float("inf"))
        return None if first == float("inf") else max(0.0, first - now)

    def _notice_config(self, world: World) -> None:
        """Counts the changes of Secrets and ConfigMaps, which pods may be waiting for."""
        kinds = (SECRETS, CONFIG_MAPS)
        config = [each["metadata"]["resourceVersion"] for kind in kinds for each in world.store.list(kind)]
        if config != self._config:
            self._config = config
            self._given += 1

    def _look_if_needed(self, world: World, pod: Json, now: float) -> float:
        run = self._runs.get(pod["metadata"]["uid"])
        version = (pod["metadata"]["resourceVersion"], self._given)
        if run is not None and run.seen == version and now + 0.001 < run.due:
            return run.due
        due = self._look(world, pod)
        fresh = world.store.get(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        run = self._runs.get(pod["metadata"]["uid"])
        if run is not None and fresh is not None:
            run.due, run.seen = due, (fresh["metadata"]["resourceVersion"], self._given)
        return due

    def _look(self, world: World, pod: Json) -> float:
        run = self._runs.get(pod["metadata"]["uid"])
        if run is None:
            run = self._begin(world, pod)
        if pod["metadata"].get("deletionTimestamp"):
            return self._stop(world, pod, run)
        self._advance(world, pod, run)
        self._report(world, pod, run)
        everyone = [*run.inits, *run.containers]
        return min(
            [each.due for each in everyone if not each.ended] + ([] if run.mounted else [run.mount_due]),
            default=float("inf"),
        )

    def _begin(self, world: World, pod: Json) -> PodRun:
        run = PodRun(start=world.text())
        run.inits = [Container(each["name"]) for each in pod["spec"].get("initContainers") or []]
        run.containers = [Container(each["name"]) for each in pod["spec"]["containers"]]
        wait = 0.0 if world.hasty else world.store.random.uniform(0.2, 0.8)
        for each in [*run.inits, *run.containers]:
            each.due = world.now.timestamp() + wait
            if run.inits and each in run.containers:
                each.state = {"waiting": {"reason": "PodInitializing"}}
        if world.hasty:
            run.address = self._address(world, pod)
        self._runs[pod["metadata"]["uid"]] = run
        return run

    def _address(self, world: World, pod: Json) -> str:
        if pod["spec"].get("hostNetwork"):
            return host_of(world, pod)
        self._addresses += 1
        if world.hasty:
            return f"10.244.0.{self._addresses}" if self._addresses < 255 else f"10.244.1.{self._addresses % 254 + 1}"
        names = [node["metadata"]["name"] for node in world.store.list(NODES)]
        block = names.index(pod["spec"]["nodeName"]) if pod["spec"]["nodeName"] in names else 9
        return f"10.244.{block}.{self._addresses % 250 + 3}"

    def _advance(self, world: World, pod: Json, run: PodRun) -> None:
        if not run.mounted:
            problem = mount_problem(world.store, pod)
            if problem:
                if world.now.timestamp() >= run.mount_due:
                    run.mount_due = world.now.timestamp() + 30.0
                    world.events.record("kubelet", pod, "FailedMount", problem, "Warning")
                return
            run.mounted = True
        if not run.address and any(each.due <= world.now.timestamp() for each in run.containers):
            run.address = self._address(world, pod)
        for spec, each in zip(pod["spec"].get("initContainers") or [], run.inits, strict=True):
            self._shift(world, pod, spec, each)
            if not each.ended or each.exit_code:
                self._hold(run, each)
                return
        for spec, each in zip(pod["spec"]["containers"], run.containers, strict=True):
            self._shift(world, pod, spec, each)

    def _shift(self, world: World, pod: Json, spec: Json, run: Container) -> None:
        shift = Shift(world, self._programs, pod, spec, run)
        shift.back_off_again()
        shift.go()

    def _hold(self, run: PodRun, init: Container) -> None:
        """The main containers wait for the init containers, however long that takes."""
        for each in run.containers:
            each.due = float("inf") if init.ended else init.due + 0.01

    def _report(self, world: World, pod: Json, run: PodRun) -> None:
        sandbox = Sandbox(run.address, host_of(world, pod), run.start, world.text(), world.hasty)
        status = status_of(pod, sandbox, run.inits, run.containers)
        if status == pod["status"]:
            return
        meta = pod["metadata"]
        world.store.mutate(
            PODS,
            meta["namespace"],
            meta["name"],
            lambda obj: obj["status"].update(status),
            manager="kubelet",
            subresource="status",
        )

    def _stop(self, world: World, pod: Json, run: PodRun) -> float:
        """Asks the containers to stop, then takes the pod out of the store."""
        now, meta = world.now.timestamp(), pod["metadata"]
        if not run.stopped_at:
            grace = float(meta.get("deletionGracePeriodSeconds") or 0)
            wait = 0.05 if world.hasty else min(STOPPING, grace)
            run.stopped_at = now + wait
            for each in run.containers:
                if "running" in each.state and not world.hasty:
                    part = f"spec.containers{{{each.name}}}"
                    world.events.record("kubelet", pod, "Killing", f"Stopping container {each.name}", field=part)
        if now + 0.001 < run.stopped_at:
            return run.stopped_at
        if not meta.get("finalizers"):
            world.store.remove(PODS, meta["namespace"], meta["name"])
        return float("inf")


def host_of(world: World, pod: Json) -> str:
    node = world.store.get(NODES, "", pod["spec"]["nodeName"])
    addresses = (node or {}).get("status", {}).get("addresses") or []
    return next((str(each["address"]) for each in addresses if each["type"] == "InternalIP"), "127.0.0.1")
