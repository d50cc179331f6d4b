"""Eviction and binding: how pods leave nodes politely, and how they get there."""

import copy

from tools.demo import decoding
from tools.demo.api import Api, Call
from tools.demo.changing import current
from tools.demo.clock import parse_time
from tools.demo.deletion import PODS, delete
from tools.demo.errors import ApiError, BadRequest, Conflict, Json, NotFound
from tools.demo.http import Response
from tools.demo.kinds import Kind
from tools.demo.options import delete_options, write_options
from tools.demo.selectors import from_object
from tools.demo.store import Resource, Store

BUDGETS = Resource("policy", "poddisruptionbudgets")
EVICTION = Kind("policy", "v1", "evictions", "Eviction", True, frozenset())
BINDING = Kind("", "v1", "bindings", "Binding", True, frozenset())
SUCCESS: Json = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
REFUSAL = "Cannot evict pod as it would violate the pod's disruption budget."
PENDING_DISRUPTION = 120  # seconds a disruption counts against the budget before the pod is seen deleted


def evict(api: Api, call: Call, kind: Kind) -> Response:
    """POST `.../pods/<name>/eviction`; 429 while a PodDisruptionBudget forbids it."""
    dry_run = write_options(call.request, "CreateOptions").dry_run
    body, _ = decoding.read_object(call.request, EVICTION)
    if (body.get("metadata") or {}).get("name", "") not in ("", call.target.name):
        raise BadRequest("name in URL does not match name in Eviction object")
    options = delete_options(call.request, body.get("deleteOptions") or {})
    pod = current(api, call, kind)
    dry_run = dry_run or options.dry_run
    if _counts(pod):
        _ask_budgets(api.store, pod, dry_run)
    if not dry_run:
        delete(api.store, PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], options)
    return call.answer(dict(SUCCESS), 201)


def _counts(pod: Json) -> bool:
    """Pods that are finished, not started or already leaving may go whatever the budget."""
    phase = (pod.get("status") or {}).get("phase")
    return phase not in ("Succeeded", "Failed", "Pending") and not pod["metadata"].get("deletionTimestamp")


def _ask_budgets(store: Store, pod: Json, dry_run: bool) -> None:
    meta = pod["metadata"]
    found = []
    for budget in store.list(BUDGETS, meta["namespace"]):
        selector = from_object(budget["spec"].get("selector"))
        if selector is not None and selector.matches(meta.get("labels")):
            found.append(budget)
    if len(found) > 1:
        text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise ApiError(500, text, "")
    if found and not _ready_is_spared(found[0], pod):
        _take(store, found[0], pod, dry_run)


def _ready_is_spared(budget: Json, pod: Json) -> bool:
    """An unready pod may go when the application is healthy enough without it, or the budget says always."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    if any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions):
        return False
    status = budget.get("status") or {}
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    return bool(status.get("desiredHealthy", 0) > 0 and status.get("currentHealthy", 0) >= status["desiredHealthy"])


def _take(store: Store, budget: Json, pod: Json, dry_run: bool) -> None:
    """Counts the disruption against the budget; 429 when none is left."""
    status, meta = budget.get("status") or {}, budget["metadata"]
    if status.get("observedGeneration", 0) < meta.get("generation", 0):
        raise _refusal("The disruption budget is still being processed by the server.", 10)
    if status.get("disruptionsAllowed", 0) < 1:
        needed, healthy = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        raise _refusal(
            f"The disruption budget {meta['name']} needs {needed} healthy pods and has {healthy} currently", 0
        )
    if dry_run:
        return
    now = store.clock.text()

    def count(obj: Json) -> None:
        obj["status"]["disruptionsAllowed"] -= 1
        disrupted = obj["status"].get("disruptedPods") or {}
        fresh = {name: at for name, at in disrupted.items() if _is_fresh(store, at)}
        obj["status"]["disruptedPods"] = {**fresh, pod["metadata"]["name"]: now}

    store.mutate(BUDGETS, meta["namespace"], meta["name"], count, manager="kube-apiserver", subresource="status")


def _is_fresh(store: Store, at: str) -> bool:
    return (store.clock.now() - parse_time(at)).total_seconds() < PENDING_DISRUPTION


def _refusal(why: str, retry_after: int) -> ApiError:
    details: Json = {"causes": [{"reason": "DisruptionBudget", "message": why}]}
    headers = [("Retry-After", str(retry_after))] if retry_after else []
    if retry_after:
        details["retryAfterSeconds"] = retry_after
    return ApiError(429, REFUSAL, "TooManyRequests", details, headers)


def bind(api: Api, call: Call, kind: Kind) -> Response:
    """POST `.../pods/<name>/binding`: what a scheduler does."""
    options = write_options(call.request, "CreateOptions")
    body, _ = decoding.read_object(call.request, BINDING)
    pod = api.store.get(PODS, call.target.namespace, call.target.name)
    if pod is None:
        raise NotFound("", "pods", call.target.name)
    if not options.dry_run:
        bind_pod(api.store, pod, (body.get("target") or {}).get("name", ""))
    return call.answer(dict(SUCCESS), 201)


def bind_pod(store: Store, pod: Json, node: str) -> Json:
    """Puts the pod on the node and says so in its conditions; Conflict when it is somewhere already."""
    name, taken = pod["metadata"]["name"], pod["spec"].get("nodeName")
    if pod["metadata"].get("deletionTimestamp"):
        raise Conflict("", "pods/binding", name, f"pod {name} is being deleted, cannot be assigned to a host")
    if taken:
        raise Conflict("", "pods/binding", name, f'pod {name} is already assigned to node "{taken}"')
    new = copy.deepcopy(pod)
    new["spec"]["nodeName"] = node
    conditions = new["status"].setdefault("conditions", [])
    conditions[:] = [condition for condition in conditions if condition["type"] != "PodScheduled"]
    now = store.clock.text()
    conditions.append({"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now})
    return store.replace(PODS, new, "binding")
