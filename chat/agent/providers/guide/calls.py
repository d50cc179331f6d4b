"""The tool calls a plan makes, with their arguments as the tools of this product take them."""

from typing import Any

from chat.agent.providers.guide.intention import EVERYWHERE, Thing
from chat.agent.providers.guide.steps import Call

MOST_ROWS = 500


def call(tool: str, cluster: str = "", **arguments: Any) -> Call:
    """Leaves out what is not set, so that the tool's own default holds."""
    given = {name: value for name, value in arguments.items() if value not in (None, "", EVERYWHERE, [], ())}
    return Call(tool, {**given, "cluster": cluster} if cluster else given)


def listing(kind: str, namespace: str = "", cluster: str = "", **more: Any) -> Call:
    """All objects of a kind; namespace empty or "*": everywhere."""
    return call("k8s_list", cluster, kind=kind, namespace=namespace, limit=MOST_ROWS, **more)


def getting(kind: str, names: str | list[str], namespace: str, cluster: str = "") -> Call:
    name = names[0] if isinstance(names, list) and len(names) == 1 else names
    return call("k8s_get", cluster, kind=kind, name=name, namespace=namespace)


def logs(thing: Thing, cluster: str = "", *, previous: bool = False, tail: int = 50, **more: Any) -> Call:
    """Of a pod, or of the pods of a workload."""
    return call(
        "k8s_logs",
        cluster,
        target=f"{thing.kind}/{thing.name}",
        namespace=thing.namespace,
        tail=tail,
        previous=previous or None,
        **more,
    )


def events(namespace: str = "", cluster: str = "", thing: Thing | None = None, **more: Any) -> Call:
    """Warnings unless `types` says otherwise; about one thing, or all in a namespace ("" or "*": everywhere)."""
    about = f"{thing.kind}/{thing.name}" if thing else ""
    return call("k8s_events", cluster, namespace=namespace, object=about, **({"types": "warning"} | more))


def on(thing: Thing, tool: str, cluster: str = "", **more: Any) -> Call:
    """A tool that takes kind, name and namespace."""
    return call(tool, cluster, kind=thing.kind, name=thing.name, namespace=thing.namespace, **more)


def rollout(tool: str, thing: Thing, cluster: str = "", **more: Any) -> Call:
    """k8s_rollout_status, k8s_rollout_history and k8s_rollout_do name the kind in the singular."""
    kind = thing.kind.removesuffix("s")
    return call(tool, cluster, kind=kind, name=thing.name, namespace=thing.namespace, **more)
