"""Taints nodes and takes taints away: which pods may come, and which have to go."""

from typing import Any, Literal

from pydantic import Field

from tools.catalogue.finding import exact
from tools.catalogue.leaving import on_node, words_of
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import NotFound
from tools.pods import part, parts
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool, one_change

_MOST_NAMED = 10
Taint = dict[str, Any]


class TaintArguments(Arguments):
    node: str = Field(min_length=1)
    key: str = Field(min_length=1, max_length=317)
    value: str | None = Field(None, max_length=63)
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        "NoSchedule", description="NoExecute also evicts."
    )
    remove: bool = False


async def taint(client: KubeClient, asked: TaintArguments) -> Result:
    """data: {"node", "taints": [as the API has them], "evicted": [pods that do not tolerate it]}."""
    target = await exact(client, "v1/nodes", asked.node, None)
    found = await read(client, target)
    now = parts(part(found, "spec"), "taints")
    others = [each for each in now if (each.get("key"), each.get("effect")) != (asked.key, asked.effect)]
    if asked.remove and len(others) == len(now):
        raise NotFound(f"Node {asked.node} has no taint {asked.key} with effect {asked.effect}.")
    mine = {"key": asked.key, "effect": asked.effect} | ({"value": asked.value} if asked.value else {})
    wanted = others if asked.remove else [*others, mine]
    going = await _driven_out(client, asked.node, mine) if asked.effect == "NoExecute" and not asked.remove else []
    data = {"node": asked.node, "taints": wanted, "evicted": going}
    if wanted == now or (not asked.remove and mine in now):
        return Result(f"Node {asked.node} has that taint already.", "", data)
    await client.patch(target, _operations(found, now, wanted), form="json")
    written = f"{asked.key}{f'={asked.value}' if asked.value else ''}:{asked.effect}"
    header = f"Node {asked.node}: taint {written} {'taken away' if asked.remove else 'set'}."
    note = _told(going) if asked.effect == "NoExecute" and not asked.remove else ""
    return Result(header, note, data, (note,) if note else ())


def _operations(found: Object, now: list[Taint], wanted: list[Taint]) -> list[Object]:
    """The list has no names the server could merge by, so it is replaced, and only if nobody else has changed it."""
    operations: list[Object] = []
    if uid := part(found, "metadata").get("uid"):
        operations.append({"op": "test", "path": "/metadata/uid", "value": uid})
    if now:
        operations.append({"op": "test", "path": "/spec/taints", "value": now})
    return [*operations, {"op": "replace" if now else "add", "path": "/spec/taints", "value": wanted}]


async def _driven_out(client: KubeClient, node: str, mine: Taint) -> list[str]:
    pods = await on_node(client, node)
    return [words_of(pod) for pod in pods if not any(_tolerates(each, mine) for each in _tolerations(pod))]


def _tolerations(pod: Object) -> list[Object]:
    return parts(part(pod, "spec"), "tolerations")


def _tolerates(toleration: Object, mine: Taint) -> bool:
    """For good: one with tolerationSeconds only puts it off."""
    if toleration.get("tolerationSeconds") is not None or toleration.get("effect") not in (None, "", mine["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", mine["key"])
    return toleration.get("key") == mine["key"] and (toleration.get("value") or "") == (mine.get("value") or "")


def _told(going: list[str]) -> str:
    if not going:
        return "All pods there tolerate it: none is evicted."
    more = f" and {len(going) - _MOST_NAMED} more" if len(going) > _MOST_NAMED else ""
    goes = "is" if len(going) == 1 else "are"
    return f"{counted(len(going), 'pod')} {goes} evicted, whatever budgets say: {', '.join(going[:_MOST_NAMED])}{more}."


def _intent(asked: TaintArguments) -> str:
    written = f"{asked.key}{f'={asked.value}' if asked.value else ''}:{asked.effect}"
    return f"Take the taint {written} from node {asked.node}" if asked.remove else f"Taint node {asked.node} {written}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="node_taint",
        title="Taint a node",
        description="Sets or removes a taint of a node.",
        effect=Effect.DESTROY,
        arguments=TaintArguments,
        run=taint,
        intent=_intent,
        changes=one_change,
    ),
)
