"""Register clusters, say who acts as whom in them, and keep people's own tokens. For administrators, but for tokens."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from chat import audit
from chat.access import Right, require
from chat.errors import BadInput, Conflict, NotFound, in_our_words
from chat.models import ToolCall
from chat.models.tool_call import CallStatus
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
    with in_our_words(), transaction.atomic():
        made = registered.register(kubeconfig, name=name, context=context, mode=mode, shared_writes=shared_writes)
        _record(user, made, "registered", now=_settings(made))
        return made


def change(
    user: User,
    cluster: str,
    *,
    name: str | None = None,
    mode: str | None = None,
    shared_writes: bool | None = None,
    default_names: bool | None = None,
) -> Cluster:
    """Raises NotAllowed, BadInput, and Conflict for another name while calls to this one are open."""
    require(user, Right.ADMINISTER)
    found = find(cluster)
    with in_our_words(), transaction.atomic():
        if name is not None and name != found.name:
            _check_nothing_is_open(found)
        changed = registered.change(
            found, name=name, mode=mode, shared_writes=shared_writes, default_names=default_names
        )
        _record(user, changed, "changed", was=_settings(found), now=_settings(changed))
        return changed


def forget(user: User, cluster: str) -> None:
    """Raises NotAllowed, BadInput, and Conflict while calls to it are open."""
    require(user, Right.ADMINISTER)
    found = find(cluster)
    with in_our_words(), transaction.atomic():
        _check_nothing_is_open(found)
        registered.forget(found)
        _record(user, found, "forgotten")


def add_to_map(user: User, cluster: str, kind: str, subject: str, kube_name: str) -> None:
    require(user, Right.ADMINISTER)
    found = find(cluster)
    with in_our_words(), transaction.atomic():
        made = registered.add_to_map(found, kind, subject.strip(), kube_name.strip())
        _record(user, found, "mapped", line=made.pk, kind=kind, subject=subject.strip(), name=kube_name.strip())


def take_from_map(user: User, cluster: str, line: int) -> None:
    require(user, Right.ADMINISTER)
    found = find(cluster)
    with transaction.atomic():
        registered.take_from_map(found, line)
        _record(user, found, "taken_from_map", line=line)


def store_token(user: User, cluster: str, token: str) -> PersonalToken:
    """Their own, for a cluster that takes such tokens. Raises NotAllowed, BadInput."""
    require(user, Right.CONVERSE)
    found = find(cluster)
    if found.identity_mode != Cluster.IdentityMode.TOKEN:
        raise BadInput(f'Cluster "{found.name}" takes no tokens of people: there is nothing to store.')
    with in_our_words(), transaction.atomic():
        stored = registered.store_token(found, user.pk, token)
        _record(user, found, "token_stored")
        return stored


def forget_token(user: User, cluster: str) -> None:
    found = find(cluster)
    with transaction.atomic():
        registered.forget_token(found, user.pk)
        _record(user, found, "token_forgotten")


def _settings(cluster: Cluster) -> dict[str, Any]:
    return {name: getattr(cluster, name) for name in ("name", "identity_mode", "shared_writes", "default_names")}


def _record(user: User, cluster: Cluster, deed: str, **told: Any) -> None:
    """Last in its transaction; never what lets anybody in."""
    request = {"deed": deed} | told
    audit.record("cluster.changed", actor=user.get_username(), cluster=cluster.name, request=request, outcome=deed)


def _check_nothing_is_open(cluster: Cluster) -> None:
    """Calls know their cluster by its name: what was approved for one must not reach another that takes the name."""
    if ToolCall.objects.filter(cluster=cluster.name, status__in=(CallStatus.WAITING, CallStatus.RUNNING)).exists():
        raise Conflict(
            f'Calls to cluster "{cluster.name}" wait for a decision or are under way. Decide or stop them first.'
        )
