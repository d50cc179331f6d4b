"""Ways in from outside, Ingress and Gateway API: whether class, Gateway, Service, port and certificate exist."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.diagnosis import endpoints
from tools.diagnosis.case import responsible
from tools.diagnosis.finding import Finding, Severity, Sign, Thing, listing, patch, spec, status
from tools.diagnosis.guesses import nearest
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, condition, name_of, space_of, thing_of
from tools.diagnosis.world import told as says
from tools.pods import Object, part, parts

CLASS = Sign("ingress-class", Severity.CRITICAL, "an Ingress of a class that does not exist, or of none")
BACKEND = Sign("ingress-service", Severity.CRITICAL, "an Ingress that leads to a Service or port that does not exist")
CERTIFICATE = Sign("ingress-secret", Severity.WARNING, "an Ingress whose TLS Secret does not exist")
GATEWAY_CLASS = Sign("gateway-class", Severity.WARNING, "a GatewayClass that no controller has accepted")
GATEWAY = Sign("gateway", Severity.CRITICAL, "a Gateway of a class that does not exist, or that is not programmed")
ROUTE = Sign("http-route", Severity.CRITICAL, "an HTTPRoute whose Gateway, Service or port does not exist")
ROUTE_REFUSED = Sign("http-route-refused", Severity.WARNING, "an HTTPRoute that its Gateway does not accept")
SIGNS = (CLASS, BACKEND, CERTIFICATE, GATEWAY_CLASS, GATEWAY, ROUTE, ROUTE_REFUSED)
_OLD_CLASS = "kubernetes.io/ingress.class"
_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_WHILE = 60.0


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service and its port ("" for whatever) to which requests for `where` are led."""

    name: str
    port: str
    namespace: str
    where: str


def examine(world: World, told: Told) -> Iterator[Finding]:
    for ingress in world.all("ingresses"):
        yield from _class(world, ingress)
        yield from _backends(world, told, ingress)
        yield from _certificates(world, ingress)
    for kind in world.all("gatewayclasses"):
        yield from _accepted(world, kind)
    for gateway in world.all("gateways"):
        yield from _gateway(world, gateway)
    for route in world.all("httproutes"):
        yield from _route(world, told, route)


def _annotations(item: Object) -> Object:
    return part(part(item, "metadata"), "annotations")


def _class(world: World, ingress: Object) -> Iterator[Finding]:
    if not world.knows("ingressclasses"):
        return
    thing, named = thing_of(ingress), str(part(ingress, "spec").get("ingressClassName") or "")
    known = [name_of(each) for each in world.all("ingressclasses")]
    if named and named not in known:
        meant = nearest(named, known)
        yield CLASS.on(
            thing,
            f"is of the class {named}, which does not exist",
            "No controller looks after it, so nobody gets in by it.",
            spec(f"ingressClassName: {named}"),
            fix=f"Perhaps {meant} was meant." if meant else "Name a class that exists.",
            step=listing("ingressclasses"),
        )
    elif not named and not _annotations(ingress).get(_OLD_CLASS) and not _has_default(world):
        yield CLASS.on(
            thing,
            "has no class, and the cluster has no default one",
            "No controller looks after it, so nobody gets in by it.",
            spec("ingressClassName is not set"),
            fix="Name a class.",
            step=listing("ingressclasses"),
        )


def _has_default(world: World) -> bool:
    return any(_annotations(each).get(_DEFAULT) == "true" for each in world.all("ingressclasses"))


def _backends(world: World, told: Told, ingress: Object) -> Iterator[Finding]:
    thing, body, seen = thing_of(ingress), part(ingress, "spec"), set()
    wanted = [(part(body, "defaultBackend"), "the default backend")]
    for rule in parts(body, "rules"):
        for path in parts(part(rule, "http"), "paths"):
            wanted.append((part(path, "backend"), f"{rule.get('host') or '*'}{path.get('path') or '/'}"))
    for backend, where in wanted:
        service = part(backend, "service")
        port = part(service, "port")
        key = (str(service.get("name") or ""), str(port.get("name") or port.get("number") or ""))
        if key[0] and key not in seen:
            seen.add(key)
            yield from _backend(world, told, BACKEND, thing, Backend(*key, thing.namespace, where))


def _backend(world: World, told: Told, sign: Sign, thing: Thing, wanted: Backend) -> Iterator[Finding]:
    name, port, place, where = wanted.name, wanted.port, wanted.namespace, wanted.where
    service = world.find("services", name, place)
    if service is None:
        if world.lacks("services", name, place):
            meant = nearest(name, [name_of(each) for each in world.all("services") if space_of(each) == place])
            yield sign.on(
                thing,
                f"leads to the Service {name}, which does not exist",
                f"Requests for {where} are answered with an error.",
                spec(f"{where} → Service {name}" + (f":{port}" if port else "")),
                fix=f"Perhaps {meant} was meant." if meant else "Create the Service, or name the right one.",
                step=listing("services", place),
            )
        return
    ports = parts(part(service, "spec"), "ports")
    known = {str(each.get(key)) for each in ports for key in ("name", "port") if each.get(key)}
    if port and port not in known and part(service, "spec").get("type") != "ExternalName":
        yield sign.on(
            thing,
            f"leads to port {port} of the Service {name}, which has none such",
            f"Requests for {where} are answered with an error.",
            spec(f"{where} → Service {name}:{port}; it has {', '.join(sorted(known))}"),
            fix="Correct the port.",
            step=patch(thing),
        )
    elif not endpoints.answers(world, service):
        told.blame([Thing("Service", name, place), *_behind(world, service)], thing)


def _behind(world: World, service: Object) -> list[Thing]:
    return [responsible(world, pod) for pod in endpoints.behind(world, service)]


def _certificates(world: World, ingress: Object) -> Iterator[Finding]:
    thing = thing_of(ingress)
    for tls in parts(part(ingress, "spec"), "tls"):
        name = str(tls.get("secretName") or "")
        if name and world.lacks("secrets", name, thing.namespace):
            yield CERTIFICATE.on(
                thing,
                f"names the TLS Secret {name}, which does not exist",
                "Browsers are shown another certificate, or none.",
                spec(f"tls.secretName: {name}"),
                fix="Create the Secret, or see what should have made it.",
                step=listing("secrets", thing.namespace),
            )


# ---- Gateway API -------------------------------------------------------------------------------------------------


def _accepted(world: World, kind: Object) -> Iterator[Finding]:
    said = condition(kind, "Accepted")
    if said.get("status") != "True" and world.seconds_old(kind) > _WHILE:
        yield GATEWAY_CLASS.on(
            thing_of(kind),
            "is not accepted",
            "No controller has taken it up, so its Gateways do nothing.",
            status(says(said) or "no condition Accepted"),
            spec(f"controllerName: {part(kind, 'spec').get('controllerName')}"),
            fix="Is its controller installed and running?",
        )


def _gateway(world: World, gateway: Object) -> Iterator[Finding]:
    thing, named = thing_of(gateway), part(gateway, "spec").get("gatewayClassName")
    if world.lacks("gatewayclasses", named):
        yield GATEWAY.on(
            thing,
            f"is of the class {named}, which does not exist",
            "No controller looks after it.",
            spec(f"gatewayClassName: {named}"),
            fix="Name a class that exists.",
            step=listing("gatewayclasses"),
        )
        return
    bad = next(
        (c for name in ("Accepted", "Programmed") if (c := condition(gateway, name)).get("status") == "False"), {}
    )
    if bad:
        yield GATEWAY.on(
            thing,
            f"is not {str(bad.get('type')).lower()}",
            "Its listeners do not take requests.",
            status(says(bad)),
            fix="Mend what the message names.",
        )


def _route(world: World, told: Told, route: Object) -> Iterator[Finding]:
    thing, body = thing_of(route), part(route, "spec")
    for parent in parts(body, "parentRefs"):
        place = str(parent.get("namespace") or thing.namespace)
        if parent.get("kind", "Gateway") == "Gateway" and world.lacks("gateways", parent.get("name"), place):
            yield ROUTE.on(
                thing,
                f"belongs to the Gateway {parent.get('name')}, which does not exist",
                "Nothing sends requests by this route.",
                spec(f"parentRefs: {place}/{parent.get('name')}"),
                fix="Name a Gateway that exists.",
                step=listing("gateways", place),
            )
    for rule in parts(body, "rules"):
        for backend in parts(rule, "backendRefs"):
            if backend.get("kind", "Service") == "Service":
                named = (str(backend.get("name") or ""), str(backend.get("port") or ""))
                place = str(backend.get("namespace") or thing.namespace)
                yield from _backend(world, told, ROUTE, thing, Backend(*named, place, "this route"))
    for parent in parts(part(route, "status"), "parents"):
        bad = next((c for c in parts(parent, "conditions") if c.get("status") == "False"), None)
        if bad:
            yield ROUTE_REFUSED.on(
                thing,
                "is not accepted by its Gateway",
                "Requests may not come by this route.",
                status(says(bad)),
                fix="Mend what the message names.",
            )
