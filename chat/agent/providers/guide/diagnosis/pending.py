"""A pod that no node has taken yet, or that waits for a volume or a setting."""

import re

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis.case import Case, missing_reference
from chat.agent.providers.guide.diagnosis.finding import Finding, Severity
from chat.agent.providers.guide.diagnosis.quantities import amount, cores, modest
from chat.agent.providers.guide.rows import items, walk

SHORT = re.compile(r"Insufficient (?P<resource>[\w./-]*\w)")

NO_LABEL = "It asks for nodes with labels that no node has."
# What the scheduler's sentence contains; what that means: half a sentence, the cause, what helps, what to type.
RULES = (
    (
        "persistentvolumeclaim",
        "waits for its volume",
        "The disk it asks for is not there yet.",
        "Look at the claim: its storage class may be unknown or out of space.",
        "list pvc in {place}",
    ),
    (
        "anti-affinity",
        "may not share a node",
        "It must not run beside other pods, and every node has one already.",
        "Run fewer copies, or add a node.",
        "list nodes",
    ),
    (
        "affinity",
        "fits no node: its node selector",
        NO_LABEL,
        "Correct the node selector, or label a node.",
        "list nodes",
    ),
    (
        "node selector",
        "fits no node: its node selector",
        NO_LABEL,
        "Correct the node selector, or label a node.",
        "list nodes",
    ),
    (
        "unschedulable",
        "finds no open node",
        "Nodes are cordoned: no new pods may start there.",
        "Open a node again.",
        "list nodes",
    ),
    (
        "taint",
        "fits no node: taints",
        "The nodes carry taints (marks that keep pods away) which this pod does not tolerate.",
        "Give the pod a toleration, or remove the taint.",
        "list nodes",
    ),
    (
        "too many pods",
        "finds no free place",
        "Every node has as many pods as it may have.",
        "Add a node, or remove pods.",
        "top nodes",
    ),
)
OTHERWISE = (
    "",
    "waits for a node",
    "No node has taken the pod yet.",
    "See what the scheduler says about each node.",
    "list nodes",
)


def examine(case: Case) -> Finding | None:
    condition = next((c for c in items(case.pod, "status", "conditions") if c.get("type") == "PodScheduled"), {})
    if condition.get("status") == "False":
        said = str(condition.get("message") or "")
        said = said or next((note.message for note in case.notes if note.reason == "FailedScheduling"), "")
        return _too_big(case, said) or _no_node(case, said)
    return _waiting(case)


def _too_big(case: Case, said: str) -> Finding | None:
    short = SHORT.search(said)
    if not short:
        return None
    resource = short["resource"] if short["resource"] in {"cpu", "memory"} else ""
    asked = _asked(case, resource) if resource else ""
    evidence = [f"The scheduler said: {phrasing.code(said, 260)}"]
    largest = case.largest.get(resource)
    wanted = cores(asked) if resource == "cpu" else asked
    if asked:
        room = (
            f"; the largest node has {cores(f'{largest:g}') if resource == 'cpu' else f'{largest / 2.0**30:.1f}Gi'}"
            if largest
            else ""
        )
        evidence.append(f"It asks for {phrasing.code(wanted)} (`requests.{resource}: {asked}`){room}.")
    never = bool(largest and asked and (amount(asked) or 0) > largest)
    cause = "It asks for more than any node has, so it can never start." if never else "No node has that much free now."
    modest_ask = modest(resource, largest)
    offers = (f"set the {resource} request of {phrasing.sentence(case.owner)} to {modest_ask}",) if resource else ()
    what = {"cpu": "CPU", "memory": "memory"}.get(resource, phrasing.code(short["resource"]))
    return Finding(
        Severity.BROKEN,
        case.owner,
        f"cannot be placed: it asks for too much {what}",
        f"The pod waits for a node with enough free {what}. {cause}",
        tuple(evidence),
        f"Ask for less (what does it really need? {phrasing.code(modest_ask)} is a usual start), or add a bigger node."
        if resource
        else "Free some, or add a node that has it.",
        (*offers, "top nodes"),
        case.thing.name,
    )


def _asked(case: Case, resource: str) -> str:
    """The largest request of one container, as written."""
    asks = [str(walk(c, "resources", "requests", resource) or "") for c in items(case.pod, "spec", "containers")]
    return max((ask for ask in asks if ask), key=lambda ask: amount(ask) or 0, default="")


def _no_node(case: Case, said: str) -> Finding:
    rule = next((rule for rule in RULES if rule[0] in said.lower()), OTHERWISE)
    _, title, cause, fix, offer = rule
    evidence = (f"The scheduler said: {phrasing.code(said, 260)}",) if said else ()
    offers = (offer.format(place=case.thing.namespace),)
    return Finding(Severity.BROKEN, case.owner, title, cause, evidence, fix, offers, case.thing.name)


def _waiting(case: Case) -> Finding | None:
    mount = next(
        (note for note in case.notes if note.reason in {"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"}),
        None,
    )
    if mount is None:
        return None
    return missing_reference(case, mount.message) or Finding(
        Severity.BROKEN,
        case.owner,
        "waits for a volume",
        "A volume of the pod cannot be attached or filled.",
        (f"Event: {phrasing.code(mount.message, 260)}",),
        "Mend what the event names; the pod then starts by itself.",
        (f"list pvc in {case.thing.namespace}",),
        case.thing.name,
    )
