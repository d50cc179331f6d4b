"""Reads what a diagnosis needs: the lists for its target, each once, as far as this person may see them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tools import logtext
from tools.catalogue import events
from tools.diagnosis import analysis, operators
from tools.diagnosis.finding import Thing
from tools.diagnosis.nodes import LEASES
from tools.diagnosis.world import World, name_of, space_of
from tools.kube.client import PAGE, KubeClient, Object, Selection
from tools.kube.errors import Forbidden, Gone, KubeError, UnknownKind, Unreachable
from tools.kube.resources import Resource, Target
from tools.kube.together import beside, together
from tools.kube.transport import Request
from tools.pods import part, parts

MOST = 10_000
_AT_ONCE = 6
_LOG_LINES = 60
_LARGEST_LOG = 64 << 10
_WORKLOAD = (
    "pods", "replicasets", "deployments", "statefulsets", "daemonsets", "jobs", "services", "persistentvolumeclaims",
    "storageclasses", "horizontalpodautoscalers", "poddisruptionbudgets", "networkpolicies", "nodes",
)  # fmt: skip
_NAMESPACE = (
    *_WORKLOAD, "cronjobs", "ingresses", "ingressclasses", "endpointslices", "secrets", "resourcequotas",
    "gateways", "gatewayclasses", "httproutes", "namespaces",
)  # fmt: skip
_CLUSTER = (
    *_NAMESPACE, "persistentvolumes", "leases", "validatingwebhookconfigurations", "mutatingwebhookconfigurations",
    "validatingadmissionpolicies", "validatingadmissionpolicybindings", "apiservices", *operators.KINDS,
)  # fmt: skip
_HYGIENE = ("configmaps", "roles", "rolebindings", "cronjobs")
_ENTRANCE = (*_WORKLOAD, "ingresses", "ingressclasses", "endpointslices", "secrets")
_FOR: dict[str, tuple[str, ...]] = {
    "Namespace": _NAMESPACE,
    "Service": _ENTRANCE,
    "Ingress": _ENTRANCE,
    "Job": ("jobs", "pods", "nodes", "services", "persistentvolumeclaims", "storageclasses"),
    "CronJob": ("cronjobs", "jobs", "pods", "nodes", "services", "persistentvolumeclaims", "storageclasses"),
    "Node": ("nodes", "pods", "replicasets", "leases"),
    "PersistentVolumeClaim": ("persistentvolumeclaims", "storageclasses", "persistentvolumes", "pods"),
}
# Core kinds by the name that no custom kind can take from them.
_ALIASES = {"services": "v1/services", "pods": "v1/pods", "nodes": "v1/nodes", "secrets": "v1/secrets"}
_NAMES_ONLY = ("secrets",)


@dataclass
class Survey:
    """counts: objects read, by plural; unread: why a kind could not be; partial: kinds of which there are more."""

    world: World
    counts: dict[str, int] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)

    @property
    def checked(self) -> int:
        return sum(self.counts.values())


async def survey(client: KubeClient, target: Thing | None, *, with_hygiene: bool = False) -> Survey:
    """`target` None: the whole cluster. Raises KubeError when nothing at all could be read."""
    namespace = target.name if target and target.kind == "Namespace" else target.namespace if target else ""
    kinds = _FOR.get(target.kind, _WORKLOAD) if target else _CLUSTER
    wanted = tuple(dict.fromkeys((*kinds, *(_HYGIENE if with_hygiene else ()))))
    served = await client.kinds()
    made = Survey(World({}, datetime.now(UTC)))
    gate = asyncio.Semaphore(_AT_ONCE)
    objects: dict[str, list[Object]] = {}
    faults: list[KubeError] = []

    async def one(kind: str) -> None:
        try:
            resource = served.resolve(_ALIASES.get(kind, kind))
        except UnknownKind:
            return
        try:
            async with gate:
                found, more = await _every(client, resource, _selection(resource, target, namespace))
        except KubeError as fault:
            _not_read(made, kind, fault)
            faults.append(fault)
            return
        objects[kind], made.counts[kind] = found, len(found)
        if more:
            made.partial.append(kind)

    warnings, *_ = await together(_warnings(client, namespace, made), *(one(kind) for kind in wanted))
    if not objects and faults:
        raise faults[0]
    made.world = World(
        objects, made.world.now, warnings, served=_versions(served.resources), wide=not namespace and target is None
    )
    logs = await _logs(client, await beside(lambda: analysis.wants_to_hear(made.world, _workload(target))))
    made.world = replace(made.world, logs=logs)
    wanted_too = await beside(lambda: list(analysis.wants_elsewhere(made.world)))
    elsewhere = {kind: await _elsewhere(client, served.resolve(_ALIASES[kind])) for kind in wanted_too}
    made.world = replace(made.world, elsewhere=elsewhere)
    return made


async def _elsewhere(client: KubeClient, resource: Resource) -> list[Object]:
    """None where they may not be seen: the finding stands, and says less."""
    try:
        return (await _every(client, resource, Selection()))[0]
    except KubeError:
        return []


def _workload(target: Thing | None) -> Thing | None:
    return None if target is None or target.kind in ("Namespace", "Node") else target


def _versions(resources: Iterable[Resource]) -> frozenset[str]:
    return frozenset(f"{resource.api_version} {resource.plural}" for resource in resources)


def _selection(resource: Resource, target: Thing | None, namespace: str) -> Selection:
    if target and target.kind == "Node" and resource.plural == "pods":
        return Selection(fields=f"spec.nodeName={target.name}")
    if resource.plural == "leases":
        return Selection(LEASES)
    if resource.plural == "namespaces" and namespace:
        return Selection()
    return Selection(namespace or None if resource.namespaced else None)


def _not_read(made: Survey, kind: str, fault: KubeError) -> None:
    made.unread[kind] = "403" if isinstance(fault, Forbidden) else fault.sentence


async def _warnings(client: KubeClient, namespace: str, made: Survey) -> list[Object]:
    try:
        found = await events.recent(client, namespace or None, warnings=True)
    except KubeError as fault:
        _not_read(made, "events", fault)
        return []
    made.counts["events"] = len(found)
    return found


# ---- lists -------------------------------------------------------------------------------------------------------


async def _every(client: KubeClient, resource: Resource, selection: Selection) -> tuple[list[Object], bool]:
    """All objects, lean, page by page; and whether there are more than `MOST`. Begins again once when its place
    expires."""
    if resource.plural in _NAMES_ONLY:
        return await _names(client, resource, selection)
    try:
        return await _pages(client, resource, selection)
    except Gone:
        return await _pages(client, resource, selection)


async def _pages(client: KubeClient, resource: Resource, selection: Selection) -> tuple[list[Object], bool]:
    lean = _LEAN.get(resource.plural, _whole)
    kept: list[Object] = []
    cursor = ""
    while True:
        page = await client.list_all(resource, replace(selection, cursor=cursor), PAGE)
        items = page.items
        kept += await beside(lambda items=items: [lean(item) for item in items])  # type: ignore[misc]
        cursor = page.cursor
        if not cursor or len(kept) >= MOST:
            return kept, bool(cursor)


async def _names(client: KubeClient, resource: Resource, selection: Selection) -> tuple[list[Object], bool]:
    """Names are enough, and nothing more should travel."""
    found = await client.table_all(resource, selection)
    items = [
        {"kind": resource.kind, "metadata": {"name": row.meta.name, "namespace": row.meta.namespace}}
        for row in found.rows or []
    ]
    return items, bool(found.metadata.proceed)


def _whole(item: Object) -> Object:
    return item


def _lean_pod(pod: Object) -> Object:
    """Without what no rule reads: of thousands of pods that is most."""
    meta, body = part(pod, "metadata"), part(pod, "spec")
    spec = {key: body[key] for key in _POD_SPEC if key in body}
    for key in ("containers", "initContainers"):
        if key in spec:
            spec[key] = [_lean_container(container) for container in parts(body, key)]
    return {
        "kind": "Pod",
        "metadata": {key: meta[key] for key in _POD_META if key in meta},
        "spec": spec,
        "status": {key: value for key, value in part(pod, "status").items() if key not in _POD_STATUS_UNREAD},
    }


def _lean_container(container: Object) -> Object:
    kept = {key: value for key, value in container.items() if key not in _CONTAINER_UNREAD}
    if "env" in kept:
        kept["env"] = [variable for variable in parts(kept, "env") if "valueFrom" in variable]
    return kept


def _lean_replica_set(made: Object) -> Object:
    """Of revisions long gone only what tells their image."""
    spec = part(made, "spec")
    if spec.get("replicas") or part(made, "status").get("replicas"):
        return made
    containers = [{"image": c.get("image")} for c in parts(part(part(spec, "template"), "spec"), "containers")]
    return {**made, "spec": {"replicas": 0, "template": {"spec": {"containers": containers}}}}


_POD_META = (
    "name", "namespace", "labels", "ownerReferences", "creationTimestamp", "deletionTimestamp", "finalizers", "uid",
)  # fmt: skip
_POD_SPEC = (
    "nodeName", "nodeSelector", "affinity", "containers", "initContainers", "volumes", "schedulingGates",
    "schedulerName", "serviceAccountName", "automountServiceAccountToken",
)  # fmt: skip
_CONTAINER_UNREAD = ("volumeMounts", "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "args")
_POD_STATUS_UNREAD = ("podIPs", "hostIPs", "qosClass", "observedGeneration")
_LEAN: Mapping[str, Callable[[Object], Object]] = {"pods": _lean_pod, "replicasets": _lean_replica_set}


# ---- logs --------------------------------------------------------------------------------------------------------


async def _logs(
    client: KubeClient, wanted: list[tuple[Object, str, bool]]
) -> dict[tuple[str, str, str], tuple[str, ...]]:
    if not wanted:
        return {}
    resource = await client.resolve("v1/pods")
    read = await together(*(_log(client, resource, pod, container, previous) for pod, container, previous in wanted))
    return {
        (space_of(pod), name_of(pod), container): lines for (pod, container, _), lines in zip(wanted, read, strict=True)
    }


async def _log(client: KubeClient, resource: Resource, pod: Object, container: str, previous: bool) -> tuple[str, ...]:
    """Its last lines; none when there are none to be had."""
    target = Target(resource, space_of(pod), name_of(pod))
    query = {"container": container, "tailLines": str(_LOG_LINES), "limitBytes": str(_LARGEST_LOG)}
    for way in ({"previous": "true"}, {}) if previous else ({},):
        request = Request(
            "GET", target.path("log"), query | way, accept="*/*", seconds=10, largest=_LARGEST_LOG, cut_at_largest=True
        )
        try:
            answer = await client.answer(request)
        except Unreachable:
            raise
        except KubeError:
            continue
        return tuple(logtext.lines(answer.body))
    return ()
