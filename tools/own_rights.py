"""Who a person is in a cluster and what they may do there, in a few lines; asked of the cluster, as that person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from channels.db import database_sync_to_async

from tools import clusters
from tools.effects import Effect
from tools.identity import Acting
from tools.kube import reviews
from tools.kube.client import KubeClient
from tools.kube.guard import Asked, Permit
from tools.kube.reviews import Refused, Step
from tools.kube.transport import Transport

_LINES = (
    ("Look at pods", "list", "", "pods", ""),
    ("Read logs", "get", "", "pods", "log"),
    ("Read Secrets (the portal hides values)", "get", "", "secrets", ""),
    ("Change deployments", "patch", "apps", "deployments", ""),
    ("Delete pods", "delete", "", "pods", ""),
    ("Create pods", "create", "", "pods", ""),
    ("Change who may do what", "create", "rbac.authorization.k8s.io", "rolebindings", ""),
)
_CLUSTER_LINES = (
    ("Look at nodes", "list", "", "nodes", ""),
    ("Close nodes for pods", "patch", "", "nodes", ""),
    ("Delete namespaces", "delete", "", "namespaces", ""),
)


@dataclass(frozen=True, slots=True)
class Line:
    """`everywhere`: in all namespaces; `here`: in the namespace that was asked for."""

    words: str
    everywhere: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Mine:
    """`user` and `groups` as the cluster itself says them; one that is too old to say (before 1.28) is believed what
    the portal asks it for."""

    user: str
    groups: tuple[str, ...]
    namespace: str
    lines: tuple[Line, ...]


async def mine(name: str, acting: Acting, namespace: str = "") -> Mine:
    """`namespace`: empty for the one of the cluster's kubeconfig. Raises KubeError."""
    access = await database_sync_to_async(clusters.access)(name, acting)
    client = KubeClient(
        Transport(access.name, access), Permit(acting.call_id or "own-rights", access.name, Effect.READ)
    )
    where = namespace or access.namespace
    user, groups = await reviews.who(client)
    if not user and access.acts_as:
        user, groups = access.acts_as.user, access.acts_as.groups
    anywhere = await _may(client, (*_LINES, *_CLUSTER_LINES), "")
    here = await _may(client, _LINES, where)
    lines = [Line(each[0], yes, yes or own) for each, yes, own in zip(_LINES, anywhere, here, strict=False)]
    lines += [Line(each[0], yes, yes) for each, yes in zip(_CLUSTER_LINES, anywhere[len(_LINES) :], strict=True)]
    return Mine(user, groups, where, tuple(lines))


async def refused(name: str, acting: Acting, steps: Iterable[Step]) -> list[Refused]:
    """What the cluster would not let this person do of these steps; the gate asks before it asks anybody to approve.
    Raises KubeError when the cluster cannot be asked."""
    access = await database_sync_to_async(clusters.access)(name, acting)
    permit = Permit(acting.call_id or "own-rights", access.name, Effect.READ)
    return await reviews.refused(KubeClient(Transport(access.name, access), permit), steps)


async def _may(client: KubeClient, lines: Sequence[tuple[str, str, str, str, str]], namespace: str) -> list[bool]:
    return await reviews.which(
        client, [Asked(verb, group, kind, sub, namespace) for _, verb, group, kind, sub in lines]
    )
