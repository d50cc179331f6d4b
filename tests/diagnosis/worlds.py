"""Small worlds for rules that no cluster here can break: made of plain objects, with the time standing still."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tools.diagnosis.world import World

Object = dict[str, Any]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def thing(kind: str, name: str, spec: Object | None = None, status: Object | None = None, **meta: Any) -> Object:
    """An object that has been there for a day; `namespace=""`: lives in none."""
    found = {"name": name, "namespace": "shop", "uid": f"{kind}-{name}", "creationTimestamp": ago(86400)} | meta
    return {"kind": kind, "metadata": {k: v for k, v in found.items() if v}, "spec": spec or {}, "status": status or {}}


def says(kind: str, status: str, reason: str = "", message: str = "") -> Object:
    """A condition."""
    return {"type": kind, "status": status, "reason": reason, "message": message}


def owner(kind: str, name: str) -> list[Object]:
    return [{"kind": kind, "name": name, "uid": f"{kind}-{name}", "controller": True}]


def pod(
    state: Object | None = None,
    phase: str = "Running",
    *,
    name: str = "web-1",
    said: Object | None = None,
    **container: Any,
) -> Object:
    """Of no owner, with one container `web`; `said`: more of its status."""
    states = [{"name": "web", "ready": False, "restartCount": 0, **state}] if state else []
    body = {"containers": [{"name": "web", "image": "shop/web:2", **container}], "nodeName": "node-1"}
    return thing(
        "Pod", name, body, {"phase": phase, "containerStatuses": states, **(said or {})}, labels={"app": "web"}
    )


def waiting(reason: str, message: str = "", **more: Any) -> Object:
    return {"state": {"waiting": {"reason": reason, "message": message}}, **more}


def crashed(exit_code: int = 1, reason: str = "Error", restarts: int = 7) -> Object:
    ended = {"terminated": {"exitCode": exit_code, "reason": reason, "finishedAt": ago(60)}}
    return waiting("CrashLoopBackOff", lastState=ended, restartCount=restarts)


def running(*, ready: bool, since: float = 3600, **more: Any) -> Object:
    return {"ready": ready, "state": {"running": {"startedAt": ago(since)}}, **more}


def unscheduled(message: str, **container: Any) -> Object:
    found = pod(
        None, "Pending", said={"conditions": [says("PodScheduled", "False", "Unschedulable", message)]}, **container
    )
    del found["spec"]["nodeName"]
    return found


def node(name: str = "node-1", *conditions: Object, cpu: str = "4", **spec: Any) -> Object:
    status = {"conditions": list(conditions) or [says("Ready", "True")], "allocatable": {"cpu": cpu, "memory": "8Gi"}}
    return thing("Node", name, spec, status, namespace="")


def warning(kind: str, name: str, reason: str, message: str, count: int = 5) -> Object:
    """As tools.catalogue.events groups them."""
    return {"type": "Warning", "reason": reason, "object": f"{kind}/{name}", "namespace": "shop", "message": message,
            "count": count, "first": ago(600), "last": ago(10)}  # fmt: skip


def workload(kind: str = "Deployment", name: str = "web", status: Object | None = None, **spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "web", "image": "shop/web:2"}]}}
    body = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template} | spec
    return thing(kind, name, body, status)


def world(
    *items: Object, events: list[Object] | None = None, log: str = "", served: frozenset[str] = frozenset()
) -> World:
    """Every kind that is here counts as read, and those that rules ask whether something is missing of."""
    objects: dict[str, list[Object]] = {kind: [] for kind in ("pods", "services", "nodes", "storageclasses")}
    for item in items:
        objects.setdefault(item.pop("plural", PLURALS.get(item["kind"], f"{item['kind'].lower()}s")), []).append(item)
    lines = tuple(log.splitlines())
    logs = {("shop", item["metadata"]["name"], "web"): lines for item in objects["pods"]} if log else {}
    return World(objects, NOW, events or [], logs, served)


PLURALS = {
    "Ingress": "ingresses", "StorageClass": "storageclasses", "GatewayClass": "gatewayclasses",
    "NetworkPolicy": "networkpolicies", "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "Subscription": "subscriptions.operators.coreos.com", "Application": "applications.argoproj.io",
    "Certificate": "certificates.cert-manager.io",
}  # fmt: skip
