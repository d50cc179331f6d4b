"""Sets and removes labels and annotations, and says which selectors a changed label moves an object in or out of."""

from typing import Any

from pydantic import Field

from tools.catalogue.choosing import MOST, Choice, chosen
from tools.catalogue.objects import read
from tools.catalogue.patching import bound
from tools.catalogue.several import Line, one_by_one, told
from tools.changes import differences
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import BadInput, Conflict, KubeError
from tools.kube.resources import Target
from tools.pods import part
from tools.rendering import counted
from tools.selecting import fits
from tools.spec import Arguments, Result, Tool

_SELECTING = (
    "services",
    "poddisruptionbudgets.policy",
    "networkpolicies.networking.k8s.io",
    "replicasets.apps",
    "statefulsets.apps",
    "daemonsets.apps",
)
_MOST_SELECTORS = 500
Marks = dict[str, str | None]


class LabelArguments(Arguments):
    kind: str = Field(min_length=1)
    name: str | list[str] = Field([], description="One or several names.", max_length=MOST)
    label_selector: str | None = Field(None, description="Instead of names.", max_length=500)
    max_count: int = Field(20, ge=1, le=MOST, description="Refused when more objects match.")
    namespace: str | None = Field(None, description="Needed for namespaced kinds.")
    labels: Marks = Field({}, description="null removes.", max_length=50)
    annotations: Marks = Field({}, description="null removes.", max_length=50)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,) if isinstance(self.name, str) else tuple(self.name)


async def label(client: KubeClient, asked: LabelArguments) -> Result:
    """data: {"objects": [{"object", "state", "detail"}]}."""
    if not (asked.labels or asked.annotations):
        raise BadInput("Say which labels or annotations to set.")
    choice = Choice(asked.kind, asked.names, asked.label_selector, asked.namespace, asked.max_count)
    targets = await chosen(client, choice)
    moved: list[tuple[Object, Object]] = []

    async def change(target: Target, uid: str) -> Line:
        before = await read(client, target)
        if uid and uid != part(before, "metadata").get("uid"):
            raise Conflict(f"{target.words} is another object by now.")
        after = await client.patch(target, bound({"metadata": _wanted(asked)}, before, "merge"))
        moved.append((before, after))
        fields = differences(part(before, "metadata"), part(after, "metadata"))
        return Line(target.words, "done" if fields else "unchanged", "; ".join(fields[:10]))

    lines = await one_by_one(targets, change)
    return told("Labelled", lines, notes=tuple(await _warnings(client, moved) if client.rehearsing else ()))


def _wanted(asked: LabelArguments) -> dict[str, Any]:
    return {key: marks for key, marks in (("labels", asked.labels), ("annotations", asked.annotations)) if marks}


# ---- selectors ---------------------------------------------------------------------------------------------------


async def _warnings(client: KubeClient, moved: list[tuple[Object, Object]]) -> list[str]:
    """A sentence for each thing that chooses by a label that changes."""
    changed = [(before, after) for before, after in moved if _labels(before) != _labels(after)]
    if not changed:
        return []
    kind = changed[0][0].get("kind")
    if kind == "Pod":
        return await _of_pods(client, changed)
    return await _of_nodes(client, changed) if kind == "Node" else []


async def _of_pods(client: KubeClient, changed: list[tuple[Object, Object]]) -> list[str]:
    namespace = part(changed[0][0], "metadata").get("namespace")
    warned = []
    for kind in _SELECTING:
        try:
            resource = await client.resolve(kind)
            page = await client.list_all(resource, Selection(namespace), _MOST_SELECTORS)
        except KubeError:
            continue
        for each in page.items:
            for way, count in _ways(_selector(each), changed).items():
                whom = f"{each.get('kind')} {part(each, 'metadata').get('name')}"
                warned.append(f"{whom} {way} {counted(count, 'pod')} by this.")
    return warned


def _ways(selector: Object, changed: list[tuple[Object, Object]]) -> dict[str, int]:
    lost = sum(fits(selector, _labels(old)) and not fits(selector, _labels(new)) for old, new in changed)
    won = sum(fits(selector, _labels(new)) and not fits(selector, _labels(old)) for old, new in changed)
    return {way: count for way, count in (("loses", lost), ("gains", won)) if count}


def _selector(each: Object) -> Object:
    spec = part(each, "spec")
    if each.get("kind") == "NetworkPolicy":
        return part(spec, "podSelector")
    selector = part(spec, "selector")
    return {"matchLabels": selector} if each.get("kind") == "Service" else selector


async def _of_nodes(client: KubeClient, changed: list[tuple[Object, Object]]) -> list[str]:
    """Pods that run there because of a label that goes or changes: they stay, but would not come back."""
    warned = []
    for before, after in changed:
        name = str(part(before, "metadata").get("name"))
        gone = {key for key, value in _labels(before).items() if _labels(after).get(key) != value}
        try:
            resource = await client.resolve("v1/pods")
            page = await client.list_all(resource, Selection(fields=f"spec.nodeName={name}"), _MOST_SELECTORS)
        except KubeError:
            continue
        count = sum(bool(gone & part(part(pod, "spec"), "nodeSelector").keys()) for pod in page.items)
        if count:
            warned.append(f"{counted(count, 'pod')} chose node {name} by such a label: they stay until they end.")
    return warned


def _labels(found: Object) -> Object:
    return part(part(found, "metadata"), "labels")


def _intent(asked: LabelArguments) -> str:
    what = ", ".join([*asked.labels, *asked.annotations][:3])
    whom = ", ".join(asked.names[:3]) or f"with the labels {asked.label_selector}"
    return f"Set {what or 'nothing'} on {asked.kind} {whom}" + (f" in {asked.namespace}" if asked.namespace else "")


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_label",
        title="Label objects",
        description="Sets or removes labels and annotations of objects, by name or by labels.",
        effect=Effect.CHANGE,
        arguments=LabelArguments,
        run=label,
        intent=_intent,
        changes=lambda asked: len(asked.names) or None,
    ),
)
