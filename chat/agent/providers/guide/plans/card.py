"""One object on a card: what a person asks first about it. The whole is in the tool card."""

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.plans.gathering import notes_of
from chat.agent.providers.guide.rows import items, many, mapping, walk
from chat.agent.providers.guide.steps import Found, Json

NODE_TROUBLES = frozenset({"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"})
FIELDS = (
    ("Node", ("spec", "nodeName")),
    ("Address", ("status", "podIP")),
    ("Type", ("spec", "type")),
    ("Cluster address", ("spec", "clusterIP")),
    ("Schedule", ("spec", "schedule")),
    ("Storage class", ("spec", "storageClassName")),
    ("Suspended", ("spec", "suspend")),
)


def card(thing: Thing, found: Found) -> str:
    """From a k8s_describe answer."""
    lines = _facts(found)
    pods = [
        (
            phrasing.cell(pod.get("name", "")),
            phrasing.words(str(pod.get("ready", ""))),
            phrasing.words(str(pod.get("status", ""))),
            phrasing.words(str(pod.get("restarts", ""))),
        )
        for pod in items(found.data, "pods")
    ][:15]
    warnings = [note for note in notes_of(found) if note.type == "Warning"][:4]
    told = "\n".join(f"- {phrasing.code(note.reason)}: {phrasing.code(note.message, 200)}" for note in warnings)
    question = phrasing.code(f"why is {phrasing.sentence(thing)} failing")
    return phrasing.paragraphs(
        f"**{phrasing.thing(thing)}**",
        "\n".join(f"- {line}" for line in lines) if lines else phrasing.quoted(found.text),
        phrasing.table(("Pod", "Ready", "Status", "Restarts"), pods) if pods else "",
        f"Warnings:\n\n{told}\n\nAsk {question} and I look for the cause." if warnings else "",
    )


def pods_on(found: Found, namespace: str) -> tuple[Thing, ...]:
    """The pods the card shows, in its order."""
    return tuple(Thing("pods", str(pod.get("name", "")), namespace) for pod in items(found.data, "pods"))


def _facts(found: Found) -> list[str]:
    data, body = found.data, walk(found.data, "object")
    lines = []
    replicas = mapping(data, "replicas")
    if replicas:
        lines.append(f"Copies: {replicas.get('ready', 0)} of {replicas.get('wanted', 0)} ready")
    if walk(data, "status"):
        lines.append(f"Status: {phrasing.code(walk(data, 'status'))}")
    lines += [f"Image: {phrasing.code(image)}" for image in many(data, "images")]
    lines += [_container(container) for container in items(data, "containers")]
    for title, path in FIELDS:
        value = walk(body, *path)
        shown = isinstance(value, str | int) and value != ""
        lines += [f"{title}: {phrasing.code(value)}"] if shown else []
    return lines + _ports(body) + _endpoints(data) + _belonging(data, body) + _conditions(data)


def _endpoints(data: Json) -> list[str]:
    if not isinstance(walk(data, "endpoints"), dict):
        return []
    ready = [phrasing.code(address) for address in many(data, "endpoints", "ready")[:6]]
    return [f"Pods behind it: {phrasing.listed(ready)}" if ready else "Pods behind it: **none**, so nobody answers"]


def _belonging(data: Json, body: Json) -> list[str]:
    labels = [phrasing.code(f"{key}={value}") for key, value in list(mapping(body, "metadata", "labels").items())[:8]]
    owners = [
        f"{phrasing.words(str(owner.get('kind')))} {phrasing.code(owner.get('name', ''))}"
        for owner in items(data, "owners")
    ]
    lines = ["Labels: " + " ".join(labels)] if labels else []
    return [*lines, f"Belongs to: {' → '.join(owners)}"] if owners else lines


def _conditions(data: Json) -> list[str]:
    return [
        f"{phrasing.words(str(c.get('type')))} is false: {phrasing.code(c.get('message'), 200)}"
        for c in items(data, "conditions")
        if c.get("message") and str(c.get("status")) == "False" and str(c.get("type")) not in NODE_TROUBLES
    ]


def _container(container: Json) -> str:
    parts = [phrasing.code(container.get("state") or "unknown")]
    parts += [phrasing.code(container["reason"])] if container.get("reason") else []
    restarts = container.get("restarts")
    parts += [phrasing.counted(restarts, "restart")] if isinstance(restarts, int) and restarts else []
    return (
        f"Container {phrasing.code(container.get('name', ''))} "
        f"({phrasing.code(container.get('image', ''))}): {', '.join(parts)}"
    )


def _ports(body: Json) -> list[str]:
    ports = []
    for port in items(body, "spec", "ports"):
        target = port.get("targetPort", port.get("port"))
        ports.append(
            phrasing.code(f"{port.get('port')} → {target}" if target != port.get("port") else port.get("port"))
        )
    return [f"Ports: {phrasing.listed(ports)}"] if ports else []
