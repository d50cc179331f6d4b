"""As whom a person's requests reach a cluster. No identity, no access: the portal's own is never lent to anybody."""

import dataclasses
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from tools import sealing
from tools.effects import Effect
from tools.kube.access import Access
from tools.kube.errors import NoIdentity
from tools.kube.identity import ActsAs, usable
from tools.models import Cluster, IdentityMap, PersonalToken

PREFIX = "k8smcp:"
Mode = Cluster.IdentityMode


@dataclass(frozen=True, slots=True)
class Acting:
    """Whom a tool call acts for: the portal's name of the person, the names of their groups, the run and the call."""

    person: str = ""
    groups: frozenset[str] = frozenset()
    run_id: str = ""
    call_id: str = ""


NOBODY = Acting()  # reaches clusters with one identity for everybody, and no others


def of(cluster: Cluster, reached: Access, acting: Acting) -> Access:
    """The portal's own access turned into this person's. Raises NoIdentity, BadKey."""
    found = dataclasses.replace(reached, run_id=acting.run_id, call_id=acting.call_id)
    if cluster.identity_mode == Mode.SHARED:
        return dataclasses.replace(found, no_changes=_only_looking(cluster))
    if not acting.person:
        raise NoIdentity(
            f'Cluster "{cluster.name}" is reached by people under their own names; this call names nobody.'
        )
    if cluster.identity_mode == Mode.IMPERSONATE:
        return dataclasses.replace(found, acts_as=acts_as(cluster, acting))
    return _with_own_token(cluster, found, acting)


def refusal(cluster: Cluster, effect: Effect) -> str:
    """Why nothing of this effect is done in the cluster by anybody, before anybody is asked; empty when it may be."""
    return _only_looking(cluster) if effect.writes else ""


def words(cluster: Cluster, person: str) -> str:
    """As whom the portal's person reaches the cluster right now, to be said after "as"; empty when it is as nobody."""
    if cluster.identity_mode == Mode.SHARED:
        name = cluster.identity or "nobody in particular"
        return f"{name}, the shared{'' if shares_writes(cluster) else ' read-only'} identity"
    if cluster.identity_mode == Mode.TOKEN:
        return f"{person}, with a token of their own"
    try:
        return f"{acts_as(cluster, Acting(person)).user}, by impersonation"
    except NoIdentity:
        return ""


def shares_writes(cluster: Cluster) -> bool:
    return cluster.shared_writes or settings.K8SMCP_SHARED_WRITES


def _only_looking(cluster: Cluster) -> str:
    if cluster.identity_mode != Mode.SHARED or shares_writes(cluster):
        return ""
    return (
        f'Cluster "{cluster.name}" is reached with one identity for everybody, so the portal only looks there. '
        "An administrator can let people act under their own names on the cluster's page, or allow changes with the "
        "shared identity there or with K8SMCP_SHARED_WRITES=1."
    )


# ---- each person as themselves -----------------------------------------------------------------------------------


def acts_as(cluster: Cluster, acting: Acting) -> ActsAs:
    """The Kubernetes user and groups of a person: from the cluster's map, else `k8smcp:` and the portal's name.
    Raises NoIdentity."""
    lines = list(cluster.identity_map.all())
    person = [
        line.kube_name for line in lines if line.kind == IdentityMap.Kind.PERSON and line.subject == acting.person
    ]
    own = PREFIX + acting.person if cluster.default_names else ""
    user = person[0] if person else own
    if not user:
        raise NoIdentity(
            f'{acting.person} has no identity in cluster "{cluster.name}". '
            "An administrator can add one on the cluster's page."
        )
    if not usable(user):
        raise NoIdentity(
            f'The name {acting.person!r} cannot be used as a user of cluster "{cluster.name}". '
            "An administrator can add a line for this person on the cluster's page."
        )
    return ActsAs(user, _groups(cluster, lines, acting.groups))


def _groups(cluster: Cluster, lines: list[IdentityMap], groups: frozenset[str]) -> tuple[str, ...]:
    """A group that is not in the map goes by its own name; one whose name no cluster could use brings no rights."""
    found: set[str] = set()
    for group in groups:
        found |= _named(lines, IdentityMap.Kind.GROUP, group) or ({PREFIX + group} if cluster.default_names else set())
    return tuple(sorted(name for name in found if usable(name)))


def _named(lines: list[IdentityMap], kind: str, subject: str) -> set[str]:
    return {line.kube_name for line in lines if (line.kind, line.subject) == (kind, subject)}


# ---- each person with a token of their own -----------------------------------------------------------------------


def token_of(cluster: Cluster, person: str) -> PersonalToken | None:
    return PersonalToken.objects.filter(cluster=cluster, owner__username=person, owner__is_active=True).first()


def purpose(cluster_pk: int, owner_pk: int) -> str:
    return f"token of person {owner_pk} for cluster {cluster_pk}"


def _with_own_token(cluster: Cluster, reached: Access, acting: Acting) -> Access:
    where = "on the cluster's page"
    stored = token_of(cluster, acting.person)
    if stored is None:
        raise NoIdentity(
            f'{acting.person} has stored no token for cluster "{cluster.name}", which takes a token of each person\'s '
            f"own. Store one {where}."
        )
    if stored.expires_at is not None and stored.expires_at <= timezone.now():
        raise NoIdentity(f'The token of {acting.person} for cluster "{cluster.name}" has expired. Renew it {where}.')
    return dataclasses.replace(
        reached,
        token=sealing.open_sealed(purpose(cluster.pk, stored.owner_id), stored.sealed),
        token_file="",
        client_certificate="",
        client_key="",
        username="",
        password="",
        renewal=f"{acting.person} can renew their token {where}.",
    )
