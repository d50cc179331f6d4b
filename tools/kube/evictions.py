"""Asks for pods to leave, each once: the API server says no while a PodDisruptionBudget forbids it."""

from typing import Any

from tools.kube.bodies import encode
from tools.kube.client import KubeClient, Object
from tools.kube.resources import Target
from tools.kube.sending import Seen, Sending
from tools.kube.transport import WRITE_SECONDS, Request


async def evict(client: KubeClient, pod: Target, uid: str, grace_seconds: int | None) -> Object:
    """Only the very pod of that uid. Raises Blocked when a budget does not let it go now."""
    options: dict[str, Any] = {"preconditions": {"uid": uid}}
    if grace_seconds is not None:
        options["gracePeriodSeconds"] = grace_seconds
    body = {
        "apiVersion": await _version(client),
        "kind": "Eviction",
        "metadata": {"name": pod.name, "namespace": pod.namespace},
        "deleteOptions": options,
    }
    sending = Sending("delete", pod.path(), pod.words, "", Seen(uid=uid))
    query = {"timeout": f"{WRITE_SECONDS}s"}
    return await client.object(Request("POST", pod.path("eviction"), query, encode(body), sending=sending))


async def _version(client: KubeClient) -> str:
    """That of the budgets: both became stable together."""
    return (await client.resolve("poddisruptionbudgets.policy")).api_version
