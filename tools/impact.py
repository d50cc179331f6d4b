"""What else a change touches: pods of a workload, its budgets and autoscalers, and what goes with what is deleted.

Reads only, within a few seconds; what cannot be read is left out, since the plan itself does not hang on it.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from channels.db import database_sync_to_async

from tools import clusters
from tools.catalogue.workloads import selector_of
from tools.effects import Effect
from tools.identity import Acting
from tools.kube.client import KubeClient, Selection
from tools.kube.errors import KubeError
from tools.kube.guard import Permit
from tools.kube.plan import Object, Step
from tools.kube.transport import Transport
from tools.rendering import counted

LONGEST = 5.0  # seconds
_MOST_STEPS = 10
_SCALED = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "ReplicationController")
_IN_A_NAMESPACE = ("pods", "deployments.apps", "statefulsets.apps", "services", "persistentvolumeclaims", "secrets")


async def touched(cluster: str, permit: Permit, acting: Acting, steps: Sequence[Step]) -> list[str]:
    """A sentence for each thing that is touched beside the objects themselves. Never raises."""
    try:
        access = await database_sync_to_async(clusters.access)(cluster, acting)
        client = KubeClient(Transport(cluster, access), permit)
        async with asyncio.timeout(LONGEST):
            told = [await _of(client, step) for step in steps[:_MOST_STEPS] if step.whole]
    except (KubeError, TimeoutError):
        return []
    return list(dict.fromkeys(sentence for found in told for sentence in found))


async def _of(client: KubeClient, step: Step) -> list[str]:
    found = step.whole or {}
    if found.get("kind") in _SCALED:
        return await _workload(client, found, step)
    if step.effect is not Effect.DESTROY:
        return [await _on_node(client, step)] if found.get("kind") == "Node" else []
    if found.get("kind") == "Namespace":
        return [await _namespace(client, step.name)]
    if found.get("kind") == "PersistentVolumeClaim":
        return [await _claim(client, found)]
    return []


async def _workload(client: KubeClient, found: Object, step: Step) -> list[str]:
    name, namespace = step.name, step.namespace
    labels = (((found.get("spec") or {}).get("template") or {}).get("metadata") or {}).get("labels") or {}
    count = await _or_none(_count(client, "pods", namespace, selector_of(found)))
    told = []
    if count is not None:
        ways = ("goes with it", "go with it") if step.effect is Effect.DESTROY else ("belongs to it", "belong to it")
        told.append(f"{counted(count, 'pod')} {ways[count != 1]}.")
    told += [f"The PodDisruptionBudget {each} covers its pods." for each in await _budgets(client, namespace, labels)]
    kind = str(found.get("kind"))
    told += [
        f"The HorizontalPodAutoscaler {each} sets its replicas."
        for each in await _scalers(client, namespace, kind, name)
    ]
    return told


async def _budgets(client: KubeClient, namespace: str, labels: dict[str, Any]) -> list[str]:
    def covers(budget: Object) -> bool:
        wanted = ((budget.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())

    items = await _or_none(_items(client, "poddisruptionbudgets.policy", namespace)) or []
    return [str(item["metadata"]["name"]) for item in items if covers(item)]


async def _scalers(client: KubeClient, namespace: str, kind: str, name: str) -> list[str]:
    items = await _or_none(_items(client, "horizontalpodautoscalers.autoscaling", namespace)) or []
    aims = [(item, (item.get("spec") or {}).get("scaleTargetRef") or {}) for item in items]
    return [str(item["metadata"]["name"]) for item, aim in aims if (aim.get("kind"), aim.get("name")) == (kind, name)]


async def _on_node(client: KubeClient, step: Step) -> str:
    table = await _or_none(
        client.table(await client.resolve("v1/pods"), Selection(fields=f"spec.nodeName={step.name}"))
    )
    return f"{counted(len(table.rows or []), 'pod')} run there now." if table is not None else ""


async def _namespace(client: KubeClient, name: str) -> str:
    counts = [(kind.partition(".")[0], await _or_none(_count(client, kind, name, ""))) for kind in _IN_A_NAMESPACE]
    held = ", ".join(f"{number} {kind}" for kind, number in counts if number)
    return f"All that is in it goes with it: {held}." if held else "It holds no workloads, services, claims or secrets."


async def _claim(client: KubeClient, found: Object) -> str:
    volume = (found.get("spec") or {}).get("volumeName")
    return f"Its volume {volume} is released: what becomes of the data, its reclaim policy says." if volume else ""


async def _count(client: KubeClient, kind: str, namespace: str, labels: str) -> int:
    table = await client.table_all(await client.resolve(kind), Selection(namespace, labels=labels))
    return len(table.rows or [])


async def _items(client: KubeClient, kind: str, namespace: str) -> list[Object]:
    return (await client.page(await client.resolve(kind), Selection(namespace, limit=200))).items


async def _or_none(asked: Awaitable[Any]) -> Any:
    try:
        return await asked
    except KubeError:
        return None
