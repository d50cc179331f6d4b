"""Drafts a manifest from a sentence: "a deployment yaml for nginx with 3 replicas on port 80"."""

import re

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Intention
from chat.agent.providers.guide.kinds import title_of
from chat.agent.providers.guide.rows import walk
from chat.agent.providers.guide.slots import whole_number
from chat.agent.providers.guide.steps import Call, Plan, Reply, Scene
from chat.agent.providers.guide.together import together

KNOWN_IMAGES = {
    "nginx": "nginx:1.27",
    "redis": "redis:7.4",
    "postgres": "postgres:17",
    "mysql": "mysql:8.4",
    "httpd": "httpd:2.4",
    "busybox": "busybox:1.37",
    "mongo": "mongo:8",
    "rabbitmq": "rabbitmq:4",
    "memcached": "memcached:1.6",
    "alpine": "alpine:3.21",
    "python": "python:3.13",
    "node": "node:22",
}
PORTS = {
    "nginx": 80,
    "httpd": 80,
    "redis": 6379,
    "postgres": 5432,
    "mysql": 3306,
    "mongo": 27017,
    "rabbitmq": 5672,
    "memcached": 11211,
}
RUNS = frozenset({"deployment", "statefulset", "job", "cronjob"})
DRAFTED = RUNS | {"service", "configmap", "secret", "ingress", "persistentvolumeclaim", "horizontalpodautoscaler"}


def draft(scene: Scene) -> Plan:
    wish = scene.intention
    kind = {"workloads": "deployment", "": "deployment", "pods": "deployment"}.get(
        wish.kind, title_of(wish.kind).lower()
    )
    if kind not in DRAFTED:
        return Reply(
            f"I can draft these kinds: {phrasing.listed(sorted(DRAFTED))}. For example: "
            f"{phrasing.code('give me a service yaml for checkout')}."
        )
    name = _named(wish.text) or wish.name
    image = _first(r"image '?([a-z0-9][\w./-]*(?::[\w.-]+)?)", wish.text) or _image_like(wish.text)
    if not name and not image:
        return Reply(
            f"What should it be called? Say, for example, {phrasing.code(f'give me a {kind} yaml for nginx')}."
        )
    name = (
        re.sub(r"[^a-z0-9.-]+", "-", (name or image.rpartition("/")[2]).lower().partition(":")[0]).strip("-.") or "app"
    )
    base = (image or name).rpartition("/")[2].partition(":")[0]
    image = image or KNOWN_IMAGES.get(base, f"{name}:latest")
    port = whole_number(_first(r"ports? (\d+)", wish.text)) or (
        PORTS.get(base) if kind in {"deployment", "statefulset", "service"} else None
    )
    call = _call(wish, kind, name, image if kind in RUNS else "", port)
    (found,) = (yield from together({"": call}, "Writing a draft…")).values()
    if found.failed:
        return Reply(phrasing.plain(found.text))
    manifest = str(walk(found.data, "manifest") or found.text.partition("\n")[2])
    notes = (
        []
        if kind not in RUNS or base in KNOWN_IMAGES or ":" not in image or not image.endswith(":latest")
        else [f"The image {phrasing.code(image)} is a guess: put yours in."]
    )
    apply = f"apply\n```yaml\n{manifest}\n```"
    ready = "k8s_apply" in scene.offered
    closing = (
        "Nothing is created yet. Answer `yes` to apply it as it is, or paste it back with your changes."
        if ready
        else "Nothing is created."
    )
    return Reply(
        phrasing.paragraphs(
            f"A draft of a {title_of(wish.kind or 'deployments') if kind != 'deployment' else 'Deployment'}:",
            phrasing.block(manifest),
            *notes,
            closing,
        ),
        offers=(apply,) if ready else (),
    )


def _call(wish: Intention, kind: str, name: str, image: str, port: int | None) -> Call:
    size = _first(r"(\d+)(?=gi\b)", wish.text)
    entrance = {"loadbalancer": "LoadBalancer", "nodeport": "NodePort"}
    return calls.call(
        "manifest_draft",
        wish.cluster,
        kind=kind,
        name=name,
        namespace=wish.namespace,
        image=image,
        port=port,
        replicas=whole_number(_first(r"(\S+) (?:replicas?|copies|instances)", wish.text)),
        host=_first(r"(?:host|domain|for) '?([a-z0-9-]+(?:\.[a-z0-9-]+)+)", wish.text) if kind == "ingress" else "",
        size=f"{size}Gi" if size else "",
        service_type=entrance.get(_first(r"(loadbalancer|nodeport)", wish.text), ""),
    )


def _named(text: str) -> str:
    return _first(r"(?:called|named|name) '?([a-z0-9][a-z0-9.-]*)", text)


def _image_like(text: str) -> str:
    return _first(r"(?<!\S)'?((?:[a-z0-9.-]+/)+[a-z0-9._-]+(?::[\w.-]+)?|[a-z0-9.-]+:[\w.-]+)(?!\S)", text)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""
