"""PodDisruptionBudget status: how many pods may go."""

from tools.demo.controllers.kinds import BUDGETS, PODS
from tools.demo.controllers.matching import matches
from tools.demo.controllers.sizing import share
from tools.demo.controllers.world import World, is_active, is_ready, reachability
from tools.demo.store import Change, Json

WATCHES = (BUDGETS, PODS)


def cares(change: Change) -> bool:
    """Of pods only what traffic can notice."""
    return (
        change.resource != PODS
        or change.kind != "MODIFIED"
        or reachability(change.before) != reachability(change.object)
    )


def reconcile(world: World) -> float | None:
    for budget in world.store.list(BUDGETS):
        if not budget["metadata"].get("deletionTimestamp"):
            sync(world, budget)
    return None


def sync(world: World, budget: Json) -> None:
    spec = budget["spec"]
    pods = [
        pod
        for pod in world.store.list(PODS, budget["metadata"]["namespace"])
        if matches(spec.get("selector"), pod["metadata"].get("labels")) and is_active(pod)
    ]
    expected, healthy = len(pods), sum(map(is_ready, pods))
    desired = least(spec, expected)
    allowed = max(0, healthy - desired) if expected else 0
    generation = budget["metadata"].get("generation", 1)
    status = {
        "observedGeneration": generation,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
    }
    disrupted = budget.get("status", {}).get("disruptedPods")
    if disrupted:
        names = {pod["metadata"]["name"] for pod in pods}
        left = {name: at for name, at in disrupted.items() if name in names}
        status |= {"disruptedPods": left} if left else {}
    status["conditions"] = [allowance(world, budget, generation, allowed)]
    world.set_status(BUDGETS, budget, status)


def least(spec: Json, expected: int) -> int:
    """How many must stay healthy."""
    if "minAvailable" in spec:
        return share(spec["minAvailable"], expected, up=True)
    return max(0, expected - share(spec.get("maxUnavailable", 1), expected, up=True))


def allowance(world: World, budget: Json, generation: int, allowed: int) -> Json:
    before = next(iter(budget.get("status", {}).get("conditions") or []), None)
    status = "True" if allowed else "False"
    same = before is not None and before["status"] == status
    return {
        "type": "DisruptionAllowed",
        "status": status,
        "observedGeneration": generation,
        "lastTransitionTime": before["lastTransitionTime"] if before and same else world.text(),
        "reason": "SufficientPods" if allowed else "InsufficientPods",
        "message": "",
    }
