"""The sentences to type that would mend a finding or look closer at it, by its code; "…" where a value is missing."""

import re
from collections.abc import Callable, Mapping

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis.quantities import amount, doubled, modest
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.kinds import kind_of

Facts = Mapping[str, str]
SAFE = re.compile(r"[\w./:@=,-]+")  # what is offered to be typed must read back as one word
LEAST_MEMORY = 2.0**28


def offers_for(code: str, thing: Thing, facts: Facts, pods: list[str]) -> tuple[str, ...]:
    """`facts` as k8s_diagnose gives them; what could change the meaning of a sentence is left out of it."""
    if not SAFE.fullmatch(thing.name) or not kind_of(thing.kind):
        return ()
    safe = {name: value if SAFE.fullmatch(value) else "" for name, value in facts.items()}
    rule = RULES.get(code, _look)
    return tuple(offer for offer in rule(thing, {**NOTHING, **safe}, _pod(thing, pods)) if offer)


NOTHING = dict.fromkeys(
    (
        "image", "earlier_image", "variable", "is_address", "guess", "limit", "kind", "name", "resource", "largest",
        "meant", "node",
    ),
    "",
)  # fmt: skip


def _pod(thing: Thing, pods: list[str]) -> Thing:
    """The pod that was looked at, or the thing itself."""
    return Thing("pods", pods[0], thing.namespace) if pods and SAFE.fullmatch(pods[0]) else thing


def _back(thing: Thing, facts: Facts) -> str:
    earlier = facts["earlier_image"]
    return f"use image {earlier} for {phrasing.sentence(thing)}" if earlier else ""


def _look(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    return (f"describe {phrasing.sentence(thing)}",)


def _yaml(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    return (f"yaml of {phrasing.sentence(thing)}",)


def _image(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    image = facts["image"].partition("@")[0]
    head, colon, tag = image.rpartition(":")
    stem = head if colon and "/" not in tag else image
    return _back(thing, facts), f"use image {stem}:… for {phrasing.sentence(thing)}" if stem else ""


def _variable(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    name, on = facts["variable"], phrasing.sentence(thing)
    blank = "https://…" if facts["is_address"] else "…"
    guess = f"set {name} to {facts['guess']} on {on}" if facts["guess"] else ""
    return f"set {name} to {blank} on {on}", guess, _back(thing, facts)


def _memory(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    more = doubled(facts["limit"]) if facts["limit"] else "512Mi"
    if (amount(more) or 0) < LEAST_MEMORY:
        more = "256Mi"
    return f"set the memory limit of {phrasing.sentence(thing)} to {more}", "which pods use the most memory"


def _crash(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    return _back(thing, facts), f"previous logs of {phrasing.sentence(pod)}", f"yaml of {phrasing.sentence(thing)}"


def _unready(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    return f"logs of {phrasing.sentence(pod)}", f"yaml of {phrasing.sentence(thing)}"


def _missing(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    kind, name, place = facts["kind"], facts["name"], thing.namespace
    make = f"give me a {kind} yaml called {name} in {place}" if kind and name else ""
    return f"list {kind}s in {place}" if kind else "", make


def _too_big(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    resource = facts["resource"]
    if resource not in {"cpu", "memory"}:
        return ("top nodes",)
    ask = modest(resource, amount(facts["largest"]))
    return f"set the {resource} request of {phrasing.sentence(thing)} to {ask}", "top nodes"


def _selector(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    right = f"set selector {facts['meant']} on {phrasing.sentence(thing)}" if facts["meant"] else ""
    return right, f"list pods in {thing.namespace}"


def _again(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    return f"run {phrasing.sentence(thing).replace(' in ', ' again in ')}", f"logs of {phrasing.sentence(thing)}"


def _log(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    return (f"logs of {phrasing.sentence(thing)}",)


def _node(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    return f"describe node {thing.name}", f"pods on node {thing.name}"


def _open(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    node = facts["node"] or (thing.name if thing.kind == "nodes" else "")
    return (f"uncordon node {node}",) if node else ("list nodes",)


def _up(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    return (f"scale {phrasing.sentence(thing)} to 1",)


def _stuck(thing: Thing, facts: Facts, pod: Thing) -> tuple[str, ...]:
    return f"rollout status of {phrasing.sentence(thing)}", f"rollout history of {phrasing.sentence(thing)}"


def _listing(what: str) -> Callable[[Thing, Facts, Thing], tuple[str, ...]]:
    """`what`: a sentence with {place} for the namespace."""
    return lambda thing, facts, pod: (what.format(place=thing.namespace),)


RULES: dict[str, Callable[[Thing, Facts, Thing], tuple[str, ...]]] = {
    "image-pull": _image,
    "crash": _crash,
    "restarts": _crash,
    "crash-variable": _variable,
    "out-of-memory": _memory,
    "liveness": _yaml,
    "container-config": _yaml,
    "readiness": _unready,
    "reference-missing": _missing,
    "requests": _too_big,
    "node-selector": _listing("list nodes"),
    "anti-affinity": _listing("list nodes"),
    "taints": _listing("list nodes"),
    "unscheduled": _listing("list nodes"),
    "nodes-full": _listing("top nodes"),
    "evicted": _listing("top nodes"),
    "no-open-node": _open,
    "node-cordoned": _open,
    "node-not-ready": _node,
    "node-pressure": _node,
    "claim-unbound": _listing("list pvc in {place}"),
    "claim-class": _listing("list storageclasses"),
    "claim-pending": _listing("list storageclasses"),
    "service-nobody": _selector,
    "service-unready": _listing("list pods in {place}"),
    "job-failed": _again,
    "job-failing": _log,
    "log-errors": _log,
    "quota-exceeded": _listing("list quotas in {place}"),
    "limit-range": _listing("list limitranges in {place}"),
    "rollout-stuck": _stuck,
    "scaled-to-zero": _up,
}
