"""ResourceQuota status: what is used of what is allowed."""

from fractions import Fraction

from tools.demo.controllers.kinds import CLAIMS, PODS, QUOTAS, SERVICES
from tools.demo.controllers.world import MANAGER, World
from tools.demo.quantity import format_like, parse
from tools.demo.store import Change, Json, Resource

WATCHES = None  # quotas may count any kind
SHORT = {
    "pods": PODS,
    "services": SERVICES,
    "configmaps": Resource("", "configmaps"),
    "secrets": Resource("", "secrets"),
    "persistentvolumeclaims": CLAIMS,
    "replicationcontrollers": Resource("", "replicationcontrollers"),
    "resourcequotas": QUOTAS,
}


def cares(change: Change) -> bool:
    """What is counted comes and goes; of changes only those of specs and phases matter."""
    if change.kind != "MODIFIED" or change.before is None:
        return True
    old, new = change.before, change.object
    phases = [(each.get("status") or {}).get("phase") for each in (old, new)]
    return old.get("spec") != new.get("spec") or phases[0] != phases[1]


def reconcile(world: World) -> float | None:
    for quota in world.store.list(QUOTAS):
        hard = dict(quota["spec"].get("hard") or {})
        used = {key: written(used_of(world, key, quota["metadata"]["namespace"]), hard[key]) for key in sorted(hard)}
        write(world, quota, {"hard": hard, "used": used})
    return None


def write(world: World, quota: Json, status: Json) -> None:
    """Growth is what the API server charges when it admits something; the controller counts the rest."""
    known = (quota.get("status") or {}).get("used") or {}
    if known.keys() == status["used"].keys():
        charged = {key: max(text, known[key], key=parse) for key, text in status["used"].items()}
        put(world, quota, {"hard": quota["status"].get("hard") or {}, "used": charged}, "kube-apiserver")
    put(world, quota, status, MANAGER)


def put(world: World, quota: Json, status: Json, manager: str) -> None:
    """Replaces the status in the name of `manager`, if it differs."""
    meta = quota["metadata"]
    world.store.mutate(
        QUOTAS,
        meta["namespace"],
        meta["name"],
        lambda obj: obj.__setitem__("status", status),
        manager=manager,
        subresource="status",
    )


def written(amount: Fraction, like: str) -> str:
    if not amount:
        return "0"
    binary = amount.denominator == 1 and amount >= 1024 and amount % 1024 == 0
    return format_like(amount, "1Ki" if binary else like if not like.endswith("i") else "1")


def used_of(world: World, key: str, namespace: str) -> Fraction:
    """The sum over the namespace of what a key of `spec.hard` counts; 0 for keys unknown here."""
    if key.startswith("count/"):
        plural, _, group = key.removeprefix("count/").partition(".")
        return Fraction(len(world.store.list(Resource(group, plural), namespace)))
    if key == "pods":
        return Fraction(len(unfinished(world, namespace)))
    if key in SHORT:
        return Fraction(len(world.store.list(SHORT[key], namespace)))
    if key == "services.nodeports":
        return Fraction(sum(node_ports(each) for each in world.store.list(SERVICES, namespace)))
    if key == "services.loadbalancers":
        found = [each for each in world.store.list(SERVICES, namespace) if each["spec"].get("type") == "LoadBalancer"]
        return Fraction(len(found))
    if key == "requests.storage":
        claims = world.store.list(CLAIMS, namespace)
        return sum((parse(each["spec"]["resources"]["requests"]["storage"]) for each in claims), Fraction(0))
    side, _, name = key.rpartition(".")
    return sum((of_pod(pod, side or "requests", name) for pod in unfinished(world, namespace)), Fraction(0))


def unfinished(world: World, namespace: str) -> list[Json]:
    pods = world.store.list(PODS, namespace)
    return [pod for pod in pods if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]


def node_ports(service: Json) -> int:
    return len(service["spec"].get("ports") or []) if service["spec"].get("type") in ("NodePort", "LoadBalancer") else 0


def of_pod(pod: Json, side: str, name: str) -> Fraction:
    total = Fraction(0)
    for container in pod["spec"]["containers"]:
        text = ((container.get("resources") or {}).get(side) or {}).get(name)
        total += parse(text) if text else 0
    return total
