"""The pods of a node as somebody sees them who wants them to leave: which can, which stay, what they lose. Mostly pure.

As `kubectl drain` sorts them: pods of DaemonSets would come back at once, static pods belong to the node itself.
"""

from dataclasses import dataclass

from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import BadInput
from tools.pods import part, parts

MOST = 500  # pods of one node
_MIRROR = "kubernetes.io/config.mirror"
_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Leaving:
    """leave: are to be evicted; stay: belong to a DaemonSet or to the node itself; going: are leaving already;
    bare: of those that leave, pods that nobody makes anew; keep_data: that lose an emptyDir."""

    leave: list[Object]
    stay: list[Object]
    going: list[Object]

    @property
    def bare(self) -> list[Object]:
        return [pod for pod in self.leave if not controller_of(pod)]

    @property
    def keep_data(self) -> list[Object]:
        return [pod for pod in self.leave if holds_data(pod) and part(pod, "status").get("phase") not in _ENDED]


async def on_node(client: KubeClient, node: str) -> list[Object]:
    """By namespace and name. Raises BadInput for more than anybody could judge."""
    page = await client.list_all(await client.resolve("v1/pods"), Selection(fields=f"spec.nodeName={node}"), MOST)
    if page.cursor:
        raise BadInput(f"More than {MOST} pods run on node {node}: that is more than is handled at once.")
    return sorted(page.items, key=words_of)


def sort(pods: list[Object]) -> Leaving:
    stay = [pod for pod in pods if _stays(pod)]
    rest = [pod for pod in pods if not _stays(pod)]
    going = [pod for pod in rest if part(pod, "metadata").get("deletionTimestamp")]
    return Leaving([pod for pod in rest if pod not in going], stay, going)


def words_of(pod: Object) -> str:
    """shop/web-1"""
    meta = part(pod, "metadata")
    return f"{meta.get('namespace')}/{meta.get('name')}"


def controller_of(pod: Object) -> Object | None:
    refs = part(pod, "metadata").get("ownerReferences") or []
    return next((ref for ref in refs if ref.get("controller")), None)


def holds_data(pod: Object) -> bool:
    """Whether it has an emptyDir on disk or in memory: what is in it goes with the pod."""
    return any("emptyDir" in volume for volume in parts(part(pod, "spec"), "volumes"))


def _stays(pod: Object) -> bool:
    owner = controller_of(pod) or {}
    daemon = owner.get("kind") == "DaemonSet" and part(pod, "status").get("phase") not in _ENDED
    return daemon or owner.get("kind") == "Node" or _MIRROR in part(part(pod, "metadata"), "annotations")
