"""Shows what an object hangs on and what hangs on it, as a tree of text both ways."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from tools.catalogue.finding import locate, with_hint
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.graph import Edge, Graph, Key, key_of
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import KubeError, NotFound
from tools.kube.resources import Target
from tools.kube.together import together
from tools.pods import part
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool

_KINDS = (
    "v1/pods",
    "v1/services",
    "v1/persistentvolumeclaims",
    "endpointslices.discovery.k8s.io",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "jobs.batch",
    "cronjobs.batch",
    "ingresses.networking.k8s.io",
    "horizontalpodautoscalers.autoscaling",
    "httproutes.gateway.networking.k8s.io",
)
_NAMES_ONLY = ("v1/configmaps", "v1/secrets", "v1/serviceaccounts")
_MOST_OBJECTS = 1000  # of a kind
_MOST_LINES = 60


class RelationsArguments(Arguments):
    kind: str = Field(min_length=1)
    name: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Left out: found by name.")
    depth: int = Field(4, ge=1, le=8)


async def relations(client: KubeClient, asked: RelationsArguments) -> Result:
    """data: {"kind", "name", "namespace", "used_by": tree, "uses": tree, "problems": [sentences]}; a tree is [{"kind",
    "names": [str], "state", "how", "below": tree}]."""
    target = await locate(client, asked.kind, asked.name, asked.namespace)
    found = await _found(client, target)
    graph, problems = await _graph(client, target, found)
    key = key_of(found)
    above = _tree(_Walk(graph, graph.backward(), asked.depth), key)
    below = _tree(_Walk(graph, graph.forward(), asked.depth), key)
    parts = [_section("Used by", above), _section("Uses", below), *problems]
    data = {
        "kind": found.get("kind"),
        "name": target.name,
        "namespace": target.namespace,
        "used_by": above,
        "uses": below,
        "problems": problems,
    }
    return Result(_header(target, graph.state(key), above, below), "\n".join(part for part in parts if part), data)


def _header(target: Target, state: str, above: list[Object], below: list[Object]) -> str:
    words = f"{target.words[:1].upper()}{target.words[1:]}" + (f" ({state})" if state else "")
    return f"{words}: used by {counted(_count(above), 'object')}, uses {_count(below)}."


def _count(tree: list[Object]) -> int:
    return sum(len(branch["names"]) + _count(branch["below"]) for branch in tree)


# ---- reading -----------------------------------------------------------------------------------------------------


async def _found(client: KubeClient, target: Target) -> Object:
    """What holds private things is only named."""
    if target.resource.full_name not in ("secrets", "configmaps"):
        return await read(client, target)
    found = await client.table(target.resource, Selection(target.namespace, fields=f"metadata.name={target.name}"))
    if not found.rows:
        raise await with_hint(client, target, NotFound(f"There is no {target.words}."))
    return {"kind": target.resource.kind, "metadata": {"name": target.name, "namespace": target.namespace}}


async def _graph(client: KubeClient, target: Target, found: Object) -> tuple[Graph, list[str]]:
    """Of the target's namespace; of a node, of the pods that run there."""
    graph, problems = Graph(), list[str]()
    selection = _where(target, found)
    kinds = ("v1/pods",) if selection.fields else _KINDS
    listed = await together(*(_listed(client, kind, selection, problems) for kind in kinds))
    by_kind = dict(zip(kinds, listed, strict=True))
    slices = by_kind.pop("endpointslices.discovery.k8s.io", [])
    for item in [found, *(item for items in by_kind.values() for item in items)]:
        graph.add(item)
    graph.select(by_kind.get("v1/services", []), slices, by_kind["v1/pods"])
    if not selection.fields:
        named = await together(*(_names(client, kind, selection) for kind in _NAMES_ONLY))
        for names in named:
            graph.states |= {key: graph.states.get(key, "") for key in names or []}
            graph.known |= {key[0] for key in names or []}
        graph.known |= {"service"} if not problems else set()
    return graph, problems


def _where(target: Target, found: Object) -> Selection:
    if found.get("kind") == "Node":
        return Selection(fields=f"spec.nodeName={target.name}")
    claim = part(part(found, "spec"), "claimRef") if found.get("kind") == "PersistentVolume" else {}
    return Selection(target.namespace or claim.get("namespace"))


async def _listed(client: KubeClient, kind: str, selection: Selection, problems: list[str]) -> list[Object]:
    """What this cluster does not serve has no objects; what may not be read is told."""
    try:
        page = await client.list_all(await client.resolve(kind), selection, _MOST_OBJECTS)
    except NotFound:
        return []
    except KubeError as fault:
        problems.append(f"Left out, {kind.rpartition('/')[2]}: {fault.sentence}")
        return []
    if page.cursor:
        problems.append(f"There are more than {_MOST_OBJECTS:,} {kind.rpartition('/')[2]}: the rest was not looked at.")
    return page.items


async def _names(client: KubeClient, kind: str, selection: Selection) -> list[Key] | None:
    """Names alone, as a table: no content is read. None: not all of them are known."""
    try:
        resource = await client.resolve(kind)
        found = await client.table_all(resource, selection)
    except KubeError:
        return None
    whole = not found.metadata.proceed
    return [(resource.kind.lower(), row.meta.name) for row in found.rows or []] if whole else None


# ---- telling -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Walk:
    graph: Graph
    edges: Mapping[Key, list[Edge]]
    depth: int
    seen: set[Key] = field(default_factory=set)


def _tree(walk: _Walk, start: Key, level: int = 0) -> list[Object]:
    """Branches that say the same but for their names are one: replicas differ in nothing that matters here."""
    walk.seen.add(start)
    branches: list[Object] = []
    for edge in walk.edges.get(start, []):
        kind, name = edge.end
        again = edge.end in walk.seen
        below = [] if again or level + 1 >= walk.depth else _tree(walk, edge.end, level + 1)
        branch = {"kind": kind, "state": walk.graph.state(edge.end), "how": edge.how, "below": below}
        same = next((one for one in branches if {**one, "names": 0} == {**branch, "names": 0}), None)
        if same:
            same["names"].append(name)
        else:
            branches.append({"names": [name], **branch})
    return branches


def _section(title: str, tree: list[Object]) -> str:
    lines = _lines(tree, 1)
    if not lines:
        return f"{title}: nothing."
    more = len(lines) - _MOST_LINES
    rest = [f"  … {counted(more, 'more line')}; ask for less depth."] if more > 0 else []
    return "\n".join([f"{title}:", *lines[:_MOST_LINES], *rest])


def _lines(tree: list[Object], indent: int) -> list[str]:
    lines = []
    for branch in tree:
        names = branch["names"]
        words = f"{branch['kind']}/{', '.join(names[:5])}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        told = "; ".join(part for part in (branch["how"], branch["state"]) if part)
        lines.append("  " * indent + words + (f" ({told})" if told else ""))
        lines += _lines(branch["below"], indent + 1)
    return lines


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_relations",
        title="Show relations",
        description="What an object uses and what uses it: ingress, service, pods, owners, node, claims, config.",
        effect=Effect.READ,
        arguments=RelationsArguments,
        run=relations,
        intent=lambda asked: f"Show what {asked.kind} {asked.name} hangs on",
    ),
)
