"""What the portal's own account may do in a cluster: too much is a danger, too little keeps people out.

Asked with access reviews alone; no object is looked at. A cluster whose people bring their own tokens needs no account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from channels.db import database_sync_to_async

from tools import clusters, identity
from tools.effects import Effect
from tools.identity import Acting
from tools.kube import reviews
from tools.kube.access import Access
from tools.kube.client import KubeClient
from tools.kube.guard import Asked, Permit
from tools.kube.identity import RUN_EXTRA
from tools.kube.transport import Transport
from tools.models import Cluster, IdentityMap

Mode = Cluster.IdentityMode
ROLES = ("administrator", "approver", "operator", "viewer")


class Weight(StrEnum):
    """How a finding is to be taken."""

    DANGER = "danger"
    LACKING = "lacking"
    FINE = "fine"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Finding:
    weight: Weight
    sentence: str


@dataclass(frozen=True, slots=True)
class _Question:
    """A right, and what is said when the account has it (`yes`) or has not (`no`); an empty text says nothing."""

    asked: Asked
    yes: str = ""
    no: str = ""


def _impersonate(resource: str, name: str = "", group: str = "", subresource: str = "") -> Asked:
    return Asked("impersonate", group, resource, subresource, "", name)


_EVERYTHING = Asked("*", "*", "*")
_TOO_MUCH = (
    _Question(_impersonate("users"), "it may act as any user, also of the cluster itself: name the users in its role"),
    _Question(_impersonate("groups", "system:masters"), "it may act as system:masters, which may do everything"),
    _Question(_impersonate("serviceaccounts"), "it may act as any service account"),
    _Question(
        Asked("escalate", "rbac.authorization.k8s.io", "clusterroles"), "it may give itself any right (escalate)"
    ),
    _Question(Asked("bind", "rbac.authorization.k8s.io", "clusterroles"), "it may give itself any role (bind)"),
    _Question(Asked("create", "", "serviceaccounts", "token"), "it may make tokens of other accounts"),
    _Question(Asked("get", "", "secrets"), "it may read every Secret"),
    _Question(Asked("get", "", "nodes", "proxy"), "it may run commands on every node (nodes/proxy)"),
)
_TOO_MUCH_TO_SHARE = (
    _Question(Asked("create", "", "pods", "exec"), "it may run commands in every pod"),
    _Question(Asked("create", "", "pods"), "it may create pods, and a pod can read every Secret of its namespace"),
)


async def check(name: str, people: Sequence[Acting] = ()) -> list[Finding]:
    """The findings, the gravest first. `people`: whom the account must be able to act as, besides the cluster's map.
    Raises UnknownCluster, and KubeError when the cluster cannot be asked."""
    cluster, access, needed = await database_sync_to_async(_known)(name, people)
    client = KubeClient(Transport(name, access), Permit("self-check", name, Effect.READ))
    if await reviews.may(client, _EVERYTHING):
        if cluster.is_demo:
            return [Finding(Weight.KNOWN, _said("it may do everything here, where nothing is real"))]
        return [Finding(Weight.DANGER, _said("it may do everything (cluster-admin). Give it the role of deploy/rbac/"))]
    questions = [*_TOO_MUCH, *(_TOO_MUCH_TO_SHARE if cluster.identity_mode == Mode.SHARED else ()), *needed]
    answers = await reviews.which(client, [each.asked for each in questions])
    return _told(questions, answers)


def _known(name: str, people: Sequence[Acting]) -> tuple[Cluster, Access, list[_Question]]:
    cluster = clusters.find(name)
    return cluster, clusters.portal_access(name), _needed(cluster, people)


def _needed(cluster: Cluster, people: Sequence[Acting]) -> list[_Question]:
    """The rights without which people cannot act as themselves."""
    if cluster.identity_mode != Mode.IMPERSONATE:
        return []
    users: set[str] = set()
    groups: set[str] = set()
    for line in cluster.identity_map.all():
        (users if line.kind == IdentityMap.Kind.PERSON else groups).add(line.kube_name)
    if cluster.default_names:
        groups |= {identity.PREFIX + role for role in ROLES}
    for acting in people:
        found = identity.acts_as(cluster, acting)
        users.add(found.user)
        groups |= set(found.groups)
    return [
        *(_Question(_impersonate("users", user), no=f"it may not act as the user {user}") for user in sorted(users)),
        *(
            _Question(_impersonate("groups", group), no=f"it may not act as the group {group}")
            for group in sorted(groups)
        ),
        _Question(
            _impersonate("userextras", "any", "authentication.k8s.io", RUN_EXTRA),
            no=f"it may not say for which run it acts (userextras/{RUN_EXTRA}), so nobody gets in",
        ),
    ]


def _told(questions: Sequence[_Question], answers: Sequence[bool]) -> list[Finding]:
    danger = [Finding(Weight.DANGER, _said(q.yes)) for q, yes in zip(questions, answers, strict=True) if yes and q.yes]
    lacking = [
        Finding(Weight.LACKING, _said(q.no)) for q, yes in zip(questions, answers, strict=True) if not yes and q.no
    ]
    return danger + lacking or [Finding(Weight.FINE, _said("it may do what it needs to, and nothing dangerous"))]


def _said(words: str) -> str:
    return f"The portal's account: {words}."
