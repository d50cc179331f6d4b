"""Network policies that let nobody in, or apply to nobody."""

from collections.abc import Iterator

from tools.diagnosis import endpoints
from tools.diagnosis.finding import Finding, Severity, Sign, count, listing, spec
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, fits, labels_of, listed, name_of, space_of, thing_of
from tools.pods import Object, part, parts

CLOSED = Sign("policy-blocks", Severity.WARNING, "a network policy that lets nobody reach pods behind a Service")
NOBODY = Sign("policy-nobody", Severity.WARNING, "a network policy that admits pods or namespaces that do not exist")
PORTS = Sign("policy-ports", Severity.WARNING, "network policies that admit none of the ports that a Service leads to")
UNUSED = Sign("policy-unused", Severity.NOTE, "a network policy that applies to no pod")
SIGNS = (CLOSED, NOBODY, PORTS, UNUSED)


def examine(world: World, told: Told) -> Iterator[Finding]:
    if not world.knows("pods"):
        return
    for policy in world.all("networkpolicies"):
        yield from _policy(world, policy)
    for service in world.all("services"):
        yield from _service(world, service)


def _policy(world: World, policy: Object) -> Iterator[Finding]:
    thing, selector = thing_of(policy), part(part(policy, "spec"), "podSelector")
    if selector and not world.selected(thing.namespace, selector):
        yield UNUSED.on(
            thing,
            "applies to no pod",
            "Its selector fits none.",
            spec(f"podSelector: {selector}"),
            fix="Correct the selector, or delete the policy.",
            step=listing("pods", thing.namespace),
        )
        return
    rules = parts(part(policy, "spec"), "ingress")
    peers = [peer for rule in rules for peer in parts(rule, "from")]
    if peers and all(parts(rule, "from") for rule in rules) and not any(_admits(world, policy, peer) for peer in peers):
        yield NOBODY.on(
            thing,
            "admits nobody that exists",
            "No pod has the labels that it lets in, so nobody reaches the pods it applies to.",
            spec(f"from: {listed(str(peer) for peer in peers)}"),
            count("0 pods fit"),
            fix="Correct the labels it admits.",
            step=listing("pods", thing.namespace),
        )


def _admits(world: World, policy: Object, peer: Object) -> bool:
    """Whether there is anybody whom a peer means; True where that cannot be known."""
    if "ipBlock" in peer:
        return True
    spaces = [space_of(policy)]
    if "namespaceSelector" in peer:
        if not (world.wide and world.knows("namespaces")):
            return True
        chosen = part(peer, "namespaceSelector")
        spaces = [name_of(each) for each in world.all("namespaces") if fits(labels_of(each), chosen)]
        if "podSelector" not in peer:
            return bool(spaces)
    return any(world.selected(space, part(peer, "podSelector")) for space in spaces)


def _service(world: World, service: Object) -> Iterator[Finding]:
    """Pods behind a Service whose policies, taken together, admit nobody, or none of its ports."""
    pods = endpoints.behind(world, service)
    if not pods:
        return
    over = [policy for policy in world.within("networkpolicies", space_of(service)) if _covers(policy, pods[0])]
    rules = [rule for policy in over for rule in parts(part(policy, "spec"), "ingress")]
    if over and not rules:
        yield CLOSED.on(
            thing_of(over[0]),
            "lets nobody in",
            f"Nobody reaches the pods behind Service {name_of(service)}: no policy admits anybody.",
            spec("policyTypes: [Ingress], without ingress rules"),
            fix="Add a policy that admits those who should come.",
            step=listing("networkpolicies", space_of(service)),
        )
    elif over and not _open(service, pods[0], rules):
        yield PORTS.on(
            thing_of(over[0]),
            f"admits none of the ports of Service {name_of(service)}",
            "Whoever calls the Service gets no answer: the ports that are let in are others.",
            spec(f"ports: {listed(_said(port) for rule in rules for port in parts(rule, 'ports'))}"),
            spec(f"targetPort: {listed(str(port) for port in _targets(service, pods[0]))}"),
            fix="Admit the port that the pods listen on.",
            step=listing("networkpolicies", space_of(service)),
        )


def _covers(policy: Object, pod: Object) -> bool:
    body = part(policy, "spec")
    inward = "Ingress" in (body.get("policyTypes") or ["Ingress"])
    return inward and space_of(policy) == space_of(pod) and fits(labels_of(pod), part(body, "podSelector"))


def _open(service: Object, pod: Object, rules: list[Object]) -> bool:
    targets = _targets(service, pod)
    return any(
        not parts(rule, "ports") or any(_takes(port, targets) for port in parts(rule, "ports")) for rule in rules
    )


def _takes(port: Object, targets: set[object]) -> bool:
    first, last = port.get("port"), port.get("endPort")
    if isinstance(first, int) and isinstance(last, int):
        return any(isinstance(target, int) and first <= target <= last for target in targets)
    return first is None or first in targets


def _targets(service: Object, pod: Object) -> set[object]:
    """The ports of the pod to which a Service leads, by number and by name."""
    declared = [port for container in parts(part(pod, "spec"), "containers") for port in parts(container, "ports")]
    found: set[object] = set()
    for port in parts(part(service, "spec"), "ports"):
        target = port.get("targetPort") or port.get("port")
        same = [p for p in declared if target in (p.get("name"), p.get("containerPort"))]
        found |= {target} | {p[key] for p in same for key in ("name", "containerPort") if p.get(key)}
    return found


def _said(port: Object) -> str:
    return f"{port.get('port', 'all')}" + (f"-{port['endPort']}" if port.get("endPort") else "")
