"""StatefulSet -> pods with ordinal names, one after the other, each with its claims."""

import copy

from tools.demo.controllers.kinds import CLAIMS, PODS, REVISIONS, STATEFUL_SETS
from tools.demo.controllers.revisions import ensure_revision
from tools.demo.controllers.templates import pod_from
from tools.demo.controllers.world import World, is_active, is_available, is_ready, owned, pods_of
from tools.demo.errors import ApiError
from tools.demo.store import Json

WATCHES = (STATEFUL_SETS, PODS, CLAIMS, REVISIONS)
SOURCE = "statefulset-controller"
cares = pods_of("StatefulSet")
LABEL = "controller-revision-hash"


def reconcile(world: World) -> float | None:
    for stateful_set in world.store.list(STATEFUL_SETS):
        one(world, stateful_set)
    return None


def one(world: World, stateful_set: Json) -> None:
    revision = ensure_revision(world, STATEFUL_SETS, stateful_set)
    pods = {ordinal(pod): pod for pod in owned(world, PODS, stateful_set)}
    if not stateful_set["metadata"].get("deletionTimestamp"):
        step(world, stateful_set, pods, revision)
    fresh = world.store.get(STATEFUL_SETS, stateful_set["metadata"]["namespace"], stateful_set["metadata"]["name"])
    if fresh is not None:
        sync(world, fresh, revision)


def ordinal(pod: Json) -> int:
    return int(pod["metadata"]["name"].rsplit("-", 1)[1])


def step(world: World, stateful_set: Json, pods: dict[int, Json], revision: str) -> None:
    """Fills the lowest gap, else takes the highest surplus, else renews the highest outdated pod."""
    replicas = stateful_set["spec"].get("replicas", 1)
    parallel = stateful_set["spec"].get("podManagementPolicy") == "Parallel"
    for index in range(replicas):
        pod = pods.get(index)
        if pod is None:
            create(world, stateful_set, index, revision)
        elif not is_active(pod) and not pod["metadata"].get("deletionTimestamp"):
            remove(world, stateful_set, pod)
        if not parallel and (pod is None or not is_ready(pod) or pod["metadata"].get("deletionTimestamp")):
            break
    surplus = sorted((index for index in pods if index >= replicas), reverse=True)
    for index in surplus if parallel else surplus[:1]:
        remove(world, stateful_set, pods[index])
    if not surplus and len(pods) == replicas:
        renew(world, stateful_set, pods, revision)


def create(world: World, stateful_set: Json, index: int, revision: str) -> None:
    name = f"{stateful_set['metadata']['name']}-{index}"
    pod = pod_from(world, stateful_set, stateful_set["spec"]["template"], name)
    pod["metadata"].setdefault("labels", {}).update(
        {"apps.kubernetes.io/pod-index": str(index), LABEL: revision, "statefulset.kubernetes.io/pod-name": name}
    )
    pod["spec"] |= {"hostname": name, "subdomain": stateful_set["spec"].get("serviceName", "")}
    try:
        add_claims(world, stateful_set, pod, name)
        world.create(PODS, pod)
    except ApiError as error:
        text = f"create Pod {name} in StatefulSet {stateful_set['metadata']['name']} failed error: {error.message}"
        world.events.record(SOURCE, stateful_set, "FailedCreate", text, "Warning")
        return
    text = f"create Pod {name} in StatefulSet {stateful_set['metadata']['name']} successful"
    world.events.record(SOURCE, stateful_set, "SuccessfulCreate", text)


def add_claims(world: World, stateful_set: Json, pod: Json, name: str) -> None:
    """Volumes of the pod for each claim template; the claims are made when absent."""
    meta = stateful_set["metadata"]
    volumes = []
    for template in stateful_set["spec"].get("volumeClaimTemplates") or []:
        volume = template["metadata"]["name"]
        claim = f"{volume}-{name}"
        volumes.append({"name": volume, "persistentVolumeClaim": {"claimName": claim}})
        if world.store.get(CLAIMS, meta["namespace"], claim) is not None:
            continue
        labels = stateful_set["spec"]["selector"].get("matchLabels") or {}
        body = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": claim, "namespace": meta["namespace"], "labels": dict(labels)},
            "spec": copy.deepcopy(template["spec"]),
        }
        world.create(CLAIMS, body)
        text = f"create Claim {claim} Pod {name} in StatefulSet {meta['name']} success"
        world.events.record(SOURCE, stateful_set, "SuccessfulCreate", text)
    if volumes:
        names = {volume["name"] for volume in volumes}
        rest = [each for each in pod["spec"].get("volumes") or [] if each["name"] not in names]
        pod["spec"]["volumes"] = volumes + rest


def remove(world: World, stateful_set: Json, pod: Json) -> None:
    if pod["metadata"].get("deletionTimestamp"):
        return
    world.remove(PODS, pod)
    text = f"delete Pod {pod['metadata']['name']} in StatefulSet {stateful_set['metadata']['name']} successful"
    world.events.record(SOURCE, stateful_set, "SuccessfulDelete", text)


def renew(world: World, stateful_set: Json, pods: dict[int, Json], revision: str) -> None:
    """The highest pod with an old revision, once every pod above it is ready."""
    strategy = stateful_set["spec"].get("updateStrategy", {})
    if strategy.get("type") == "OnDelete":
        return
    partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
    for index in sorted(pods, reverse=True):
        pod = pods[index]
        if index < partition:
            return
        if pod["metadata"]["labels"].get(LABEL) != revision:
            remove(world, stateful_set, pod)
            return
        if not is_ready(pod) or pod["metadata"].get("deletionTimestamp"):
            return


def sync(world: World, stateful_set: Json, revision: str) -> None:
    pods = [
        pod for pod in owned(world, PODS, stateful_set) if is_active(pod) or pod["metadata"].get("deletionTimestamp")
    ]
    before = stateful_set.get("status", {})
    new = [pod for pod in pods if pod["metadata"]["labels"].get(LABEL) == revision]
    ready = [pod for pod in pods if is_ready(pod)]
    seconds = stateful_set["spec"].get("minReadySeconds", 0)
    settled = len(new) == len(pods) == len(ready) == stateful_set["spec"].get("replicas", 1)
    current = revision if settled else before.get("currentRevision") or revision
    status = {
        "observedGeneration": stateful_set["metadata"].get("generation", 1),
        "replicas": len(pods),
        "readyReplicas": len(ready),
        "currentReplicas": sum(pod["metadata"]["labels"].get(LABEL) == current for pod in pods),
        "updatedReplicas": len(new),
        "currentRevision": current,
        "updateRevision": revision,
        "collisionCount": 0,
        "availableReplicas": sum(is_available(world, pod, seconds) for pod in pods),
    }
    kept = ("replicas", "collisionCount", "availableReplicas")
    world.set_status(STATEFUL_SETS, stateful_set, {k: v for k, v in status.items() if v or k in kept})
