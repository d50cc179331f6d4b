"""DaemonSet -> one pod on every node that will have it."""

from tools.demo.controllers.kinds import DAEMON_SETS, NODES, PODS
from tools.demo.controllers.placement import node_selected, untolerated
from tools.demo.controllers.revisions import HASH, ensure_revision
from tools.demo.controllers.sizing import share
from tools.demo.controllers.templates import pod_from
from tools.demo.controllers.world import World, is_active, is_available, is_ready, owned, pods_of
from tools.demo.errors import ApiError
from tools.demo.store import Json

WATCHES = (DAEMON_SETS, PODS, NODES)
SOURCE = "daemonset-controller"
cares = pods_of("DaemonSet")
TOLERATED = ("not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")


def reconcile(world: World) -> float | None:
    for daemon_set in world.store.list(DAEMON_SETS):
        one(world, daemon_set)
    return None


def one(world: World, daemon_set: Json) -> None:
    digest = ensure_revision(world, DAEMON_SETS, daemon_set)
    wanted = [node["metadata"]["name"] for node in world.store.list(NODES) if suits(daemon_set, node)]
    if not daemon_set["metadata"].get("deletionTimestamp"):
        place(world, daemon_set, wanted, digest)
    fresh = world.store.get(DAEMON_SETS, daemon_set["metadata"]["namespace"], daemon_set["metadata"]["name"])
    if fresh is not None:
        sync(world, fresh, wanted, digest)


def suits(daemon_set: Json, node: Json) -> bool:
    spec = daemon_set["spec"]["template"]["spec"]
    return node_selected(spec, node) and untolerated({**spec, "tolerations": tolerations(spec)}, node) is None


def tolerations(spec: Json) -> list[Json]:
    """What the template tolerates, and what every DaemonSet pod does."""
    own = list(spec.get("tolerations") or [])
    for name in TOLERATED:
        effect = "NoExecute" if name in ("not-ready", "unreachable") else "NoSchedule"
        own.append({"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect})
    return own


def target(pod: Json) -> str:
    """The node a DaemonSet pod is for, bound or not yet."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])


def place(world: World, daemon_set: Json, wanted: list[str], digest: str) -> None:
    pods = owned(world, PODS, daemon_set)
    for pod in pods:
        finished = pod["status"].get("phase") in ("Failed", "Succeeded")
        if (target(pod) not in wanted or finished) and not pod["metadata"].get("deletionTimestamp"):
            remove(world, daemon_set, pod)
    taken = {target(pod) for pod in pods}
    for name in wanted:
        if name not in taken:
            create(world, daemon_set, name, digest)
    renew(world, daemon_set, pods, (digest, len(wanted)))


def create(world: World, daemon_set: Json, node: str, digest: str) -> None:
    pod = pod_from(world, daemon_set, daemon_set["spec"]["template"])
    pod["metadata"].setdefault("labels", {}).update(
        {HASH: digest, "pod-template-generation": str(daemon_set["metadata"].get("generation", 1))}
    )
    fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    affinity = pod["spec"].setdefault("affinity", {}).setdefault("nodeAffinity", {})
    affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": [{"matchFields": fields}]}
    pod["spec"]["tolerations"] = tolerations(pod["spec"])
    try:
        made = world.create(PODS, pod)
    except ApiError as error:
        world.events.record(SOURCE, daemon_set, "FailedCreate", f"Error creating: {error.message}", "Warning")
        return
    world.events.record(SOURCE, daemon_set, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")


def remove(world: World, daemon_set: Json, pod: Json) -> None:
    world.remove(PODS, pod)
    world.events.record(SOURCE, daemon_set, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")


def renew(world: World, daemon_set: Json, pods: list[Json], goal: tuple[str, int]) -> None:
    """Takes down outdated pods, at most maxUnavailable away at a time; `goal` is (hash, number of pods)."""
    digest, count = goal
    strategy = daemon_set["spec"].get("updateStrategy", {})
    if strategy.get("type") == "OnDelete":
        return
    outdated = [pod for pod in pods if pod["metadata"]["labels"].get(HASH) != digest and is_active(pod)]
    limit = share((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), max(count, 1), up=True)
    away = count - sum(is_ready(pod) and is_active(pod) for pod in pods)
    for pod in sorted(outdated, key=is_ready):
        if is_ready(pod) and away >= limit:
            return
        away += is_ready(pod)
        remove(world, daemon_set, pod)


def sync(world: World, daemon_set: Json, wanted: list[str], digest: str) -> None:
    pods = [pod for pod in owned(world, PODS, daemon_set) if is_active(pod)]
    right = [pod for pod in pods if target(pod) in wanted]
    seconds = daemon_set["spec"].get("minReadySeconds", 0)
    available = sum(is_available(world, pod, seconds) for pod in right)
    status = {
        "currentNumberScheduled": len(right),
        "numberMisscheduled": len(pods) - len(right),
        "desiredNumberScheduled": len(wanted),
        "numberReady": sum(map(is_ready, right)),
    }
    rest = {
        "observedGeneration": daemon_set["metadata"].get("generation", 1),
        "updatedNumberScheduled": sum(pod["metadata"]["labels"].get(HASH) == digest for pod in right),
        "numberAvailable": available,
        "numberUnavailable": len(wanted) - available,
    }
    world.set_status(DAEMON_SETS, daemon_set, status | {key: value for key, value in rest.items() if value})
