"""Tells what was changed lately and by whom, from what the cluster itself keeps of it: metadata only, no content.

An object keeps the last change of each of its managers, so several changes by one of them count as its last.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from tools import written
from tools.catalogue.events import span
from tools.catalogue.everywhere import read_where_allowed
from tools.catalogue.finding import namespace_or_hint
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import KubeError, NotFound
from tools.kube.paging import METADATA, Collected, Form, collected
from tools.kube.resources import Resource, valid_name, valid_namespace
from tools.kube.together import together
from tools.rendering import age, some_of, table
from tools.spec import Arguments, Result, Tool
from tools.written import Item, Items, rollouts

_KINDS = (
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "cronjobs.batch",
    "v1/configmaps",
    "v1/secrets",
    "v1/services",
    "v1/persistentvolumeclaims",
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "horizontalpodautoscalers.autoscaling",
    "poddisruptionbudgets.policy",
    "rolebindings.rbac.authorization.k8s.io",
)
_OF_THE_CLUSTER = ("v1/nodes", "v1/namespaces", "clusterrolebindings.rbac.authorization.k8s.io")
_REPLICA_SETS = "replicasets.apps"


class ChangesArguments(Arguments):
    namespace: str | None = Field(None, description="Left out: all namespaces, and nodes.")
    object: str | None = Field(None, description="Only this, as kind/name: deployment/web.")
    since: str = Field("2h", description="30m, 2h or 1d.")
    limit: int = Field(50, ge=1, le=300)


async def changes(client: KubeClient, asked: ChangesArguments) -> Result:
    """data: {"namespace", "since", "total": int, "changes": [{"at", "namespace", "object": "Deployment/web", "what",
    "by"}], "problems": [sentences]} newest first."""
    if asked.namespace:
        valid_namespace(asked.namespace)
    begin = datetime.now(UTC) - (span(asked.since) or timedelta(hours=2))
    kinds, name = await _wanted(client, asked)
    problems: list[str] = []
    listed = await together(*(_of_kind(client, kind, name, asked.namespace, begin, problems) for kind in kinds))
    found = [change for each in listed for change in each]
    if _REPLICA_SETS not in kinds and any(kind.endswith("deployments.apps") for kind in kinds):
        found += await _rollouts(client, asked.namespace, name, begin, problems)
    if not found:
        await namespace_or_hint(client, await client.resolve("v1/pods"), asked.namespace)
    found.sort(key=lambda change: str(change["at"]), reverse=True)
    shown = found[: asked.limit]
    rows = [[age(c["at"]), c["namespace"] or "-", c["object"], c["by"], c["what"]] for c in shown]
    body = table(["AGO", "NAMESPACE", "OBJECT", "BY", "WHAT"], rows) if rows else ""
    data = {"namespace": asked.namespace, "since": asked.since, "total": len(found), "changes": shown}
    text = "\n".join(part for part in (body, *problems) if part)
    return Result(_header(asked, len(found), len(shown)), text, data | {"problems": problems})


async def _wanted(client: KubeClient, asked: ChangesArguments) -> tuple[tuple[str, ...], str]:
    if not asked.object:
        return (*_KINDS, *(() if asked.namespace else _OF_THE_CLUSTER)), ""
    kind, _, name = asked.object.rpartition("/")
    valid_name(name)
    return ((await client.resolve(kind)).full_name,) if kind else _KINDS, name


async def _of_kind(
    client: KubeClient, kind: str, name: str, namespace: str | None, begin: datetime, problems: list[str]
) -> list[Object]:
    try:
        resource = await client.resolve(kind)
        form = Form(Items, lambda page: written.changes(resource, page, begin), METADATA)
        return await _read(client, resource, (namespace, name), form, problems)
    except NotFound:  # a kind that this cluster does not serve
        return []
    except KubeError as fault:
        problems.append(f"{kind.rpartition('/')[2]}: {fault.sentence}")
        return []


async def _read(
    client: KubeClient, resource: Resource, place: tuple[str | None, str], form: Form[Any, Any], problems: list[str]
) -> list[Any]:
    namespace, name = place

    async def read(where: str | None) -> Collected[Any]:
        return await collected(client, resource, Selection(where, fields=f"metadata.name={name}" if name else ""), form)

    everywhere = await read_where_allowed(client, resource, namespace if resource.namespaced else None, read)
    if everywhere.sentence:
        problems.append(f"{resource.plural}:{everywhere.sentence}")
    return [one for found in everywhere.found for one in found.items]


# ---- rollouts ----------------------------------------------------------------------------------------------------


async def _rollouts(
    client: KubeClient, namespace: str | None, name: str, begin: datetime, problems: list[str]
) -> list[Object]:
    """Each ReplicaSet that a Deployment made: a new state of its pods, and which images came with it."""
    resource = await client.resolve(_REPLICA_SETS)
    try:
        found = await _read(client, resource, (namespace, ""), Form(Items, lambda page: page.items or []), problems)
    except KubeError as fault:
        problems.append(f"replicasets: {fault.sentence}")
        return []
    by_owner: defaultdict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in found:
        owner = next((ref.name for ref in item.metadata.ownerReferences or [] if ref.kind == "Deployment"), "")
        if owner and name in ("", owner):
            by_owner[item.metadata.namespace, owner].append(item)
    return [change for (_, owner), items in by_owner.items() for change in rollouts(owner, items, begin)]


def _header(asked: ChangesArguments, total: int, shown: int) -> str:
    about = f" of {asked.object}" if asked.object else ""
    where = f" in {asked.namespace}" if asked.namespace else ""
    if not total:
        return f"No change{about}{where} in the last {asked.since}."
    return f"{some_of(shown, total, 'change')}{about}{where} in the last {asked.since}, newest first."


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_changes",
        title="See recent changes",
        description="What was changed lately and by whom: rollouts with images, fields, configuration, Helm revisions.",
        effect=Effect.READ,
        arguments=ChangesArguments,
        run=changes,
        intent=lambda asked: (
            f"See what changed in the last {asked.since}" + (f" in {asked.namespace}" if asked.namespace else "")
        ),
    ),
)
