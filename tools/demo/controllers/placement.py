"""Whether a pod may run on a node, and the scheduler's words when it may not."""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from tools.demo.controllers.matching import matches, requirement_holds
from tools.demo.quantity import parse
from tools.demo.store import Json


class Refusal(NamedTuple):
    """`curable`: taking other pods away might help."""

    reason: str
    curable: bool = False


def node_selected(spec: Json, node: Json) -> bool:
    """nodeSelector and required node affinity."""
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(term_holds(term, node) for term in required.get("nodeSelectorTerms") or [])


def term_holds(term: Json, node: Json) -> bool:
    labels = node["metadata"].get("labels") or {}
    fields = {"metadata.name": node["metadata"]["name"]}
    return all(requirement_holds(each, labels) for each in term.get("matchExpressions") or []) and all(
        requirement_holds(each, fields) for each in term.get("matchFields") or []
    )


def untolerated(spec: Json, node: Json, effects: tuple[str, ...] = ("NoSchedule", "NoExecute")) -> Json | None:
    """The first taint of the node that the pod does not tolerate."""
    for taint in node["spec"].get("taints") or []:
        if taint["effect"] in effects and not any(tolerates(each, taint) for each in spec.get("tolerations") or []):
            return dict(taint)
    return None


def tolerates(toleration: Json, taint: Json) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    return toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", "")


def requests(pod: Json) -> dict[str, Fraction]:
    """What the pod reserves: containers summed, init containers at their largest."""
    total: Counter[str] = Counter()
    for container in pod["spec"]["containers"]:
        for name, text in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] += parse(text)  # type: ignore[assignment]
    for container in pod["spec"].get("initContainers") or []:
        for name, text in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] = max(total[name], parse(text))  # type: ignore[assignment]
    return dict(total)  # type: ignore[arg-type]


@dataclass
class Room:
    """A node with the pods bound to it."""

    node: Json
    pods: list[Json]

    def used(self, name: str) -> Fraction:
        return sum((requests(pod).get(name, Fraction(0)) for pod in self.pods), Fraction(0))

    def allocatable(self, name: str) -> Fraction:
        return parse(self.node.get("status", {}).get("allocatable", {}).get(name, "0"))

    def fullness(self) -> Fraction:
        return self.used("cpu") / (self.allocatable("cpu") or 1) + Fraction(len(self.pods), 110)


def refusals(pod: Json, room: Room, rooms: list[Room]) -> list[Refusal]:
    """Why the pod cannot go there; empty when it can. One reason, or several shortages."""
    if room.node["spec"].get("unschedulable") and untolerated(pod["spec"], cordoned()):
        return [Refusal("node(s) were unschedulable")]
    if not node_selected(pod["spec"], room.node):
        return [Refusal("node(s) didn't match Pod's node affinity/selector")]
    if untolerated(pod["spec"], room.node):
        return [Refusal("node(s) had untolerated taint(s)")]
    short = shortages(pod, room)
    return short or ([conflict] if (conflict := affinity_conflict(pod, room, rooms)) else [])


def cordoned() -> Json:
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    return {"spec": {"taints": [taint]}, "metadata": {}}


def shortages(pod: Json, room: Room) -> list[Refusal]:
    found = []
    if len(room.pods) >= room.allocatable("pods"):
        found.append(Refusal("Too many pods", curable=True))
    for name, amount in requests(pod).items():
        if amount > room.allocatable(name) - room.used(name):
            found.append(Refusal(f"Insufficient {name}", curable=amount <= room.allocatable(name)))
    return found


def affinity_conflict(pod: Json, room: Room, rooms: list[Room]) -> Refusal | None:
    """Required pod affinity and anti-affinity, also that of the pods already there."""
    affinity = pod["spec"].get("affinity") or {}
    for term in required(affinity.get("podAntiAffinity")):
        if neighbours(pod, term, room, rooms):
            return Refusal("node(s) didn't match pod anti-affinity rules", curable=True)
    for other_room in rooms:
        for other in other_room.pods:
            for term in required((other["spec"].get("affinity") or {}).get("podAntiAffinity")):
                same = topology(other_room.node, term) == topology(room.node, term)
                if same and selects(other, term, pod):
                    return Refusal("node(s) didn't satisfy existing pods anti-affinity rules", curable=True)
    for term in required(affinity.get("podAffinity")):
        first = selects(pod, term, pod) and not any(neighbours(pod, term, each, rooms) for each in rooms)
        if not neighbours(pod, term, room, rooms) and not first:
            return Refusal("node(s) didn't match pod affinity rules")
    return None


def required(part: Json | None) -> list[Json]:
    return (part or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or []


def topology(node: Json, term: Json) -> str | None:
    return (node["metadata"].get("labels") or {}).get(term["topologyKey"])


def selects(holder: Json, term: Json, other: Json) -> bool:
    namespaces = term.get("namespaces") or [holder["metadata"]["namespace"]]
    if other["metadata"]["namespace"] not in namespaces:
        return False
    return matches(term.get("labelSelector"), other["metadata"].get("labels"))


def neighbours(pod: Json, term: Json, room: Room, rooms: list[Room]) -> bool:
    """Whether a pod the term selects runs in the room's topology domain."""
    domain = topology(room.node, term)
    if domain is None:
        return False
    near = [each for each in rooms if topology(each.node, term) == domain]
    return any(selects(pod, term, other) for each in near for other in each.pods)


def verdict(count: int, reasons: list[list[Refusal]]) -> str:
    """The text of FailedScheduling, as the default scheduler of 1.36 words it."""
    tally = Counter(refusal.reason for each in reasons for refusal in each)
    listed = ", ".join(sorted(f"{number} {reason}" for reason, number in tally.items()))
    helpful = sum(1 for each in reasons if each and all(refusal.curable for refusal in each))
    preempted = preemption(count, helpful)
    return f"0/{count} nodes are available: {listed}. no new claims to deallocate, preemption: {preempted}"


def preemption(count: int, helpful: int) -> str:
    """Nobody has a lower priority here, so evicting others never helps."""
    parts = []
    if helpful:
        parts.append(f"{helpful} No preemption victims found for incoming pod")
    if count - helpful:
        parts.append(f"{count - helpful} Preemption is not helpful for scheduling")
    return f"0/{count} nodes are available: {', '.join(sorted(parts))}."
