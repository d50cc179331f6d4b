"""Deletes one object, and only the very one that was there when the call was made."""

from typing import Any, Literal

from pydantic import Field

from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import Conflict
from tools.pods import part
from tools.spec import Arguments, Result, Tool, one_change


class DeleteArguments(Arguments):
    kind: str = Field(min_length=1)
    name: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Needed for namespaced kinds.")
    uid: str | None = Field(None, description="Delete only the object with this uid.")
    grace_seconds: int | None = Field(None, ge=0, le=3600, description="0 kills at once. Left out: the object's own.")
    propagation: Literal["background", "foreground", "orphan"] = Field(
        "background", description="What becomes of what it owns; orphan leaves it."
    )


async def delete(client: KubeClient, asked: DeleteArguments) -> Result:
    """data: {"object": "pod web-1 in shop", "uid", "gone": bool (false: has begun), "finalizers": [str]}."""
    target = await exact(client, asked.kind, asked.name, asked.namespace)
    found = await read(client, target)
    meta = part(found, "metadata")
    if asked.uid and asked.uid != meta.get("uid"):
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
    return f"Delete {asked.kind} {asked.name}" + (f" in {asked.namespace}" if asked.namespace else "")


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_delete",
        title="Delete an object",
        description="Deletes one object by name.",
        effect=Effect.DESTROY,
        arguments=DeleteArguments,
        run=delete,
        intent=_intent,
        changes=one_change,
    ),
)
