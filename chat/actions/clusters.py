"""Register clusters, say who acts as whom in them, and keep people's own tokens. For administrators, but for tokens."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.db import transaction

from chat.access import Right, require
from chat.errors import BadInput, NotFound
from tools import clusters, registered
from tools.kube.errors import KubeError
from tools.models import Cluster, PersonalToken


def find(name: str) -> Cluster:
    """Raises NotFound."""
    try:
        return clusters.find(name)
    except KubeError as fault:
        raise NotFound(fault.sentence) from fault


def register(
    user: User, kubeconfig: str, *, name: str = "", context: str = "", mode: str = "", shared_writes: bool = False
) -> Cluster:
    """The text is reduced to address, authority and credential, sealed, and forgotten. Raises NotAllowed, BadInput."""
    require(user, Right.ADMINISTER)
    with _told(), transaction.atomic():
        return registered.register(kubeconfig, name=name, context=context, mode=mode, shared_writes=shared_writes)


def change(
    user: User,
    cluster: str,
    *,
    name: str | None = None,
    mode: str | None = None,
    shared_writes: bool | None = None,
    default_names: bool | None = None,
) -> Cluster:
    require(user, Right.ADMINISTER)
    found = find(cluster)
    with _told(), transaction.atomic():
        return registered.change(found, name=name, mode=mode, shared_writes=shared_writes, default_names=default_names)


def forget(user: User, cluster: str) -> None:
    require(user, Right.ADMINISTER)
    found = find(cluster)
    with _told(), transaction.atomic():
        registered.forget(found)


def add_to_map(user: User, cluster: str, kind: str, subject: str, kube_name: str) -> None:
    require(user, Right.ADMINISTER)
    found = find(cluster)
    with _told(), transaction.atomic():
        registered.add_to_map(found, kind, subject.strip(), kube_name.strip())


def take_from_map(user: User, cluster: str, line: int) -> None:
    require(user, Right.ADMINISTER)
    found = find(cluster)
    with transaction.atomic():
        registered.take_from_map(found, line)


def store_token(user: User, cluster: str, token: str) -> PersonalToken:
    """Their own, for a cluster that takes such tokens. Raises NotAllowed, BadInput."""
    require(user, Right.CONVERSE)
    found = find(cluster)
    if found.identity_mode != Cluster.IdentityMode.TOKEN:
        raise BadInput(f'Cluster "{found.name}" takes no tokens of people: there is nothing to store.')
    with _told(), transaction.atomic():
        return registered.store_token(found, user.pk, token)


def forget_token(user: User, cluster: str) -> None:
    found = find(cluster)
    with transaction.atomic():
        registered.forget_token(found, user.pk)


@contextmanager
def _told() -> Iterator[None]:
    """What does not fit is the same sentence in the words of this side."""
    try:
        yield
    except KubeError as fault:
        raise BadInput(fault.sentence) from fault
