"""What PodDisruptionBudgets allow at this moment. Reads only, so that an eviction is sent when it can succeed."""

from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import Forbidden
from tools.pods import part, parts
from tools.selecting import fits

_MOST = 500


class Budgets:
    """The budgets of some namespaces as they were read; what is spent here counts until they are read again."""

    def __init__(self, budgets: list[Object]) -> None:
        self._budgets = budgets
        self._spent: dict[str, int] = {}

    def forbids(self, pod: Object) -> str:
        """The name of the budget that does not let this pod go now; empty when none does, or none is known to."""
        if not _counts(pod):
            return ""
        for budget in self._over(pod):
            if self._left(budget) < 1 and not _spared(budget, pod):
                return str(part(budget, "metadata").get("name"))
        return ""

    def spend(self, pod: Object) -> None:
        for budget in self._over(pod):
            key = _key(budget)
            self._spent[key] = self._spent.get(key, 0) + 1

    def _over(self, pod: Object) -> list[Object]:
        meta = part(pod, "metadata")
        return [
            budget
            for budget in self._budgets
            if part(budget, "metadata").get("namespace") == meta.get("namespace")
            and "selector" in part(budget, "spec")
            and fits(part(part(budget, "spec"), "selector"), part(meta, "labels"))
        ]

    def _left(self, budget: Object) -> int:
        allowed = part(budget, "status").get("disruptionsAllowed")
        return int(allowed or 0) - self._spent.get(_key(budget), 0)


async def budgets_of(client: KubeClient, pods: list[Object]) -> Budgets:
    """Those of the namespaces of these pods. Where they may not be read the API server has the only word."""
    resource, found = await client.resolve("poddisruptionbudgets.policy"), []
    for namespace in sorted({str(part(pod, "metadata").get("namespace")) for pod in pods}):
        try:
            found += (await client.list_all(resource, Selection(namespace), _MOST)).items
        except Forbidden:
            continue
    return Budgets(found)


def _key(budget: Object) -> str:
    meta = part(budget, "metadata")
    return f"{meta.get('namespace')}/{meta.get('name')}"


def _counts(pod: Object) -> bool:
    """Pods that are finished, not started or leaving may go whatever the budget."""
    ended = part(pod, "status").get("phase") in ("Succeeded", "Failed", "Pending")
    return not ended and not part(pod, "metadata").get("deletionTimestamp")


def _spared(budget: Object, pod: Object) -> bool:
    """An unready pod may go when enough others are healthy, or when the budget says always."""
    ready = any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in parts(part(pod, "status"), "conditions")
    )
    if ready:
        return False
    status = part(budget, "status")
    needed, healthy = int(status.get("desiredHealthy") or 0), int(status.get("currentHealthy") or 0)
    return part(budget, "spec").get("unhealthyPodEvictionPolicy") == "AlwaysAllow" or 0 < needed <= healthy
