"""What is wrong with a Service that nobody answers for: its selector fits no pod, or the pods are not ready."""

import difflib
from collections.abc import Mapping

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis.finding import Finding, Severity
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.rows import thing_of, walk
from chat.agent.providers.guide.steps import Json

SURE = 0.75


def selector_of(service: Json) -> dict[str, str]:
    """Empty for Services whose endpoints somebody else keeps."""
    found = walk(service, "spec", "selector")
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def examine(service: Json, workloads: Mapping[str, Mapping[str, str]], behind: list[Thing]) -> Finding | None:
    """`workloads`: the labels that each Deployment of the namespace gives its pods; `behind`: the pods that fit."""
    thing, selector = thing_of(service, "services"), selector_of(service)
    if not selector or walk(service, "spec", "type") == "ExternalName":
        return None
    asked = _written(selector)
    if behind:
        return Finding(
            Severity.BROKEN,
            thing,
            "has no ready pod behind it",
            "The pods it should lead to exist, but none of them is ready, so requests are not answered.",
            (f"{phrasing.counted(len(behind), 'pod')} with {phrasing.code(asked)}, none of them ready.",),
            "Mend the pods; the Service then works by itself.",
            (f"why is {phrasing.sentence(behind[0])} failing",),
        )
    place = phrasing.code(thing.namespace)
    evidence = [f"The Service looks for pods with {phrasing.code(asked)}; no pod in {place} has that."]
    offers: tuple[str, ...] = (f"list pods in {thing.namespace}",)
    fix = "Correct the selector of the Service, or the labels of the pods."
    meant = _meant(thing, selector, workloads)
    if meant:
        name, right = meant
        owner = phrasing.thing(Thing("deployments", name, thing.namespace))
        evidence.append(f"{owner} makes pods with {phrasing.code(right)}.")
        fix = f"Probably a typing mistake: it should look for {phrasing.code(right)}."
        offers = (f"set selector {right} on {phrasing.sentence(thing)}", *offers)
    return Finding(
        Severity.BROKEN,
        thing,
        "has nobody behind it",
        "Whoever calls this Service gets no answer: it has no endpoints.",
        tuple(evidence),
        fix,
        offers,
    )


def _written(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _meant(
    thing: Thing, selector: Mapping[str, str], workloads: Mapping[str, Mapping[str, str]]
) -> tuple[str, str] | None:
    """The workload that was probably meant, and the selector that fits it: same keys, nearest values."""
    best: tuple[float, str, str] | None = None
    for name, labels in workloads.items():
        if not all(key in labels for key in selector):
            continue
        right = _written({key: labels[key] for key in selector})
        nearness = difflib.SequenceMatcher(None, _written(selector), right).ratio() + (0.5 if name == thing.name else 0)
        if best is None or nearness > best[0]:
            best = (nearness, name, right)
    return best[1:] if best and best[0] >= SURE else None
