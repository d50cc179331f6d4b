"""What people entrust to the portal: clusters registered by a kubeconfig's text, the map of identities, own tokens.

Each function is one write in one transaction; who may ask for it is for `chat/actions/clusters.py` to say. Of a
kubeconfig only address, authority and credential are kept, sealed; the text itself is not.
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from tools import identity, sealing
from tools.kube import kubeconfig
from tools.kube.access import Access
from tools.kube.errors import BadInput, BadKubeconfig
from tools.kube.identity import checked
from tools.kube.strictness import for_registered
from tools.models import Cluster, IdentityMap, McpServer, PersonalToken
from tools.policy.kinds import SERVER

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._:/-]{0,99}", re.ASCII)
_PURPOSE = "access to a cluster"
_KEPT = (
    "server", "namespace", "ca_data", "token", "client_certificate", "client_key", "username", "password",
    "tls_server_name", "insecure", "identity", "proxy", "guarded", "loopback",
)  # fmt: skip
_LONGEST_TOKEN = 8 << 10
RESERVED = "registration"  # an address of the portal's pages

# ---- clusters ----------------------------------------------------------------------------------------------------


def register(text: str, *, name: str = "", context: str = "", mode: str = "", shared_writes: bool = False) -> Cluster:
    """A cluster from a kubeconfig's text; without a name it is called like its context. Raises BadKubeconfig,
    BadInput."""
    reached = kubeconfig.read_text(text, context, for_registered(settings.K8SMCP_KUBECONFIG_ALLOW))
    if reached.token_file:
        raise BadKubeconfig("tokenFile is not read from a registered kubeconfig. Put the token itself into it.")
    mode = _mode(mode or Cluster.IdentityMode.SHARED)
    if mode != Cluster.IdentityMode.TOKEN and not (reached.token or reached.client_certificate or reached.username):
        raise BadKubeconfig(
            "user of the kubeconfig has no credential. Add a token or a client certificate, or choose that each person "
            "stores a token of their own."
        )
    cluster = Cluster(name=_free(name or reached.name), origin=Cluster.Origin.PERSON)
    cluster.server, cluster.identity = reached.server[:500], reached.identity[:500]
    cluster.identity_mode, cluster.shared_writes = mode, shared_writes
    cluster.sealed = sealing.seal(_PURPOSE, json.dumps({field: getattr(reached, field) for field in _KEPT}))
    with transaction.atomic():
        _save(cluster)
    return cluster


def opened(cluster: Cluster) -> Access:
    """The access of a registered cluster. Raises BadKey."""
    kept: dict[str, Any] = json.loads(sealing.open_sealed(_PURPOSE, cluster.sealed))
    return Access(name=cluster.name, **kept)


def change(
    cluster: Cluster,
    *,
    name: str | None = None,
    mode: str | None = None,
    shared_writes: bool | None = None,
    default_names: bool | None = None,
) -> Cluster:
    """What an administrator may set; None leaves a thing as it is. Raises BadInput."""
    with transaction.atomic():
        cluster = Cluster.objects.select_for_update().get(pk=cluster.pk)
        if name is not None and name != cluster.name:
            cluster.name = _free(name)
        cluster.identity_mode = cluster.identity_mode if mode is None else _mode(mode)
        cluster.shared_writes = cluster.shared_writes if shared_writes is None else shared_writes
        cluster.default_names = cluster.default_names if default_names is None else default_names
        _save(cluster)
    return cluster


def forget(cluster: Cluster) -> None:
    """With its map and everybody's tokens. What was done there stays in the journal. Raises BadInput."""
    if cluster.origin == Cluster.Origin.START:
        raise BadInput(
            f'Cluster "{cluster.name}" comes from the environment and would be back at the next start. '
            "Take it out of KUBECONFIG, or set K8SMCP_DEMO=0 for the demo cluster."
        )
    cluster.delete()


def _mode(mode: str) -> str:
    if mode not in Cluster.IdentityMode.values:
        raise BadInput(f"identity_mode {mode[:40]!r} does not exist: choose {', '.join(Cluster.IdentityMode.values)}.")
    return mode


def _free(name: str) -> str:
    if not _NAME.fullmatch(name) or name == RESERVED:
        raise BadInput(
            f"{name[:60]!r} cannot be the name of a cluster: letters, digits and @ . _ : / - only, at most 100."
        )
    if name.startswith(SERVER):
        raise BadInput(f"{name[:60]!r} cannot be the name of a cluster: {SERVER} stands before other MCP servers.")
    return name


def _save(cluster: Cluster) -> None:
    try:
        with transaction.atomic():
            cluster.save()
    except IntegrityError:
        raise BadInput(f'There is already a cluster "{cluster.name}": choose another name.') from None


# ---- the map of identities ---------------------------------------------------------------------------------------


def add_to_map(cluster: Cluster, kind: str, subject: str, kube_name: str) -> IdentityMap:
    """A person has one user, and a new line for them takes the place of the old one. Raises BadInput."""
    if kind not in IdentityMap.Kind.values:
        raise BadInput("Say whether the line is for a person or for a group.")
    if not subject or len(subject) > 150 or not subject.isprintable():
        raise BadInput(f"Say which {kind} of the portal the line is for.")
    checked(kube_name, "The Kubernetes user" if kind == IdentityMap.Kind.PERSON else "The Kubernetes group")
    with transaction.atomic():
        if kind == IdentityMap.Kind.PERSON:
            return IdentityMap.objects.update_or_create(
                cluster=cluster, kind=kind, subject=subject, defaults={"kube_name": kube_name}
            )[0]
        return IdentityMap.objects.get_or_create(cluster=cluster, kind=kind, subject=subject, kube_name=kube_name)[0]


def take_from_map(cluster: Cluster, line: int) -> None:
    """Gone already is as good."""
    IdentityMap.objects.filter(cluster=cluster, pk=line).delete()


# ---- people's own tokens -----------------------------------------------------------------------------------------


def store_token(cluster: Cluster, owner_pk: int, token: str) -> PersonalToken:
    """Takes the place of the person's earlier one. Raises BadInput."""
    token = token.strip()
    if not token or len(token) > _LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise BadInput("That is no bearer token: one line of letters, digits and signs, at most 8 KiB.")
    expires_at = expiry(token)
    if expires_at is not None and expires_at <= timezone.now():
        raise BadInput("This token has expired already. Get a new one and store that.")
    sealed = sealing.seal(identity.purpose(cluster.pk, owner_pk), token)
    stored, _ = PersonalToken.objects.update_or_create(
        cluster=cluster, owner_id=owner_pk, defaults={"sealed": sealed, "expires_at": expires_at}
    )
    return stored


def forget_token(cluster: Cluster, owner_pk: int) -> None:
    """Gone already is as good."""
    PersonalToken.objects.filter(cluster=cluster, owner_id=owner_pk).delete()


def expiry(token: str) -> datetime | None:
    """When a JWT says it ends; None for one that does not say, or is none. Nothing here trusts the token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (binascii.Error, ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


# ---- keys --------------------------------------------------------------------------------------------------------


def reseal_all() -> int:
    """Everything that is sealed, with the first key; how many that were. Raises BadKey, and changes nothing then."""
    with transaction.atomic():
        registered = Cluster.objects.exclude(sealed="").select_for_update()
        servers = McpServer.objects.exclude(sealed="").select_for_update()
        rows: list[Cluster | McpServer | PersonalToken] = [
            *registered,
            *servers,
            *PersonalToken.objects.select_for_update(),
        ]
        for row in rows:
            row.sealed = sealing.reseal(row.sealed)
            row.save(update_fields=["sealed"])
    return len(rows)
