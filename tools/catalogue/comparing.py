"""Compares two objects, in one cluster or in two: what differs in what is wanted of them."""

from pydantic import BaseModel, ConfigDict, Field

from tools.catalogue.finding import locate
from tools.catalogue.objects import read
from tools.changes import differences
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import NotPermitted
from tools.kube.together import together
from tools.pods import part
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool
from tools.views import slim

_OWN = ("name", "namespace", "ownerReferences", "creationTimestamp", "deletionTimestamp")
# What a cluster fills in by itself, and which therefore always differs.
_GIVEN = {
    "Service": ("clusterIP", "clusterIPs", "healthCheckNodePort"),
    "PersistentVolumeClaim": ("volumeName",),
    "Pod": ("nodeName",),
}
_MOST_LINES = 200


class OneOfTwo(BaseModel):
    """Where one of the two objects is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(None, description="Left out: the same name.")
    namespace: str | None = None
    cluster: str | None = Field(None, description="Left out: this cluster.")


class CompareArguments(Arguments):
    kind: str = Field(min_length=1)
    name: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Left out: found by name.")
    other: OneOfTwo


async def compare(client: KubeClient, asked: CompareArguments) -> Result:
    """data: {"kind", "one": {"cluster", "namespace", "name"}, "other": the same, "same": bool, "differences":
    ["spec.replicas: 2 → 3"]}, from the one to the other. Status and bookkeeping are left out."""
    beyond = await _client(client, asked.other.cluster)
    one, other = await together(
        _found(client, asked.kind, asked.name, asked.namespace),
        _found(beyond, asked.kind, asked.other.name or asked.name, asked.other.namespace or asked.namespace),
    )
    lines = differences(_wanted(one), _wanted(other))
    places = [_place(client, one), _place(beyond, other)]
    words = " and ".join(f"{place['name']} in {place['namespace'] or place['cluster']}" for place in places)
    if places[0]["cluster"] != places[1]["cluster"]:
        words += f" ({places[0]['cluster']}, {places[1]['cluster']})"
    count = counted(len(lines), "difference") if lines else "no difference in what is wanted"
    cut = f" The first {_MOST_LINES} are shown." if len(lines) > _MOST_LINES else ""
    data = {"kind": one.get("kind"), "one": places[0], "other": places[1], "same": not lines}
    header = f"{one.get('kind')} {words}: {count}.{cut}"
    return Result(header, "\n".join(lines[:_MOST_LINES]), data | {"differences": lines[:_MOST_LINES]})


async def _client(client: KubeClient, name: str | None) -> KubeClient:
    if name is None or name == client.cluster:
        return client
    if client.elsewhere is None:
        raise NotPermitted("This call was judged for one cluster only: nothing was sent.")
    return await client.elsewhere(name)


async def _found(client: KubeClient, kind: str, name: str, namespace: str | None) -> Object:
    return await read(client, await locate(client, kind, name, namespace))


def _place(client: KubeClient, found: Object) -> Object:
    meta = part(found, "metadata")
    return {"cluster": client.cluster, "namespace": meta.get("namespace"), "name": meta.get("name")}


def _wanted(found: Object) -> Object:
    shown = slim({key: value for key, value in found.items() if key != "status"})
    meta = {key: value for key, value in part(shown, "metadata").items() if key not in _OWN}
    given = _GIVEN.get(str(found.get("kind")), ())
    spec = {key: value for key, value in part(shown, "spec").items() if key not in given}
    return shown | {"metadata": meta} | ({"spec": spec} if spec else {})


def _elsewhere(asked: CompareArguments) -> tuple[str, ...]:
    return (asked.other.cluster,) if asked.other.cluster else ()


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_compare",
        title="Compare two objects",
        description="What differs between two objects of a kind, also of two clusters. Secrets by fingerprint.",
        effect=Effect.SENSITIVE,
        arguments=CompareArguments,
        run=compare,
        intent=lambda asked: f"Compare {asked.kind} {asked.name} with {asked.other.cluster or asked.other.namespace}",
        elsewhere=_elsewhere,
    ),
)
