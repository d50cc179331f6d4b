"""A pod that no node takes: which node lacks what, by the scheduler's words and by the nodes themselves."""

import re
from collections.abc import Callable, Iterable

from tools import quantities
from tools.diagnosis import references
from tools.diagnosis.case import Case
from tools.diagnosis.finding import Evidence, Finding, Severity, Sign, Step, Thing, count, listing, patch, spec, status
from tools.diagnosis.guesses import nearest
from tools.diagnosis.world import World, condition, labels_of, listed, name_of, written
from tools.pods import Object, part, parts

TOO_BIG = Sign(
    "requests", Severity.CRITICAL, "a pod that asks for more CPU, memory or of anything than a node has free"
)
SELECTOR = Sign("node-selector", Severity.CRITICAL, "a node selector or affinity that no node fits")
SPREAD = Sign("anti-affinity", Severity.CRITICAL, "copies that may not share a node, and too few nodes for them")
TAINTS = Sign("taints", Severity.CRITICAL, "taints of nodes that a pod does not tolerate")
CORDONED = Sign("no-open-node", Severity.CRITICAL, "a pod that waits because nodes are cordoned")
FULL = Sign("nodes-full", Severity.CRITICAL, "nodes that may not take more pods, or whose host port is taken")
CLAIM = Sign("claim-unbound", Severity.CRITICAL, "a pod that waits for a claim without a volume, or in another zone")
OTHER = Sign("unscheduled", Severity.CRITICAL, "a pod that no node takes for another reason")
GATED = Sign("scheduling-gate", Severity.NOTE, "a pod held back by a scheduling gate")
SIGNS = (TOO_BIG, SELECTOR, SPREAD, TAINTS, CORDONED, FULL, CLAIM, OTHER, GATED)
_SHORT = re.compile(r"Insufficient (?P<resource>[\w./-]*\w)")
_MOST_NODES = 5
_JUST_MADE = 15.0
_BINDING = 30.0


def examine(case: Case) -> Finding | None:
    said_no = condition(case.pod, "PodScheduled")
    if said_no.get("reason") == "SchedulingGated":
        gates = [str(gate.get("name")) for gate in parts(case.spec, "schedulingGates")]
        return GATED.on(
            case.owner,
            "is held back by a gate",
            "Something asked the scheduler to wait with this pod.",
            spec(f"schedulingGates: {listed(gates)}"),
            fix="What set the gate removes it when it is done.",
        )
    if said_no.get("status") != "False":
        return _unnoticed(case)
    said = str(said_no.get("message") or case.said("FailedScheduling") or "")
    return references.missing(case, said) or (None if _settling(case, said) else _by_words(case, said))


def _settling(case: Case, said: str) -> bool:
    """Whether its claims are being bound at this moment, and nothing warns about them."""
    world, place = case.world, case.thing.namespace
    found = [world.find("persistentvolumeclaims", name, place) for name in _claims(case)]
    young = [claim for claim in found if claim and world.seconds_old(claim) < _BINDING]
    warned = any(world.warnings(Thing("PersistentVolumeClaim", name_of(claim), place)) for claim in young)
    return "unbound" in said and bool(young) and not warned


def _claims(case: Case) -> list[str]:
    named = [part(volume, "persistentVolumeClaim").get("claimName") for volume in parts(case.spec, "volumes")]
    return [str(name) for name in named if name]


def _unnoticed(case: Case) -> Finding | None:
    """No word of the scheduler at all."""
    if case.spec.get("nodeName") or case.world.seconds_old(case.pod) < _JUST_MADE * 8:
        return None
    scheduler = str(case.spec.get("schedulerName") or "default-scheduler")
    return OTHER.on(
        case.owner,
        "waits for a node",
        f"No scheduler has looked at the pod: is {scheduler} running?",
        spec(f"schedulerName: {scheduler}"),
        fix="Name a scheduler that runs in this cluster.",
        step=listing("nodes"),
    )


def _by_words(case: Case, said: str) -> Finding:
    low = said.lower()
    rule = next((rule for words, rule in _RULES if any(word in low for word in words)), _other)
    found = rule(case, said)
    return found.also(*([status(said)] if said else []))


def _too_big(case: Case, said: str) -> Finding:
    short = _SHORT.search(said)
    resource = short["resource"] if short else "cpu"
    asked = _asked(case.spec, resource)
    largest = max((_allocatable(node, resource) for node in case.world.all("nodes")), default=0.0)
    never = bool(largest and asked > largest)
    cause = "It asks for more than any node has, so it can never start." if never else "No node has that much free now."
    what = {"cpu": "CPU"}.get(resource, resource)
    evidence: list[Evidence] = []
    if asked:
        room = f"; the largest node has {_words(resource, largest)}" if largest else ""
        evidence = [spec(f"requests.{resource}: {_words(resource, asked)}{room}")]
        evidence += [count(line) for line in _room(case.world, resource, asked)]
    return TOO_BIG.on(
        case.owner,
        f"cannot be placed: it asks for too much {what}",
        f"The pod waits for a node with enough free {what}. {cause}",
        *evidence,
        fix="Ask for less, or add a bigger node." if never else "Ask for less, free some, or add a node.",
        step=Step("k8s_top", {"scope": "nodes"}),
        resource=resource,
        largest=f"{largest:g}" if largest else "",
    )


def is_short(pod: Object) -> bool:
    """Whether the scheduler says of it that nodes have too little left."""
    return "Insufficient" in str(condition(pod, "PodScheduled").get("message") or "")


def _room(world: World, resource: str, asked: float) -> Iterable[str]:
    """What each node has free of it, fullest last."""
    used: dict[str, float] = {}
    for pod in world.everywhere("pods"):
        if part(pod, "status").get("phase") not in ("Succeeded", "Failed"):
            node = str(part(pod, "spec").get("nodeName") or "")
            used[node] = used.get(node, 0.0) + _asked(part(pod, "spec"), resource)
    nodes = [(_allocatable(node, resource), name_of(node)) for node in world.all("nodes")]
    free = sorted(((whole - used.get(name, 0.0), whole, name) for whole, name in nodes), reverse=True)
    for left, whole, name in free[:_MOST_NODES] if world.wide or "pods" in world.elsewhere else []:
        lacks = f", lacks {_words(resource, asked - left)}" if asked > left else ""
        yield f"{name}: {_words(resource, max(0.0, left)).split(' ')[0]} of {_words(resource, whole)} free{lacks}"


def _asked(pod_spec: Object, resource: str) -> float:
    def one(container: Object) -> float:
        asks = part(part(container, "resources"), "requests")
        return quantities.number(asks.get(resource)) or 0.0

    together = sum(one(container) for container in parts(pod_spec, "containers"))
    return max([together, *(one(container) for container in parts(pod_spec, "initContainers"))])


def _allocatable(node: Object, resource: str) -> float:
    return quantities.number(part(part(node, "status"), "allocatable").get(resource)) or 0.0


def _words(resource: str, amount: float) -> str:
    if resource == "cpu":
        number = f"{amount:.3f}".rstrip("0").rstrip(".")
        return f"{number} CPU core" + ("" if number == "1" else "s")
    return f"{amount / 2**30:.1f}Gi" if resource in ("memory", "ephemeral-storage") else f"{amount:g}"


def _selector(case: Case, said: str) -> Finding:
    wanted = {str(key): str(value) for key, value in part(case.spec, "nodeSelector").items()}
    evidence, meant = [], ""
    for key, value in wanted.items():
        have = sorted({str(labels_of(node)[key]) for node in case.world.all("nodes") if key in labels_of(node)})
        meant = meant or nearest(value, [each for each in have if each != value])
        if value not in have:
            evidence.append(
                count(f"No node has {key}={value}; nodes have {listed(have) if have else 'no such label'}.")
            )
    if wanted:
        evidence.insert(0, spec(f"nodeSelector: {written(wanted)}"))
    elif part(case.spec, "affinity"):
        evidence.insert(0, spec(f"affinity.nodeAffinity: {part(part(case.spec, 'affinity'), 'nodeAffinity')}"))
    hint = f" Perhaps {meant} was meant." if meant else ""
    return SELECTOR.on(
        case.owner,
        "fits no node: its node selector",
        f"It asks for nodes with labels that no node has.{hint}",
        *evidence,
        fix="Correct the node selector, or label a node.",
        step=listing("nodes"),
    )


def _spread(case: Case, said: str) -> Finding:
    nodes = case.world.all("nodes")
    return SPREAD.on(
        case.owner,
        "may not share a node",
        "It must not run beside other pods, and every node has one already.",
        *([count(f"{len(nodes)} nodes, of which each may have one copy")] if nodes else []),
        fix="Run fewer copies, prefer instead of require in the (anti-)affinity or spread rule, or add a node.",
        step=patch(case.owner),
    )


def _taints(case: Case, said: str) -> Finding:
    lines = [f"{name_of(n)}: {listed(_taint(t) for t in parts(part(n, 'spec'), 'taints'))}" for n in _tainted(case)]
    return TAINTS.on(
        case.owner,
        "fits no node: taints",
        "The nodes carry taints (marks that keep pods away) which this pod does not tolerate.",
        *(count(line) for line in lines[:_MOST_NODES]),
        fix="Give the pod a toleration, or remove the taint.",
        step=listing("nodes"),
    )


def _tainted(case: Case) -> list[Object]:
    return [node for node in case.world.all("nodes") if parts(part(node, "spec"), "taints")]


def _taint(taint: Object) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint.get('key')}{value}:{taint.get('effect')}"


def _cordoned(case: Case, said: str) -> Finding:
    closed = [name_of(node) for node in case.world.all("nodes") if part(node, "spec").get("unschedulable")]
    return CORDONED.on(
        case.owner,
        "finds no open node",
        "Nodes are cordoned: no new pods may start there.",
        *([count(f"cordoned: {listed(closed)}")] if closed else []),
        fix="Open a node again.",
        step=Step("node_uncordon", {"node": closed[0]}) if closed else listing("nodes"),
        node=closed[0] if closed else "",
    )


def _full(case: Case, said: str) -> Finding:
    return FULL.on(
        case.owner,
        "finds no free place",
        "Every node has as many pods as it may have, or the port of the host that it wants is taken.",
        fix="Add a node, or remove pods.",
        step=Step("k8s_top", {"scope": "nodes"}),
    )


def _claim(case: Case, said: str) -> Finding:
    claims = _claims(case)
    return CLAIM.on(
        case.owner,
        "waits for its volume",
        "The disk it asks for is not there yet, or not where a node could use it.",
        *([spec(f"claims: {listed(claims)}")] if claims else []),
        fix="Look at the claim: its storage class may be unknown or out of space.",
        step=listing("persistentvolumeclaims", case.thing.namespace),
        claim=claims[0] if claims else "",
    )


def _other(case: Case, said: str) -> Finding:
    return OTHER.on(
        case.owner,
        "waits for a node",
        "No node has taken the pod yet.",
        fix="See what the scheduler says about each node.",
        step=listing("nodes"),
    )


# The first rule whose words the scheduler used. A cordoned node and one that is full differ: what can be cured comes
# first, so a pod that asks too much is told to ask for less although one more node is cordoned.
_RULES: tuple[tuple[tuple[str, ...], Callable[[Case, str], Finding]], ...] = (
    (("persistentvolumeclaim", "volume node affinity", "volume zone", "bind volume"), _claim),
    (("anti-affinity", "topology spread"), _spread),
    (("insufficient",), _too_big),
    (("affinity", "node selector"), _selector),
    (("unschedulable",), _cordoned),
    (("taint",), _taints),
    (("too many pods", "free ports"), _full),
)
