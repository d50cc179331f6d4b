"""The life of one container, as a kubelet drives it: pull, create, start, fail, wait, start again."""

import hashlib
from dataclasses import dataclass, field

from tools.demo.container_config import configure, mounted_secrets
from tools.demo.controllers.world import World
from tools.demo.images import pull_error
from tools.demo.programs import Fate, Programs, fate, program_of
from tools.demo.store import Json

FIRST_WAIT, LONGEST_WAIT = 10.0, 300.0
SETTLED = 600.0  # a container that ran this long starts its back-off afresh
HASTE, SHORT = 0.02, 2.5  # a hasty cluster skips waits under SHORT and keeps this part of the others
REPEAT = 30.0  # seconds between repeated warnings about one container


@dataclass
class Container:
    """What the kubelet remembers of one container; times are seconds since the epoch."""

    name: str
    stage: str = "new"
    due: float = 0.0
    restarts: int = 0
    crashes: int = 0
    pulls: int = 0
    warned: float = 0.0
    began: float = 0.0
    ready: bool = False
    fate: Fate = field(default_factory=Fate)
    state: Json = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last: Json = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.stage == "ended"

    @property
    def exit_code(self) -> int:
        return int(self.state.get("terminated", {}).get("exitCode", 0))


class Shift:
    """One look at one container of one pod."""

    def __init__(self, world: World, programs: Programs, pod: Json, spec: Json, run: Container) -> None:
        self.world, self.pod, self.spec, self.run = world, pod, spec, run
        self.program = program_of(programs, spec)
        self.init = spec in (pod["spec"].get("initContainers") or [])
        self.now = world.now.timestamp()

    def go(self) -> None:
        """Takes every step that is due by now."""
        for _ in range(8):
            stage = self.run.stage
            if stage == "ended" or (stage != "misconfigured" and self.now + 0.001 < self.run.due):
                return
            getattr(self, f"do_{stage}")()
            if self.run.stage == stage:
                return

    def do_new(self) -> None:
        image = self.spec["image"]
        present: set[str] = self.world.memory.setdefault("images", set())
        key = f"{self.pod['spec']['nodeName']} {image}"
        if key in present and self.spec.get("imagePullPolicy") != "Always":
            self.tell("Pulled", f'Container image "{image}" already present on machine')
            self.to("creating", 0.4)
            return
        self.tell("Pulling", f'Pulling image "{image}"')
        self.to("pulling", self.world.store.random.uniform(0.6, 1.6))

    def do_pulling(self) -> None:
        image = self.spec["image"]
        problem = pull_error(image, self.program.tags, plain=self.world.hasty)
        if not problem:
            self.world.memory.setdefault("images", set()).add(f"{self.pod['spec']['nodeName']} {image}")
            took = self.world.store.random.randint(400, 1500)
            size = self.world.store.random.randint(20_000_000, 90_000_000)
            times = f"in {took}ms ({took}ms including waiting)"
            self.tell("Pulled", f'Successfully pulled image "{image}" {times}. Image size: {size} bytes.')
            self.to("creating", 0.3)
            return
        self.tell("Failed", problem, warning=True)
        if not self.world.hasty:
            self.tell("Failed", "Error: ErrImagePull", warning=True)
        self.run.state = {"waiting": {"reason": "ErrImagePull", "message": problem.partition(": ")[2]}}
        self.to("unpullable", 3.0)

    def do_unpullable(self) -> None:
        run, image = self.run, self.spec["image"]
        wait = backoff(run.pulls)
        run.pulls += 1
        problem = pull_error(image, self.program.tags, plain=self.world.hasty)
        message = f'Back-off pulling image "{image}": ErrImagePull: {problem.partition(": ")[2]}'
        run.state = {"waiting": {"reason": "ImagePullBackOff", "message": problem if self.world.hasty else message}}
        self.tell("BackOff", f'Back-off pulling image "{image}"')
        if not self.world.hasty:
            self.tell("Failed", "Error: ImagePullBackOff", warning=True)
        self.to("pull_again", wait)

    def do_pull_again(self) -> None:
        self.tell("Pulling", f'Pulling image "{self.spec["image"]}"')
        self.to("pulling", 0.8)

    def do_creating(self) -> None:
        config = configure(self.world.store, self.pod, self.spec)
        if config.problem:
            self.run.state = {"waiting": {"reason": "CreateContainerConfigError", "message": config.problem}}
            self.tell("Failed", f"Error: {config.problem}", warning=True)
            self.to("misconfigured", 10.0)
            return
        self.start(config.environment)

    def do_misconfigured(self) -> None:
        """Looked at on every change of a Secret or ConfigMap, and reported from time to time."""
        config = configure(self.world.store, self.pod, self.spec)
        if not config.problem:
            self.start(config.environment)
            return
        self.run.state["waiting"] = {"reason": "CreateContainerConfigError", "message": config.problem}
        if self.now >= self.run.due:
            self.tell("Failed", f"Error: {config.problem}", warning=True)
            self.to("misconfigured", REPEAT)

    def start(self, environment: dict[str, str]) -> None:
        run, name = self.run, self.run.name
        self.tell("Created", f"Created container: {name}")
        self.tell("Started", f"Started container {name}")
        run.began, run.ready, run.warned = self.now, False, 0.0
        run.state = {"running": {"startedAt": self.world.text()}}
        run.fate = fate(self.program, self.pod, self.spec, environment | mounted_secrets(self.world.store, self.pod))
        self.to("running", 0.0)
        self.do_running()

    def do_running(self) -> None:
        run, end = self.run, self.run.fate
        lived = self.now - run.began
        if end.exit_code is not None and lived + 0.001 >= self.hurry(end.after):
            self.finish(end)
            return
        run.ready = end.ready_after is not None and lived + 0.001 >= self.hurry(end.ready_after)
        if end.unready or end.unhealthy:
            self.warn("Unhealthy", end.unready or end.unhealthy)
        times = [run.began + self.hurry(end.after)] if end.exit_code is not None else []
        if end.ready_after is not None and not run.ready:
            times.append(run.began + self.hurry(end.ready_after))
        if end.unready or end.unhealthy:
            times.append(self.now + 10.0)
        run.due = min(times, default=float("inf"))

    def finish(self, end: Fate) -> None:
        run = self.run
        run.ready = False
        if end.unhealthy:
            kind = end.unhealthy.split()[0].lower()
            self.tell("Unhealthy", end.unhealthy, warning=True)
            self.tell("Killing", f"Container {run.name} failed {kind} probe, will be restarted")
        code = end.exit_code or 0
        ended = {"exitCode": code, "reason": end.reason, "startedAt": run.state["running"]["startedAt"]}
        ended["finishedAt"] = self.world.text()
        if not self.world.hasty:
            ended["containerID"] = container_id(self.pod, run)
        if self.now - run.began > SETTLED:
            run.crashes = 0
        run.state = {"terminated": ended}
        policy = self.pod["spec"].get("restartPolicy", "Always")
        if (code == 0 and (self.init or policy != "Always")) or policy == "Never":
            run.stage = "ended"
            return
        run.crashes += 1
        self.to("stopped", 0.8)

    def do_stopped(self) -> None:
        run = self.run
        run.last = run.state
        wait = 0.0 if run.crashes <= 1 else backoff(run.crashes - 2)
        if wait == 0.0:
            self.do_backoff()
            return
        meta = self.pod["metadata"]
        place = f"container={run.name} pod={meta['name']}_{meta['namespace']}({meta['uid']})"
        text = f"back-off {words_of(wait)} restarting failed {place}"
        if self.world.hasty:
            text = f"back-off {int(wait)}s restarting failed container"
        run.state = {"waiting": {"reason": "CrashLoopBackOff", "message": text}}
        self.to("backoff", wait)
        self.warn("BackOff", f"Back-off restarting failed container {run.name} in pod {place.split('pod=')[1]}")

    def do_backoff(self) -> None:
        self.run.restarts += 1
        self.run.stage = "new"
        self.run.due = self.now

    def back_off_again(self) -> None:
        """The warning repeats while a container waits to be started again."""
        if self.run.stage == "backoff":
            meta = self.pod["metadata"]
            place = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
            self.warn("BackOff", f"Back-off restarting failed container {self.run.name} in pod {place}")

    def warn(self, reason: str, message: str) -> None:
        if self.now - self.run.warned >= REPEAT:
            self.run.warned = self.now
            self.tell(reason, message, warning=True)

    def tell(self, reason: str, message: str, warning: bool = False) -> None:
        kind = "initContainers" if self.init else "containers"
        part = f"spec.{kind}{{{self.run.name}}}"
        self.world.events.record("kubelet", self.pod, reason, message, "Warning" if warning else "Normal", part)

    def to(self, stage: str, wait: float) -> None:
        self.run.stage = stage
        self.run.due = self.now + self.hurry(wait)

    def hurry(self, seconds: float) -> float:
        """In a hasty cluster short waits are skipped and long ones cut."""
        if not self.world.hasty:
            return seconds
        return 0.0 if seconds < SHORT else seconds * HASTE


def backoff(failures: int) -> float:
    """10 s, doubled with every failure, at most five minutes."""
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures, 10)))


def words_of(seconds: float) -> str:
    """A duration as Go prints it: 40s, 2m40s, 5m0s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def container_id(pod: Json, run: Container) -> str:
    """Stable for one start of one container."""
    text = f"{pod['metadata']['uid']} {run.name} {run.restarts}"
    return "containerd://" + hashlib.sha256(text.encode()).hexdigest()
