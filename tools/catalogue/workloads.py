"""Which pods belong to what: a pod's name, a workload, a Service or a selector, to the pods themselves."""

from typing import Any

from tools.catalogue.finding import locate
from tools.catalogue.objects import read
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import BadInput, NotFound, UnknownKind
from tools.kube.resources import Target, valid_namespace
from tools.pods import part

MOST_PODS = 500  # that are read of one selector
WORKLOADS = ("deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch")


async def pods_of(
    client: KubeClient, target: str | None, namespace: str | None, label_selector: str | None = None
) -> list[Object]:
    """`target`: a pod's or workload's name, or kind/name. Raises NotFound with what is near."""
    if namespace:
        valid_namespace(namespace)
    if label_selector and not target:
        return await selected(client, namespace, label_selector)
    if not target:
        raise BadInput("Say whose: a pod, a workload such as deployment/web, or a label selector.")
    kind, _, name = target.rpartition("/")
    found = await (_of_kind(client, kind, name, namespace) if kind else _of_name(client, name, namespace))
    if found.get("kind") == "Pod":
        return [found]
    return await pods_behind(client, found)


async def pods_behind(client: KubeClient, owner: Object) -> list[Object]:
    """The pods a workload or Service selects now; those of a CronJob are those of its newest Job."""
    namespace = part(owner, "metadata").get("namespace")
    if owner.get("kind") == "CronJob":
        jobs = await owned(client, "jobs.batch", owner)
        return await pods_behind(client, jobs[0]) if jobs else []
    selector = selector_of(owner)
    if not selector:
        raise BadInput(f"A {owner.get('kind', 'thing')} does not select pods. Name a pod or a workload.")
    return await selected(client, namespace, selector)


async def selected(client: KubeClient, namespace: str | None, labels: str) -> list[Object]:
    page = await client.list_all(await client.resolve("v1/pods"), Selection(namespace, labels=labels), MOST_PODS)
    return page.items


async def owned(client: KubeClient, kind: str, owner: Object) -> list[Object]:
    """Objects of `kind` that `owner` controls, newest first."""
    meta = part(owner, "metadata")
    page = await client.list_all(await client.resolve(kind), Selection(meta.get("namespace")), 1000)
    mine = [
        item
        for item in page.items
        if any(ref.get("uid") == meta.get("uid") for ref in part(item, "metadata").get("ownerReferences") or [])
    ]
    return sorted(mine, key=lambda item: str(part(item, "metadata").get("creationTimestamp")), reverse=True)


def selector_of(owner: Object) -> str:
    """As a label selector; empty when it selects nothing. Services write it as a plain map."""
    selector: Any = part(owner, "spec").get("selector") or {}
    if not isinstance(selector, dict):
        return ""
    labels = selector.get("matchLabels")
    if labels is None and "matchExpressions" not in selector:
        labels = selector
    parts = [f"{key}={value}" for key, value in (labels or {}).items() if isinstance(value, str)]
    for rule in selector.get("matchExpressions") or []:
        key, operator, values = rule.get("key", ""), rule.get("operator", ""), ",".join(rule.get("values") or [])
        written = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        parts.append(written.get(operator, ""))
    return ",".join(written for written in parts if written)


async def _of_kind(client: KubeClient, kind: str, name: str, namespace: str | None) -> Object:
    return await read(client, await locate(client, kind, name, namespace))


async def _of_name(client: KubeClient, name: str, namespace: str | None) -> Object:
    """A pod of that name, else a workload of that name."""
    try:
        return await _of_kind(client, "v1/pods", name, namespace)
    except NotFound as fault:
        for kind in WORKLOADS:
            found = await _if_there(client, kind, name, namespace)
            if found is not None:
                return found
        raise fault


async def _if_there(client: KubeClient, kind: str, name: str, namespace: str | None) -> Object | None:
    try:
        target = await locate(client, kind, name, namespace)
        return await client.get(Target(target.resource, target.namespace, target.name))
    except (NotFound, UnknownKind):
        return None
