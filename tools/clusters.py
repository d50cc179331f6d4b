"""Which clusters there are and how to reach each: registered from kubeconfig files, looked up by name.

Everything here but `check` is sync ORM: cross once, with `database_sync_to_async`.
"""

import dataclasses
import difflib
import os
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import transaction

from tools import identity, registered
from tools.effects import Effect
from tools.identity import Acting
from tools.kube import kubeconfig
from tools.kube.access import Access
from tools.kube.client import KubeClient
from tools.kube.errors import BadKubeconfig, KubeError
from tools.kube.guard import Permit
from tools.kube.strictness import for_own_files
from tools.kube.transport import Transport
from tools.models import Cluster
from tools.prepared import Prepared

IN_CLUSTER = "in-cluster"
_TRIES = 3  # a demo cluster on a loaded machine may miss one


class UnknownCluster(KubeError):
    code = "unknown_cluster"


@dataclasses.dataclass(frozen=True, slots=True)
class Health:
    """What a cluster said when asked for its version. `problem` is a sentence, empty when it is reachable."""

    name: str
    server: str
    is_demo: bool
    reachable: bool
    version: str = ""
    latency_ms: int = 0
    problem: str = ""
    identity_mode: str = ""


# ---- looking up --------------------------------------------------------------------------------------------------


def names() -> tuple[str, ...]:
    """The registered clusters, oldest first."""
    return tuple(name for (name,) in _names.rows())


def default() -> str:
    """Where a conversation goes that names no cluster: the oldest registered one, or empty when there is none."""
    return next(iter(names()), "")


_names = Prepared(lambda: Cluster.objects.values_list("name"))


def find(name: str) -> Cluster:
    cluster = Cluster.objects.filter(name=name).first() if "\x00" not in name else None
    if cluster is None:
        raise UnknownCluster(_unknown(name, names()))
    return cluster


def access(name: str, acting: Acting) -> Access:
    """How a person reaches a cluster. Raises UnknownCluster, BadKubeconfig, NoIdentity."""
    cluster = find(name)
    return identity.of(cluster, _reached(cluster), acting)


def portal_access(name: str) -> Access:
    """How the portal itself reaches a cluster: to ask for its version, and what somebody may do there. Never to look
    at an object. Raises UnknownCluster, BadKubeconfig."""
    return _reached(find(name))


def _reached(cluster: Cluster) -> Access:
    if cluster.sealed:
        found = registered.opened(cluster)
    elif cluster.kubeconfig:
        file = Path(cluster.kubeconfig)
        found = _read(cluster.kubeconfig, cluster.context, _stamp(file), settings.K8SMCP_KUBECONFIG_ALLOW)
    else:
        here = kubeconfig.in_cluster(os.environ)
        if here is None:
            raise BadKubeconfig(
                f'Cluster "{cluster.name}" is reached from inside it only, and this portal does not run there.'
            )
        found = here
    return dataclasses.replace(found, name=cluster.name)


async def check(name: str) -> Health:
    """Asks one cluster for its version. Raises UnknownCluster only; everything else is told in the answer."""
    cluster = await database_sync_to_async(find)(name)
    health = Health(name, cluster.server, cluster.is_demo, reachable=False, identity_mode=cluster.identity_mode)
    began = time.perf_counter()
    try:
        transport = Transport(name, await database_sync_to_async(portal_access)(name))
        said = await KubeClient(transport, Permit("cluster-check", name, Effect.READ)).version()
    except KubeError as fault:
        return dataclasses.replace(health, problem=fault.sentence)
    took = round((time.perf_counter() - began) * 1000)
    return dataclasses.replace(health, reachable=True, version=str(said.get("gitVersion", "")), latency_ms=took)


def _unknown(name: str, known: tuple[str, ...]) -> str:
    if not known:
        return "No cluster is registered. Set KUBECONFIG to a kubeconfig file, or K8SMCP_DEMO=1, and start again."
    if not name:
        return f"Name a cluster: {', '.join(known)}."
    near = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean {near[0]}?" if near else f"Registered: {', '.join(known)}."
    return f'There is no cluster "{name}". {hint}'


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=64)
def _read(file: str, context: str, stamp: tuple[int, int], allowed: frozenset[str]) -> Access:
    """`stamp` changes with the file, so a renewed credential is used at once."""
    return kubeconfig.read_context(Path(file), context, for_own_files(allowed))


# ---- registering -------------------------------------------------------------------------------------------------


def register(file: Path, *, is_demo: bool = False, origin: Cluster.Origin = Cluster.Origin.PERSON) -> list[Cluster]:
    """One cluster per context of the file. Again with the same file: the same clusters, refreshed; contexts that are
    gone from it are forgotten. A context that cannot be used is kept with its problem. Raises BadKubeconfig."""
    file = file.expanduser().resolve()
    contexts = kubeconfig.context_names(file)
    if not contexts:
        raise BadKubeconfig(f"{file} has no contexts. Add one, or name another file.")
    with transaction.atomic():
        Cluster.objects.filter(kubeconfig=str(file), sealed="").exclude(context__in=contexts).delete()
        return [_keep(_described(file, context), is_demo=is_demo, origin=origin) for context in dict.fromkeys(contexts)]


def register_at_start() -> list[Cluster]:
    """What the environment says (CONTRACT: KUBECONFIG, K8SMCP_DEMO), and nothing that an earlier start registered."""
    kept = _from_environment()
    stale = Cluster.objects.filter(origin=Cluster.Origin.START, sealed="")
    stale.exclude(pk__in=[cluster.pk for cluster in kept]).delete()
    return kept


def _from_environment() -> list[Cluster]:
    if settings.K8SMCP_DEMO:
        return _demo()
    files = [Path(part) for part in settings.KUBECONFIG.split(os.pathsep) if part]
    if files:
        try:
            return _all(files)
        except BadKubeconfig as fault:
            raise BadKubeconfig(f"KUBECONFIG: {fault}") from None
    usual = Path("~/.kube/config").expanduser()
    if usual.is_file():
        return _all([usual])
    here = kubeconfig.in_cluster(os.environ)
    if here is not None:
        found = Cluster(name=IN_CLUSTER, server=here.server, identity=here.identity)
        return [_keep(found, is_demo=False, origin=Cluster.Origin.START)]
    return [] if settings.K8SMCP_DEMO is False else _demo()


def _all(files: Iterable[Path]) -> list[Cluster]:
    return [cluster for file in files for cluster in register(file, origin=Cluster.Origin.START)]


def _demo() -> list[Cluster]:
    from tools.demo.process import ensure_running

    return register(ensure_running(settings.K8SMCP_HOME), is_demo=True, origin=Cluster.Origin.START)


def wake_demo() -> None:
    """Starts the demo cluster where it is registered and does not answer: whoever had started it has ended."""
    from tools.demo import kubeconfig as of_demo
    from tools.demo.process import answers

    file = settings.K8SMCP_HOME / of_demo.FILE_NAME
    known = Cluster.objects.filter(is_demo=True, kubeconfig=str(file.resolve())).exists()
    if known and not any(answers(file) for _ in range(_TRIES)):
        _demo()


def _described(file: Path, context: str) -> Cluster:
    found = Cluster(name=context[:190], kubeconfig=str(file), context=context)
    try:
        reached = kubeconfig.read_context(file, context, for_own_files(settings.K8SMCP_KUBECONFIG_ALLOW))
    except BadKubeconfig as fault:
        found.problem = fault.sentence
    else:
        found.server, found.identity = reached.server[:500], reached.identity[:500]
    return found


def _keep(found: Cluster, *, is_demo: bool, origin: Cluster.Origin) -> Cluster:
    """Refreshes what comes from the file; what people have set since (name, way of identity) stays."""
    same = {"kubeconfig": found.kubeconfig, "context": found.context, "sealed": ""}
    known = Cluster.objects.filter(**same).first()
    seen = {
        "server": found.server,
        "identity": found.identity,
        "problem": found.problem,
        "is_demo": is_demo,
        "origin": origin,
    }
    mode = Cluster.IdentityMode.IMPERSONATE if is_demo else Cluster.IdentityMode.SHARED
    new = {"name": known.name if known else _free(found.name), "identity_mode": mode}
    cluster, _ = Cluster.objects.update_or_create(**same, defaults=seen, create_defaults=seen | new)
    return cluster


def _free(name: str) -> str:
    taken = set(names())
    candidates = [name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))]
    return next(candidate for candidate in candidates if candidate not in taken)
