"""What has to do with one object: its pods and their owners, the Services before them, claims, nodes, budgets."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from tools.diagnosis import endpoints
from tools.diagnosis.case import responsible
from tools.diagnosis.finding import Finding, Thing
from tools.diagnosis.world import Labels, World, carries, fits, labels_of, name_of, space_of, template_of, thing_of
from tools.pods import Object, part, parts

_MAKERS = ("deployments", "statefulsets", "daemonsets", "replicasets", "jobs")


def concerns(finding: Finding, near: frozenset[Thing]) -> bool:
    """Whether a finding is about one of these things, or about pods among them."""
    pods = (Thing("Pod", name, finding.thing.namespace) for name in finding.pods)
    return finding.thing in near or any(pod in near for pod in pods)


def around(world: World, thing: Thing) -> frozenset[Thing]:
    rule = _RULES.get(thing.kind, _workload)
    return frozenset({thing, *rule(world, thing)})


def _workload(world: World, thing: Thing) -> Iterator[Thing]:
    """A Service of the same name is meant too, when it is its selector that is wrong."""
    mine = pods_of(world, thing)
    yield from _of_pods(mine)
    labels = [labels_of(pod) for pod in mine]
    labels += [labels_of(template_of(m)) for kind in _MAKERS for m in world.all(kind) if thing_of(m) == thing]
    for service in world.within("services", thing.namespace):
        selector = part(part(service, "spec"), "selector")
        if name_of(service) == thing.name or (selector and any(carries(each, selector) for each in labels)):
            yield from _service_and_ingresses(world, thing_of(service))
    yield from _guards(world, thing, labels)


def _guards(world: World, thing: Thing, labels: Sequence[Labels]) -> Iterator[Thing]:
    """What scales, protects or fences a workload."""
    for scaler in world.within("horizontalpodautoscalers", thing.namespace):
        aim = part(part(scaler, "spec"), "scaleTargetRef")
        if (aim.get("kind"), aim.get("name")) == (thing.kind, thing.name):
            yield thing_of(scaler)
    for kind, field in (("poddisruptionbudgets", "selector"), ("networkpolicies", "podSelector")):
        for guard in world.within(kind, thing.namespace):
            if any(fits(each, part(part(guard, "spec"), field)) for each in labels):
                yield thing_of(guard)


def _pod(world: World, thing: Thing) -> Iterator[Thing]:
    pod = world.find("pods", thing.name, thing.namespace)
    if pod is not None:
        owner = responsible(world, pod)
        yield from _of_pods([pod])
        yield owner
        if owner != thing:
            yield from _workload(world, owner)


def _service(world: World, thing: Thing) -> Iterator[Thing]:
    yield from _service_and_ingresses(world, thing)
    service = world.find("services", thing.name, thing.namespace)
    pods = endpoints.behind(world, service) if service else []
    owners = {responsible(world, pod) for pod in pods}
    selector = part(part(service or {}, "spec"), "selector")
    for kind in _MAKERS:
        for maker in world.within(kind, thing.namespace):
            if selector and carries(labels_of(template_of(maker)), selector):
                owners.add(thing_of(maker))
    for owner in owners:
        yield owner
        yield from _guards(world, owner, [labels_of(pod) for pod in pods])
    yield from _of_pods(pods)


def _service_and_ingresses(world: World, service: Thing) -> Iterator[Thing]:
    yield service
    for ingress in world.within("ingresses", service.namespace):
        if service.name in _backends(ingress):
            yield thing_of(ingress)


def _ingress(world: World, thing: Thing) -> Iterator[Thing]:
    ingress = world.find("ingresses", thing.name, thing.namespace)
    for name in _backends(ingress) if ingress else ():
        yield Thing("Service", name, thing.namespace)
        yield from _service(world, Thing("Service", name, thing.namespace))


def _backends(ingress: Object) -> set[str]:
    body = part(ingress, "spec")
    found = [part(body, "defaultBackend")]
    found += [part(p, "backend") for rule in parts(body, "rules") for p in parts(part(rule, "http"), "paths")]
    return {str(part(backend, "service").get("name")) for backend in found if part(backend, "service")}


def _claim(world: World, thing: Thing) -> Iterator[Thing]:
    claim = world.find("persistentvolumeclaims", thing.name, thing.namespace)
    if claim is not None and part(claim, "spec").get("storageClassName"):
        yield Thing("StorageClass", str(part(claim, "spec")["storageClassName"]))
    if claim is not None and part(claim, "spec").get("volumeName"):
        yield Thing("PersistentVolume", str(part(claim, "spec")["volumeName"]))


def _scaler(world: World, thing: Thing) -> Iterator[Thing]:
    scaler = world.find("horizontalpodautoscalers", thing.name, thing.namespace)
    aim = part(part(scaler or {}, "spec"), "scaleTargetRef")
    target = Thing(str(aim.get("kind")), str(aim.get("name")), thing.namespace)
    yield target
    yield from _workload(world, target)


def _cron(world: World, thing: Thing) -> Iterator[Thing]:
    cron = world.find("cronjobs", thing.name, thing.namespace)
    for job in world.owned("jobs", cron) if cron else ():
        yield thing_of(job)
        yield from _of_pods(pods_of(world, thing_of(job)))


def _node(world: World, thing: Thing) -> Iterator[Thing]:
    for pod in world.all("pods"):
        if part(pod, "spec").get("nodeName") == thing.name:
            yield thing_of(pod)


def _of_pods(pods: Iterable[Object]) -> Iterator[Thing]:
    for pod in pods:
        yield thing_of(pod)
        if part(pod, "spec").get("nodeName"):
            yield Thing("Node", str(part(pod, "spec")["nodeName"]))
        for volume in parts(part(pod, "spec"), "volumes"):
            name = part(volume, "persistentVolumeClaim").get("claimName")
            if name:
                yield Thing("PersistentVolumeClaim", str(name), space_of(pod))


def pods_of(world: World, thing: Thing) -> list[Object]:
    """The pods that a workload answers for, itself if it is one."""
    if thing.kind == "ReplicaSet":
        made = world.find("replicasets", thing.name, thing.namespace)
        return world.owned("pods", made) if made else []
    pods = world.within("pods", thing.namespace)
    return [pod for pod in pods if thing in (thing_of(pod), responsible(world, pod))]


_RULES: dict[str, Callable[[World, Thing], Iterator[Thing]]] = {
    "Pod": _pod,
    "Service": _service,
    "Ingress": _ingress,
    "PersistentVolumeClaim": _claim,
    "HorizontalPodAutoscaler": _scaler,
    "CronJob": _cron,
    "Node": _node,
}
