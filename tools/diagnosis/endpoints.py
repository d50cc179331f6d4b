"""Services that nobody answers for: the selector fits no pod, the pods are not ready, or the port leads nowhere."""

from collections.abc import Iterator

from tools.diagnosis.case import responsible
from tools.diagnosis.finding import Finding, Severity, Sign, Thing, count, describe, listing, patch, spec, status
from tools.diagnosis.guesses import meant_selector
from tools.diagnosis.told import Told
from tools.diagnosis.workloads import replicas
from tools.diagnosis.world import (
    World,
    carries,
    is_ready,
    labels_of,
    listed,
    name_of,
    space_of,
    template_of,
    thing_of,
    written,
)
from tools.pods import Object, part, parts

NOBODY = Sign("service-nobody", Severity.CRITICAL, "a Service whose selector fits no pod, with the one probably meant")
UNREADY = Sign(
    "service-unready", Severity.CRITICAL, "a Service of which no pod is ready, for no reason found elsewhere"
)
PORT = Sign("service-port", Severity.CRITICAL, "a Service that leads to a port its pods do not have")
PORT_UNNAMED = Sign("service-port-unnamed", Severity.WARNING, "a Service that leads to a port its pods do not declare")
EMPTY = Sign("service-empty", Severity.WARNING, "a Service without selector and without endpoints")
BALANCER = Sign("load-balancer", Severity.WARNING, "a LoadBalancer Service that has been given no address")
SIGNS = (NOBODY, UNREADY, PORT, PORT_UNNAMED, EMPTY, BALANCER)
_MAKERS = ("deployments", "statefulsets", "daemonsets")
_OF_THE_API_SERVER = ("default", "kubernetes")  # it keeps the endpoints itself
_WHILE = 300.0


def examine(world: World, told: Told) -> Iterator[Finding]:
    for service in world.all("services"):
        body = part(service, "spec")
        if body.get("type") == "ExternalName":
            continue
        selector = part(body, "selector")
        if selector and world.knows("pods"):
            yield from _selecting(world, told, service, selector)
        elif not selector:
            yield from _fed_by_hand(world, service)
        yield from _balancer(world, service)


def behind(world: World, service: Object) -> list[Object]:
    """The pods a Service selects."""
    return [
        pod
        for pod in world.pods_with(space_of(service), part(part(service, "spec"), "selector"))
        if part(pod, "status").get("phase") not in ("Succeeded", "Failed")
    ]


def answers(world: World, service: Object) -> bool:
    """Whether somebody would answer: a ready pod, or an endpoint kept by hand."""
    if part(part(service, "spec"), "selector"):
        return any(is_ready(pod) for pod in behind(world, service))
    return _has_endpoints(world, service)


def _selecting(world: World, told: Told, service: Object, selector: Object) -> Iterator[Finding]:
    thing, found = thing_of(service), behind(world, service)
    makers = _makers(world, thing.namespace, selector)
    if not found and not makers:
        yield _nobody(world, thing, selector)
    elif not any(is_ready(pod) for pod in found):
        causes = [responsible(world, pod) for pod in found] + [thing_of(maker) for maker in makers]
        stopped = [maker for maker in makers if replicas(maker)[0] == 0]
        young = found and min(world.seconds_old(pod) for pod in found) < 60.0
        if not (told.blame(causes, thing) or stopped or young or part(service, "spec").get("publishNotReadyAddresses")):
            yield _unready(thing, len(found), selector)
    elif found:
        yield from _ports(service, thing, found)


def _makers(world: World, namespace: str, selector: Object) -> list[Object]:
    """Workloads whose pods it would select."""
    return [
        maker
        for kind in _MAKERS
        for maker in world.within(kind, namespace)
        if carries(labels_of(template_of(maker)), selector)
    ]


def _nobody(world: World, thing: Thing, selector: Object) -> Finding:
    offered = {
        name_of(maker): labels_of(template_of(maker))
        for kind in _MAKERS
        for maker in world.within(kind, thing.namespace)
    }
    asked = written(selector)
    meant = meant_selector(thing.name, selector, offered)
    evidence = [count(f"The Service looks for pods with {asked}; no pod in {thing.namespace} has that.")]
    fix = "Correct the selector of the Service, or the labels of the pods."
    if meant:
        evidence.append(count(f"{meant[0]} makes pods with {meant[1]}."))
        fix = f"Probably a typing mistake: it should look for {meant[1]}."
    return NOBODY.on(
        thing,
        "has nobody behind it",
        "Whoever calls this Service gets no answer: it has no endpoints.",
        *evidence,
        fix=fix,
        step=patch(thing),
        selector=asked,
        meant=meant[1] if meant else "",
    )


def _unready(thing: Thing, pods: int, selector: Object) -> Finding:
    return UNREADY.on(
        thing,
        "has no ready pod behind it",
        "The pods it should lead to exist, but none of them is ready, so requests are not answered.",
        count(f"{pods} pods with {written(selector)}, none of them ready."),
        fix="Mend the pods; the Service then works by itself.",
        step=describe(thing),
    )


def _ports(service: Object, thing: Thing, found: list[Object]) -> Iterator[Finding]:
    declared = [
        port
        for pod in found
        for container in parts(part(pod, "spec"), "containers")
        for port in parts(container, "ports")
    ]
    names = {str(port.get("name")) for port in declared if port.get("name")}
    numbers = {str(port.get("containerPort")) for port in declared}
    for port in parts(part(service, "spec"), "ports"):
        target = str(port.get("targetPort") or port.get("port"))
        if target in names | numbers:
            continue
        if not target.isdigit():
            yield _wrong_port(PORT, thing, port, target, names | numbers)
        elif declared:
            yield _wrong_port(PORT_UNNAMED, thing, port, target, numbers)


def _wrong_port(sign: Sign, thing: Thing, port: Object, target: str, known: set[str]) -> Finding:
    number = port.get("port")
    named = f"their containers name {listed(sorted(known))}" if known else "no container names one so"
    return sign.on(
        thing,
        f"leads to port {target}, which its pods do not name",
        f"Requests to port {number} go to port {target} of the pods; {named}.",
        spec(f"port: {number}, targetPort: {target}"),
        fix="Correct targetPort, or the port of the container.",
        step=patch(thing),
        port=str(number),
    )


def _fed_by_hand(world: World, service: Object) -> Iterator[Finding]:
    thing = thing_of(service)
    if (thing.namespace, thing.name) == _OF_THE_API_SERVER:
        return
    if world.knows("endpointslices") and not _has_endpoints(world, service) and world.seconds_old(service) > _WHILE:
        yield EMPTY.on(
            thing,
            "has no selector and no endpoints",
            "Whoever calls this Service gets no answer.",
            count("0 endpoints"),
            fix="Give it a selector, or endpoints.",
            step=listing("endpointslices", thing.namespace),
        )


def _has_endpoints(world: World, service: Object) -> bool:
    return any(
        parts(each, "endpoints")
        for each in world.all("endpointslices")
        if space_of(each) == space_of(service) and labels_of(each).get("kubernetes.io/service-name") == name_of(service)
    )


def _balancer(world: World, service: Object) -> Iterator[Finding]:
    given = part(part(service, "status"), "loadBalancer").get("ingress")
    if part(service, "spec").get("type") == "LoadBalancer" and not given and world.seconds_old(service) > _WHILE:
        thing = thing_of(service)
        said = world.said(thing)
        yield BALANCER.on(
            thing,
            "has been given no address",
            "It asks for a load balancer, and nothing in the cluster has given it one.",
            *([status(said)] if said else [status("status.loadBalancer is empty")]),
            fix="Does the cluster have something that makes load balancers?",
            step=describe(thing),
        )
