"""Deletes objects, one by name or those that labels choose, and only the very ones that were there beforehand."""

from typing import Any, Literal

from pydantic import Field

from tools.catalogue.choosing import MOST, Choice, chosen
from tools.catalogue.objects import read
from tools.catalogue.several import Line, one_by_one, told
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput, Conflict
from tools.kube.resources import Target
from tools.pods import part
from tools.spec import Arguments, Result, Tool


class DeleteArguments(Arguments):
    kind: str = Field(min_length=1)
    name: str | None = Field(None, min_length=1)
    label_selector: str | None = Field(None, description="Instead of a name.", max_length=500)
    max_count: int = Field(10, ge=1, le=MOST, description="Refused when more objects match.")
    namespace: str | None = Field(None, description="Needed for namespaced kinds.")
    uid: str | None = Field(None, description="Delete only the object with this uid.")
    grace_seconds: int | None = Field(None, ge=0, le=3600, description="0 kills at once. Left out: the object's own.")
    propagation: Literal["background", "foreground", "orphan"] = Field(
        "background", description="What becomes of what it owns; orphan leaves it."
    )


async def delete(client: KubeClient, asked: DeleteArguments) -> Result:
    """data by name: {"object": "pod web-1 in shop", "uid", "gone": bool (false: has begun), "finalizers": [str]};
    by labels: {"objects": [{"object", "state", "detail"}]}."""
    if asked.label_selector and asked.uid:
        raise BadInput("A uid goes with a name, not with a label_selector.")
    names = (asked.name,) if asked.name else ()
    choice = Choice(asked.kind, names, asked.label_selector, asked.namespace, asked.max_count)
    targets = await chosen(client, choice)
    if names:
        return await _one(client, targets[0][0], asked, asked.uid)

    async def change(target: Target, uid: str) -> Line:
        return Line(target.words, "done", (await _one(client, target, asked, uid)).header)

    lines = await one_by_one(targets, change)
    note = f"Exactly these {len(lines)} go, and no other that comes to have the labels {asked.label_selector}."
    return told("Deleted", lines, notes=(note,))


async def _one(client: KubeClient, target: Target, asked: DeleteArguments, uid: str | None) -> Result:
    found = await read(client, target)
    meta = part(found, "metadata")
    if uid and uid != meta.get("uid"):
        raise Conflict(f"{target.words} is another object by now (uid {meta.get('uid')}): nothing was deleted.")
    options: dict[str, Any] = {"propagationPolicy": asked.propagation.capitalize()}
    if meta.get("uid"):
        options["preconditions"] = {"uid": meta["uid"]} | _version(found)
    if asked.grace_seconds is not None:
        options["gracePeriodSeconds"] = asked.grace_seconds
    answer = await client.delete(target, options)
    left = part(answer, "metadata")
    going = bool(left.get("deletionTimestamp"))
    finalizers = list(left.get("finalizers") or [])
    data = {"object": target.words, "uid": meta.get("uid"), "gone": not going, "finalizers": finalizers}
    if not going:
        return Result(f"Deleted {target.words}.", "", data)
    waits = f" It waits for {', '.join(finalizers)}." if finalizers else ""
    grace = left.get("deletionGracePeriodSeconds")
    within = f" It ends within {grace} s." if grace and not finalizers else ""
    return Result(f"The deletion of {target.words} has begun.{waits}{within}", "", data)


def _version(found: Object) -> dict[str, str]:
    """Of kinds that no controller reports on (no status, no generation) also the exact state: any other's version moves
    by itself, and would make every approval void."""
    meta = part(found, "metadata")
    if "status" in found or meta.get("generation") or not meta.get("resourceVersion"):
        return {}
    return {"resourceVersion": str(meta["resourceVersion"])}


def _intent(asked: DeleteArguments) -> str:
    what = asked.name or f"what has the labels {asked.label_selector}"
    return f"Delete {asked.kind} {what}" + (f" in {asked.namespace}" if asked.namespace else "")


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_delete",
        title="Delete objects",
        description="Deletes one object by name, or at most max_count by labels.",
        effect=Effect.DESTROY,
        arguments=DeleteArguments,
        run=delete,
        intent=_intent,
        changes=lambda asked: None if asked.label_selector else 1,
    ),
)
