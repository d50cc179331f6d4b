"""A namespace with something of everything that tools look at, and the way tools are run on it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from channels.db import database_sync_to_async

from tests.apiserver.cluster import await_true
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.manifests import configmap, container, deployment, job, pod, secret
from tests.conformance.place import Place
from tests.tools.api import ANYTHING, announced
from tools import clusters, registry, toolbox
from tools.effects import Effect
from tools.kube.guard import Permit

SECONDS = 30.0
SECRET = "hunter2-never-shown"


@dataclass(frozen=True)
class Stage(Place):
    """`web` serves, `typo` cannot pull, `crash` crash-loops, `giant` is pending, `once` has finished."""

    async def run(self, name: str, arguments: dict[str, Any], user: str = "admin") -> toolbox.Outcome:
        """One call through the toolbox as that user, allowed everything, with `{ns}` filled in."""
        await database_sync_to_async(clusters.register)(self.plane.kubeconfig)
        tool = registry.find(name)
        parsed = toolbox.parse(tool, self.filled(arguments))
        permit = Permit("staged", user, Effect.EXECUTE, announce=announced, plan=ANYTHING)
        permit = replace(permit, elsewhere={name: replace(permit, cluster=name) for name in self.plane.tokens})
        return await toolbox.run(tool, parsed, user, permit)

    def filled(self, value: Any) -> Any:
        """The same with every `{ns}` replaced by this namespace, at any depth."""
        if isinstance(value, str):
            return value.replace("{ns}", self.namespace)
        if isinstance(value, dict):
            return {key: self.filled(part) for key, part in value.items()}
        return [self.filled(part) for part in value] if isinstance(value, list) else value

    @property
    def plane(self) -> ControlPlane:
        assert isinstance(self.cluster, ControlPlane)
        return self.cluster

    def spec(self, path: str) -> Any:
        return self.http.get(path).json["spec"]


def set_stage(plane: ControlPlane) -> Iterator[Stage]:
    """Builds the stage and waits until everything on it is as it shall be."""
    with plane.namespace("stage") as namespace:
        stage = Stage(plane, namespace)
        limited = container(resources={"requests": {"cpu": "10m", "memory": "16Mi"}}, ports=[{"containerPort": 80}])
        web = stage.create(deployment("web", 2, annotations={"demo/logs": "one\ntwo\nthree"}, containers=[limited]))
        crash = stage.create(pod("crash", containers=[container(command=["sh", "-c", "exit 3"])]))
        stage.create(pod("typo", containers=[container("registry.invalid/web:9")]))
        stage.create(pod("giant", containers=[container(resources={"requests": {"cpu": "640"}})]))
        once = stage.create(job("once"))
        spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
        stage.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec})
        stage.create(configmap("settings", {"mode": "fast"}))
        stage.create(secret("keys", token=SECRET))
        stage.wait(web, lambda found: found["status"].get("availableReplicas") == 2, "web is available")
        stage.wait(once, lambda found: found["status"].get("succeeded"), "once is done")
        warnings = stage.all("events", fieldSelector="type=Warning")

        def told() -> set[str]:
            return {event["involvedObject"]["name"] for event in stage.http.get(warnings).json["items"]}

        await_true(lambda: {"crash", "typo", "giant"} <= told(), SECONDS, "warnings are told")
        stage.wait(crash, lambda found: found["status"]["containerStatuses"][0]["restartCount"] > 0, "crash restarts")
        yield stage
