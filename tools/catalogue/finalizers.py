"""Takes finalizers from an object whose deletion waits for them, and tells whose they are and if that one lives."""

from pydantic import Field

from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.catalogue.patching import bound
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import BadInput, Conflict, KubeError, NotFound
from tools.kube.resources import Target
from tools.pods import part, parts
from tools.rendering import age
from tools.spec import Arguments, Result, Tool, one_change

_KUBERNETES = {
    "foregroundDeletion": "Kubernetes waits for what this owns to be deleted first",
    "orphan": "Kubernetes lets go of what this owns first",
    "kubernetes.io/pvc-protection": "Kubernetes waits until no pod uses the claim",
    "kubernetes.io/pv-protection": "Kubernetes waits until no claim uses the volume",
    "batch.kubernetes.io/job-tracking": "Kubernetes has not counted this pod for its job yet",
    "service.kubernetes.io/load-balancer-cleanup": "the cloud's controller takes the load balancer away first",
}
_NO_NAME = {"io", "com", "org", "net", "dev", "sh", "k8s", "kubernetes", "x-k8s", "app", "apps", "www", "cloud"}
_MOST_PODS = 2000


class FinalizerArguments(Arguments):
    kind: str = Field(min_length=1)
    name: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Needed for namespaced kinds.")
    finalizers: list[str] = Field([], description="Left out: all.", max_length=50)


async def clear(client: KubeClient, asked: FinalizerArguments) -> Result:
    """data: {"object", "removed": [str], "left": [str]}."""
    target = await exact(client, asked.kind, asked.name, asked.namespace)
    found = await read(client, target)
    meta = part(found, "metadata")
    there = [str(each) for each in meta.get("finalizers") or []]
    _refuse(target, found, there)
    gone = asked.finalizers or there
    if unknown := [each for each in gone if each not in there]:
        raise NotFound(f"{target.words} has no finalizer {unknown[0][:100]}. It has: {', '.join(there)}.")
    left = [each for each in there if each not in gone]
    notes = await _notes(client, found, gone) if client.rehearsing else []
    await client.patch(target, bound({"metadata": {"finalizers": left or None}}, found, "merge"))
    data = {"object": target.words, "removed": gone, "left": left}
    ends = f"It waits for {', '.join(left)}." if left else "Nothing holds it any more: it is gone, or will be at once."
    return Result(f"Took {', '.join(gone)} from {target.words}. {ends}", "", data, tuple(notes))


def _refuse(target: Target, found: Object, there: list[str]) -> None:
    meta = part(found, "metadata")
    if not meta.get("deletionTimestamp"):
        raise Conflict(f"{target.words} is not being deleted: its finalizers hold nothing up.")
    if found.get("kind") == "Namespace" and not there:
        raise BadInput(_namespace(target, found))
    if not there:
        raise Conflict(f"{target.words} has no finalizers: it ends by itself, or its node does not answer.")


def _namespace(target: Target, found: Object) -> str:
    """Its own finalizer is never taken: what is left in it would stay in the store, out of everybody's reach."""
    said = [
        str(condition.get("message"))
        for condition in parts(part(found, "status"), "conditions")
        if condition.get("status") == "True" and condition.get("message")
    ]
    what = f" Kubernetes says: {' '.join(said)[:600]}" if said else ""
    return f"{target.words} ends when what is in it has ended: take the finalizers from that.{what}"


async def _notes(client: KubeClient, found: Object, gone: list[str]) -> list[str]:
    since = age(part(found, "metadata").get("deletionTimestamp"))
    told = [f"It has been waiting to be deleted for {since}. What the finalizers stand for is not cleaned up then."]
    names = await _pod_names(client)
    told += [_whose(each, names) for each in gone]
    if found.get("kind") == "PersistentVolumeClaim":
        told += await _users(client, found)
    return told


async def _pod_names(client: KubeClient) -> list[str] | None:
    """ns/name of all pods; None when they may not be read."""
    try:
        table = await client.table_all(await client.resolve("v1/pods"), Selection(), _MOST_PODS)
    except KubeError:
        return None
    return [f"{row.meta.namespace}/{row.meta.name}" for row in table.rows or []]


def _whose(finalizer: str, pods: list[str] | None) -> str:
    """Guessed from its name, and said so: a cluster does not keep who answers for a finalizer."""
    if finalizer in _KUBERNETES:
        return f"{finalizer}: {_KUBERNETES[finalizer]}."
    words = [word for word in finalizer.partition("/")[0].split(".") if word not in _NO_NAME and len(word) > 2]
    if pods is None or not words:
        return f"{finalizer}: it is not known whose it is."
    mine = [pod for pod in pods if any(word in pod for word in words)]
    if not mine:
        return f"{finalizer}: no pod here has {' or '.join(words)} in its name, so its controller may be gone."
    return f"{finalizer}: {', '.join(mine[:3])} may be its controller, and is there: it may still be at work."


async def _users(client: KubeClient, claim: Object) -> list[str]:
    meta = part(claim, "metadata")
    try:
        page = await client.list_all(await client.resolve("v1/pods"), Selection(meta.get("namespace")), _MOST_PODS)
    except KubeError:
        return []
    using = [str(part(pod, "metadata").get("name")) for pod in page.items if _uses(pod, str(meta.get("name")))]
    return [f"These pods use it: {', '.join(using[:8])}."] if using else ["No pod uses it."]


def _uses(pod: Object, claim: str) -> bool:
    volumes = parts(part(pod, "spec"), "volumes")
    return any(part(volume, "persistentVolumeClaim").get("claimName") == claim for volume in volumes)


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="finalizer_clear",
        title="Clear finalizers",
        description="Takes finalizers from an object whose deletion hangs on them.",
        effect=Effect.DESTROY,
        arguments=FinalizerArguments,
        run=clear,
        intent=lambda asked: (
            f"Clear finalizers of {asked.kind} {asked.name}" + (f" in {asked.namespace}" if asked.namespace else "")
        ),
        changes=one_change,
    ),
)
