"""What leads to what in a namespace: ingress → service → pod → node, claim, configuration; owner → owned. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tools import pods
from tools.pods import Object, part, parts

Key: TypeAlias = tuple[str, str]  # kind in lower case, name

_TOKEN_VOLUME = "kube-api-access-"  # what every pod has says nothing about it


@dataclass(frozen=True, slots=True)
class Edge:
    """`how`: what the connection is, where it is not plain: a host, a role."""

    start: Key
    end: Key
    how: str = ""


@dataclass(slots=True)
class Graph:
    """states: how each known object is, in a word or two; known: kinds of which every name is in `states`, so that
    what is referred to and not there is missing."""

    edges: list[Edge] = field(default_factory=list)
    states: dict[Key, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def state(self, key: Key) -> str:
        missing = key[0] in self.known and key not in self.states
        return "missing" if missing else self.states.get(key, "")

    def forward(self) -> Mapping[Key, list[Edge]]:
        """The edges by where they start, each once."""
        found: defaultdict[Key, dict[Edge, None]] = defaultdict(dict)
        for edge in self.edges:
            found[edge.start][edge] = None
        return {start: list(edges) for start, edges in found.items()}

    def backward(self) -> Mapping[Key, list[Edge]]:
        """The same seen from their ends."""
        turned = [Edge(edge.end, edge.start, edge.how) for edge in self.edges]
        return Graph(turned).forward()

    def add(self, found: Object) -> None:
        """An object with all that it leads to, and what leads to it by owning it. A ReplicaSet of the past is none."""
        if found.get("kind") == "ReplicaSet" and not part(found, "spec").get("replicas") and _owners(found):
            return
        key = key_of(found)
        self.states[key] = _state(found)
        self.edges += [
            Edge((str(ref.get("kind", "")).lower(), str(ref.get("name", ""))), key) for ref in _owners(found)
        ]
        self.edges += [Edge(key, end, how) for end, how in _leads_to(key[0], found)]

    def select(self, services: Iterable[Object], slices: Iterable[Object], found: Iterable[Object]) -> None:
        """Which pods stand behind services: those that endpoint slices name, with their readiness."""
        there = {key_of(pod) for pod in found}
        ends: defaultdict[str, dict[Key, bool]] = defaultdict(dict)
        for piece in slices:
            owner = str((part(piece, "metadata").get("labels") or {}).get("kubernetes.io/service-name", ""))
            for end, ready in _endpoints(piece):
                ends[owner][end] = ready
        for service in services:
            key = key_of(service)
            behind = ends[key[1]]
            self.states[key] = _reached(service, behind)
            self.states |= {end: "" for end in behind if end not in there and end[0] != "pod"}
            self.edges += [Edge(key, end, "" if ready else "not ready") for end, ready in behind.items()]


def key_of(found: Object) -> Key:
    return str(found.get("kind", "")).lower(), str(part(found, "metadata").get("name", ""))


def _owners(found: Object) -> list[Object]:
    return parts(part(found, "metadata"), "ownerReferences")


# ---- what an object leads to -------------------------------------------------------------------------------------


def _leads_to(kind: str, found: Object) -> Iterator[tuple[Key, str]]:
    spec = part(found, "spec")
    if kind == "ingress":
        yield from _ingress(spec)
    elif kind == "httproute":
        for rule in parts(spec, "rules"):
            yield from ((("service", str(ref.get("name"))), "") for ref in parts(rule, "backendRefs"))
    elif kind == "horizontalpodautoscaler":
        aim = part(spec, "scaleTargetRef")
        yield (str(aim.get("kind", "")).lower(), str(aim.get("name", ""))), "scales"
    elif kind == "persistentvolumeclaim":
        if spec.get("volumeName"):
            yield ("persistentvolume", str(spec["volumeName"])), ""
    elif kind == "pod":
        if spec.get("nodeName"):
            yield ("node", str(spec["nodeName"])), ""
        yield from _configuration(spec)
    elif not _has_pods(kind, part(found, "status")):
        template = part(part(part(spec, "jobTemplate"), "spec"), "template") or part(spec, "template")
        yield from _configuration(part(template, "spec"))


def _has_pods(kind: str, status: Object) -> bool:
    """Then these tell of the configuration, once, and what the template says would be the same again."""
    told = ("replicas", "currentNumberScheduled", "active", "succeeded", "failed")
    return kind == "replicaset" or any(status.get(name) for name in told if kind != "cronjob")


def _ingress(spec: Object) -> Iterator[tuple[Key, str]]:
    for rule in parts(spec, "rules"):
        for path in parts(part(rule, "http"), "paths"):
            yield _backend(part(path, "backend"), f"{rule.get('host') or '*'}{path.get('path') or '/'}")
    for name in ("defaultBackend", "backend"):
        if part(spec, name):
            yield _backend(part(spec, name), "default")
    for tls in parts(spec, "tls"):
        if tls.get("secretName"):
            yield ("secret", str(tls["secretName"])), "tls"


def _backend(backend: Object, how: str) -> tuple[Key, str]:
    """`networking.k8s.io/v1`, or v1beta1 with `serviceName`."""
    return ("service", str(part(backend, "service").get("name") or backend.get("serviceName") or "")), how


def _configuration(spec: Object) -> Iterator[tuple[Key, str]]:
    for volume in parts(spec, "volumes"):
        if not str(volume.get("name", "")).startswith(_TOKEN_VOLUME):
            yield from _volume(volume)
    for container in [*parts(spec, "initContainers"), *parts(spec, "containers")]:
        for source in parts(container, "envFrom"):
            yield from _named(source, ("configMapRef", "configmap", "name"), ("secretRef", "secret", "name"))
        for variable in parts(container, "env"):
            given = part(variable, "valueFrom")
            yield from _named(given, ("configMapKeyRef", "configmap", "name"), ("secretKeyRef", "secret", "name"))
    for pull in parts(spec, "imagePullSecrets"):
        yield ("secret", str(pull.get("name"))), "pulls images"
    account = str(spec.get("serviceAccountName") or "default")
    if account != "default":
        yield ("serviceaccount", account), ""


def _volume(volume: Object) -> Iterator[tuple[Key, str]]:
    claim = ("persistentVolumeClaim", "persistentvolumeclaim", "claimName")
    yield from _named(volume, ("configMap", "configmap", "name"), ("secret", "secret", "secretName"), claim)
    for source in parts(part(volume, "projected"), "sources"):
        yield from _named(source, ("configMap", "configmap", "name"), ("secret", "secret", "name"))


def _named(node: Object, *places: tuple[str, str, str]) -> Iterator[tuple[Key, str]]:
    for place, kind, field_name in places:
        name = part(node, place).get(field_name)
        if name:
            yield (kind, str(name)), "optional" if part(node, place).get("optional") else ""


def _endpoints(piece: Object) -> Iterator[tuple[Key, bool]]:
    """Of an EndpointSlice; `ready` that is not set counts as ready."""
    for endpoint in parts(piece, "endpoints"):
        target = part(endpoint, "targetRef")
        ready = part(endpoint, "conditions").get("ready") is not False
        if target.get("name"):
            yield (str(target.get("kind") or "pod").lower(), str(target["name"])), ready
        else:
            yield from ((("address", str(address)), ready) for address in endpoint.get("addresses") or [])


# ---- how an object is --------------------------------------------------------------------------------------------


def _state(found: Object) -> str:
    kind, spec, status = found.get("kind"), part(found, "spec"), part(found, "status")
    if kind == "Pod":
        told = pods.summary(found)
        return f"{told['status']} {told['ready']}" + (f", {told['restarts']} restarts" if told["restarts"] else "")
    if kind in ("Deployment", "StatefulSet", "ReplicaSet"):
        wanted = 1 if spec.get("replicas") is None else spec["replicas"]
        return f"{status.get('readyReplicas') or 0}/{wanted} ready"
    if kind == "DaemonSet":
        return f"{status.get('numberReady') or 0}/{status.get('desiredNumberScheduled') or 0} ready"
    if kind == "HorizontalPodAutoscaler":
        return f"{spec.get('minReplicas') or 1} to {spec.get('maxReplicas')}, now {status.get('currentReplicas') or 0}"
    return str(status.get("phase") or "")


def _reached(service: Object, behind: Mapping[Key, bool]) -> str:
    if part(service, "spec").get("type") == "ExternalName":
        return f"another name for {part(service, 'spec').get('externalName')}"
    if behind:
        return f"{sum(behind.values())} of {len(behind)} endpoints ready"
    chosen = ",".join(f"{name}={value}" for name, value in part(part(service, "spec"), "selector").items())
    return f"no endpoints: no pod has {chosen}" if chosen else "no endpoints"
