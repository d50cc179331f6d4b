"""What is wrong with a Service: nobody behind it, because its selector fits no pod or the pods are not ready."""

import difflib

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis.finding import Finding, Severity
from chat.agent.providers.guide.diagnosis.health import is_ill
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.rows import Row, thing_of, walk
from chat.agent.providers.guide.steps import Json


def selector_of(service: Json) -> dict[str, str]:
    """Empty for Services whose endpoints somebody else keeps."""
    found = walk(service, "spec", "selector")
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def examine(service: Json, workloads: list[Json], pods: list[Row]) -> Finding | None:
    """`workloads`: those of the namespace, with their pod templates; `pods`: those the selector fits."""
    thing, selector = thing_of(service, "services"), selector_of(service)
    if not selector or walk(service, "spec", "type") == "ExternalName":
        return None
    asked = ",".join(f"{key}={value}" for key, value in selector.items())
    if pods:
        return _nobody_ready(thing, asked, pods)
    evidence = [f"The Service looks for pods with {phrasing.code(asked)}; no pod in {phrasing.code(thing.namespace)} has that."]
    meant = _meant(thing, selector, workloads)
    offers: tuple[str, ...] = (f"list pods in {thing.namespace}",)
    fix = "Correct the selector of the Service, or the labels of the pods."
    if meant:
        name, right = meant
        evidence.append(f"{phrasing.thing(Thing('deployments', name, thing.namespace))} makes pods with {phrasing.code(right)}.")
        fix = f"Probably a typing mistake: it should look for {phrasing.code(right)}."
        offers = (f"set selector {right} on {phrasing.sentence(thing)}", *offers)
    return Finding(
        Severity.BROKEN, thing, "has nobody behind it",
        "Whoever calls this Service gets no answer: it has no endpoints.", tuple(evidence), fix, offers,
    )  # fmt: skip


def _nobody_ready(thing: Thing, asked: str, pods: list[Row]) -> Finding | None:
    if any(not is_ill(row) and row["STATUS"] == "Running" for row in pods):
        return None
    return Finding(
        Severity.BROKEN, thing, "has no ready pod behind it",
        "The pods it should lead to exist, but none of them is ready, so requests are not answered.",
        (f"{phrasing.counted(len(pods), 'pod')} with {phrasing.code(asked)}, none of them ready.",),
        "Mend the pods; the Service then works by itself.", (f"why is {phrasing.sentence(pods[0].thing)} failing",),
    )  # fmt: skip


def _meant(thing: Thing, selector: dict[str, str], workloads: list[Json]) -> tuple[str, str] | None:
    """The workload that was probably meant, and the selector that fits it: same keys, nearest values."""
    best: tuple[float, str, str] | None = None
    for workload in workloads:
        labels = walk(workload, "spec", "template", "metadata", "labels") or {}
        name = str(walk(workload, "metadata", "name") or "")
        if not isinstance(labels, dict) or not all(key in labels for key in selector):
            continue
        right = ",".join(f"{key}={labels[key]}" for key in selector)
        wanted = ",".join(f"{key}={value}" for key, value in selector.items())
        nearness = difflib.SequenceMatcher(None, wanted, right).ratio() + (0.5 if name == thing.name else 0)
        if best is None or nearness > best[0]:
            best = (nearness, name, right)
    return best[1:] if best and best[0] >= 0.75 else None
