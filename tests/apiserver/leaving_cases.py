"""Pods, nodes and objects that end, on the real API server: evictions, drains, taints, finalizers, debug containers."""

from collections.abc import Callable

from tests.apiserver.cluster import await_true
from tests.apiserver.manifests import configmap, pod
from tests.apiserver.stage_moves import absent, fresh, path_of, present
from tests.apiserver.tool_case import Case, Json
from tests.apiserver.tool_stage import SECONDS, Stage

WORKS: dict[str, list[Case]] = {}
FAILS: dict[str, list[Case]] = {}
HERE = {"namespace": "{ns}"}

# ---- pod_evict ---------------------------------------------------------------------------------------------------


def running(name: str) -> Callable[[Stage], None]:
    """A bare pod that runs and is ready."""

    def make(stage: Stage) -> None:
        fresh(pod(name))(stage)
        stage.wait(path_of(stage, "pods", name), _is_ready, f"{name} is ready")

    return make


def _is_ready(found: Json) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in found["status"].get("conditions", []))


def guarded(stage: Stage) -> None:
    """A pod whose budget lets nobody go."""
    running("guarded")(stage)
    guard(stage, "strict", "guarded")


def guard(stage: Stage, name: str, app: str) -> None:
    api = stage.served("PodDisruptionBudget", "policy/v1", "policy/v1beta1")
    path = f"{stage.all('poddisruptionbudgets', api)}/{name}"
    if stage.http.get(path).status == 404:
        spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": app}}}
        budget = {"apiVersion": api, "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}
        assert stage.http.post(stage.all("poddisruptionbudgets", api), budget).status == 201
    stage.wait(path, lambda found: found.get("status", {}).get("currentHealthy") == 1, "the budget has counted")


WORKS["pod_evict"] = [
    Case({"pod": "leaver", **HERE}, ("Evicted",), before=running("leaver"), after=absent("pods", "leaver")),
]
FAILS["pod_evict"] = [
    Case({"pod": "ghost", **HERE}, ("ghost",)),
    Case({"pod": "guarded", **HERE}, ("may not go now", "strict"), before=guarded, after=present("pods", "guarded")),
    Case({"pod": "crash", **HERE}, ("pods/eviction",), "viewer", after=present("pods", "crash")),
]

# ---- node_taint --------------------------------------------------------------------------------------------------

TAINT = {"node": "node-2", "key": "example.com/only", "value": "db"}


def untainted(stage: Stage) -> None:
    stage.http.patch("/api/v1/nodes/node-2", {"spec": {"taints": None}})


def tainted(stage: Stage) -> None:
    taints = [{"key": "example.com/only", "value": "db", "effect": "NoSchedule"}]
    stage.http.patch("/api/v1/nodes/node-2", {"spec": {"taints": taints}})


def then_untainted(stage: Stage) -> bool:
    """The taint is there; it is taken away again."""
    there = any(taint["key"] == "example.com/only" for taint in stage.spec("/api/v1/nodes/node-2").get("taints", []))
    untainted(stage)
    return there


WORKS["node_taint"] = [
    Case(TAINT, ("example.com/only=db:NoSchedule",), before=untainted, after=then_untainted),
    Case(
        {**TAINT, "remove": True},
        ("taken away",),
        before=tainted,
        after=lambda stage: "taints" not in stage.spec("/api/v1/nodes/node-2"),
    ),
]
FAILS["node_taint"] = [
    Case({**TAINT, "node": "node-9"}, ("node-9",)),
    Case({**TAINT, "key": "a b"}, ("metadata.taints[0].key",), before=untainted),
    Case({**TAINT, "remove": True}, ("has no taint",), before=untainted),
    Case(TAINT, ("nodes", "viewer"), "viewer", before=untainted),
]

# ---- node_drain --------------------------------------------------------------------------------------------------

SPARE = "/api/v1/nodes/spare"


def spare(stage: Stage) -> None:
    """A node that nobody tends, with one pod that is bound to it."""
    stage.http.delete(SPARE)
    await_true(lambda: stage.http.get(SPARE).status == 404, SECONDS, "the old spare node is gone")
    assert stage.http.post("/api/v1/nodes", {"metadata": {"name": "spare"}}).status == 201
    path = path_of(stage, "pods", "stranded")
    stage.http.request("DELETE", path, {"gracePeriodSeconds": 0})
    stage.gone(path)
    stage.create(pod("stranded", nodeName="spare"))


def spare_with_a_guarded_pod(stage: Stage) -> str:
    """The same, and a budget does not let the pod go: as far as the cluster knows it serves."""
    spare(stage)
    path = path_of(stage, "pods", "stranded")
    ready = {"type": "Ready", "status": "True"}
    stage.http.patch(f"{path}/status", {"status": {"phase": "Running", "conditions": [ready]}})
    guard(stage, "held-back", "stranded")
    return "spare"


def emptied(stage: Stage) -> bool:
    """The pod is gone and the node closed; the node is taken away."""
    closed = bool(stage.spec(SPARE).get("unschedulable"))
    stage.http.delete(SPARE)
    return closed and stage.http.get(path_of(stage, "pods", "stranded")).status == 404


def left_alone(stage: Stage) -> bool:
    there = stage.http.get(path_of(stage, "pods", "stranded")).status == 200
    stage.http.request("DELETE", path_of(stage, "pods", "stranded"), {"gracePeriodSeconds": 0})
    stage.http.delete(SPARE)
    return there


WORKS["node_drain"] = [
    Case({"node": "spare", "force": True, "grace_seconds": 0}, ("closed and empty",), before=spare, after=emptied)
]
FAILS["node_drain"] = [
    Case({"node": "node-9"}, ("node-9",)),
    Case({"node": "spare"}, ("nothing makes these anew", "stranded"), before=spare, after=left_alone),
    Case({"node": "spare", "force": True}, ("viewer",), "viewer", before=spare, after=left_alone),
]

# ---- finalizer_clear ---------------------------------------------------------------------------------------------


def held(stage: Stage) -> None:
    """A ConfigMap whose deletion hangs on two finalizers."""
    path = path_of(stage, "configmaps", "held")
    stage.http.patch(path, {"metadata": {"finalizers": None}})
    finalizers = ["gadgets.example.com/cleanup", "other.example.org/cleanup"]
    fresh(configmap("held", finalizers=finalizers))(stage)
    stage.http.delete(path)


HELD = {"kind": "configmap", "name": "held", **HERE}
WORKS["finalizer_clear"] = [
    Case(HELD, ("Nothing holds it",), before=held, after=absent("configmaps", "held")),
    Case(
        {**HELD, "finalizers": ["other.example.org/cleanup"]}, ("waits for gadgets.example.com/cleanup",), before=held
    ),
]
FAILS["finalizer_clear"] = [
    Case({**HELD, "name": "settings"}, ("is not being deleted",)),
    Case({**HELD, "name": "ghost"}, ("ghost",)),
    Case({**HELD, "finalizers": ["ghost"]}, ("has no finalizer ghost",), before=held),
    Case(HELD, ("viewer",), "viewer", before=held, after=present("configmaps", "held")),
]

# ---- pod_debug ---------------------------------------------------------------------------------------------------

DEBUG_IMAGE = "busybox:1.36"
DEBUG = {"pod": "looked-into", "image": DEBUG_IMAGE, "command": ["sh", "-c", "exit 3"], **HERE}
SINCE = 25  # when debug containers became stable
WORKS["pod_debug"] = [Case(DEBUG, ("exit code 3", "fatal"), before=running("looked-into"), since=SINCE)]
FAILS["pod_debug"] = [
    Case({**DEBUG, "image": "evil.example/all:1"}, ("not allowed", DEBUG_IMAGE)),
    Case({**DEBUG, "pod": "ghost"}, ("ghost",)),
    Case({**DEBUG, "target": "side"}, ("side", "app"), before=running("looked-into"), since=SINCE),
    Case(DEBUG, ("pods/ephemeralcontainers",), "viewer", before=running("looked-into"), since=SINCE),
]
