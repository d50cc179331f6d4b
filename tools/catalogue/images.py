"""Counts which images run where: one line an image, instead of every pod that uses it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import msgspec
from pydantic import Field

from tools.catalogue.everywhere import read_where_allowed
from tools.catalogue.finding import namespace_or_hint
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.paging import Collected, Form, collected
from tools.kube.resources import valid_namespace
from tools.kube.shapes import ListMeta
from tools.rendering import counted, some_of, table
from tools.spec import Arguments, Result, Tool

_NAMED = 5  # namespaces, digests and pods of an image


class ImagesArguments(Arguments):
    namespace: str | None = Field(None, description="Left out: all namespaces.")
    label_selector: str | None = None
    match: str | None = Field(None, description="Only images with these words, | for either: nginx:1.2|log4j.")
    limit: int = Field(50, ge=1, le=500)


class _Container(msgspec.Struct):
    name: str = ""
    image: str | None = None
    imageID: str | None = None


class _Spec(msgspec.Struct):
    containers: list[_Container] | None = None
    initContainers: list[_Container] | None = None
    ephemeralContainers: list[_Container] | None = None


class _Status(msgspec.Struct):
    containerStatuses: list[_Container] | None = None
    initContainerStatuses: list[_Container] | None = None


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Pod(msgspec.Struct):
    metadata: _Meta
    spec: _Spec | None = None
    status: _Status | None = None


class _Pods(msgspec.Struct):
    items: list[_Pod] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


@dataclass(slots=True)
class _Use:
    """Of one image. digests: what it came down to on the nodes; several mean that a tag has moved."""

    containers: int = 0
    pods: set[tuple[str, str]] = field(default_factory=set)
    digests: Counter[str] = field(default_factory=Counter)


Ran = tuple[str, str, str, str]  # image, digest, namespace, pod


async def list_images(client: KubeClient, asked: ImagesArguments) -> Result:
    """data: {"namespace", "images": [{"image", "pods": int, "containers": int, "namespaces": [str], "digests": [str],
    "examples": [pod names, at most 5]}], "total": int, "pods": int}, most used first."""
    if asked.namespace:
        valid_namespace(asked.namespace)
    resource = await client.resolve("v1/pods")

    async def read(namespace: str | None) -> Collected[Ran]:
        return await collected(client, resource, Selection(namespace, asked.label_selector or ""), Form(_Pods, _ran))

    everywhere = await read_where_allowed(client, resource, asked.namespace, read)
    ran = [each for found in everywhere.found for each in found.items]
    if not ran:
        await namespace_or_hint(client, resource, asked.namespace)
    uses = _uses(ran, asked.match)
    facts = [_fact(image, use) for image, use in sorted(uses.items(), key=lambda pair: (-len(pair[1].pods), pair[0]))]
    shown = facts[: asked.limit]
    pods = len({pod for use in uses.values() for pod in use.pods})
    header = _header(asked, len(facts), len(shown), pods) + everywhere.sentence
    if any(found.more for found in everywhere.found):
        header += " There are more pods than were looked at: narrow with a selector."
    data = {"namespace": asked.namespace, "images": shown, "total": len(facts), "pods": pods}
    return Result(header, _body(shown), data)


def _ran(page: _Pods) -> list[Ran]:
    return [each for pod in page.items or [] for each in _of_pod(pod)]


def _of_pod(pod: _Pod) -> list[Ran]:
    spec, status = pod.spec or _Spec(), pod.status or _Status()
    told = [*(status.containerStatuses or []), *(status.initContainerStatuses or [])]
    digests = {container.name: container.imageID or "" for container in told}
    containers = [*(spec.containers or []), *(spec.initContainers or []), *(spec.ephemeralContainers or [])]
    where = (pod.metadata.namespace, pod.metadata.name)
    return [(c.image or "", digests.get(c.name, "").rpartition("@")[2], *where) for c in containers]


def _uses(ran: list[Ran], match: str | None) -> dict[str, _Use]:
    wanted = [word for word in (match or "").lower().split("|") if word]
    uses: defaultdict[str, _Use] = defaultdict(_Use)
    for image, digest, namespace, pod in ran:
        if wanted and not any(word in image.lower() for word in wanted):
            continue
        use = uses[image]
        use.containers += 1
        use.pods.add((namespace, pod))
        if digest:
            use.digests[digest] += 1
    return uses


def _fact(image: str, use: _Use) -> Object:
    return {
        "image": image,
        "pods": len(use.pods),
        "containers": use.containers,
        "namespaces": sorted({namespace for namespace, _ in use.pods}),
        "digests": [digest for digest, _ in use.digests.most_common()],
        "examples": [pod for _, pod in sorted(use.pods)[:_NAMED]],
    }


def _body(facts: list[Object]) -> str:
    rows = [
        [fact["image"], fact["pods"], _some(fact["namespaces"]), _some([_short(one) for one in fact["digests"]])]
        for fact in facts
    ]
    return table(["IMAGE", "PODS", "NAMESPACES", "DIGESTS"], rows) if rows else ""


def _short(digest: str) -> str:
    kind, _, value = digest.partition(":")
    return f"{kind}:{value[:12]}" if value else digest[:12]


def _some(words: list[str]) -> str:
    rest = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return (", ".join(words[:_NAMED]) or "-") + rest


def _header(asked: ImagesArguments, total: int, shown: int, pods: int) -> str:
    where = f" in {asked.namespace}" if asked.namespace else " in all namespaces"
    chosen = f" like {asked.match}" if asked.match else ""
    if not total:
        return f"No images{chosen}{where}."
    return f"{some_of(shown, total, 'image')}{chosen} in {counted(pods, 'pod')}{where}, most used first."


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_images",
        title="List images",
        description="Which container images run, in how many pods and where, with digests.",
        effect=Effect.READ,
        arguments=ImagesArguments,
        run=list_images,
        intent=lambda asked: "List the images that run" + (f" in {asked.namespace}" if asked.namespace else ""),
    ),
)
