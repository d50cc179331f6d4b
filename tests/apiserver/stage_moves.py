"""What cases do to the stage before a call, and what they look for in the cluster after it."""

from collections.abc import Callable
from typing import Any

from tests.apiserver.manifests import configmap
from tests.apiserver.plain_http import APPLY
from tests.apiserver.tool_stage import Stage
from tools.kube.sending import FIELD_MANAGER

Json = Any
Move = Callable[[Stage], None]
Check = Callable[[Stage], bool]


def path_of(stage: Stage, plural: str, name: str, api: str = "v1") -> str:
    return f"{stage.all(plural, api)}/{name}"


def fresh(manifest: Json) -> Move:
    """Makes the object anew, whatever an earlier case did to it."""

    def make(stage: Stage) -> None:
        path = stage.one(manifest)
        stage.http.delete(path)
        stage.gone(path)
        stage.create(manifest)

    return make


def marked(*names: str) -> Move:
    """ConfigMaps with the label `set: doomed`."""

    def make(stage: Stage) -> None:
        for name in names:
            manifest = configmap(name)
            fresh({**manifest, "metadata": {**manifest["metadata"], "labels": {"set": "doomed"}}})(stage)

    return make


def without(plural: str, name: str, api: str = "v1") -> Move:
    """Takes the object away if it is there."""

    def take(stage: Stage) -> None:
        stage.http.delete(path_of(stage, plural, name, api))
        stage.gone(path_of(stage, plural, name, api))

    return take


def applied(manifest: Json) -> Move:
    """Has the portal's own field manager apply exactly this."""

    def make(stage: Stage) -> None:
        without("configmaps", manifest["metadata"]["name"])(stage)
        stage.http.patch(f"{stage.one(manifest)}?fieldManager={FIELD_MANAGER}", manifest, content_type=APPLY)

    return make


def closed(node: str, unschedulable: bool) -> Move:
    def make(stage: Stage) -> None:
        stage.http.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": unschedulable or None}})

    return make


def owned_by_another(name: str) -> Move:
    """A ConfigMap whose field another manager applied."""

    def make(stage: Stage) -> None:
        manifest = configmap(name, {"mode": "slow"})
        stage.http.patch(f"{stage.one(manifest)}?fieldManager=another&force=true", manifest, content_type=APPLY)

    return make


def field(plural: str, name: str, api: str, check: Callable[[Json], Json]) -> Check:
    """Whether something holds of the object as it is now."""

    def holds(stage: Stage) -> bool:
        answer = stage.http.get(path_of(stage, plural, name, api))
        return answer.status == 200 and bool(check(answer.json))

    return holds


def absent(plural: str, name: str, api: str = "v1") -> Check:
    return lambda stage: stage.http.get(path_of(stage, plural, name, api)).status == 404


def present(plural: str, name: str, api: str = "v1") -> Check:
    return lambda stage: stage.http.get(path_of(stage, plural, name, api)).status == 200


def replicas(wanted: int, name: str = "scaled") -> Check:
    return field("deployments", name, "apps/v1", lambda found: found["spec"]["replicas"] == wanted)


def mode(wanted: str, name: str) -> Check:
    return field("configmaps", name, "v1", lambda found: found["data"]["mode"] == wanted)


def cordoned(node: str, wanted: bool) -> Check:
    return lambda stage: bool(stage.spec(f"/api/v1/nodes/{node}").get("unschedulable")) is wanted
