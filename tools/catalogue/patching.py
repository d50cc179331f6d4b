"""Changes fields of one object: by patch, or by number of replicas."""

import json
from typing import Any, Literal

from pydantic import Field, field_validator

from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.changes import differences
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput, Invalid, Unsupported
from tools.kube.resources import Resource, Target
from tools.pods import part
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool, one_change

_MOST_CHANGES = 30
_SCALERS = "horizontalpodautoscalers.autoscaling"


class PatchArguments(Arguments):
    kind: str = Field(min_length=1)
    name: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Needed for namespaced kinds.")
    patch: dict[str, Any] | list[dict[str, Any]] = Field(description="Object (merge, strategic) or list (json).")
    type: Literal["merge", "strategic", "json"] | None = Field(
        None, description="Left out: json for a list, strategic for built-in kinds (lists merge by name), else merge."
    )

    @field_validator("patch", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        """Models now and then send the patch as JSON text."""
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                raise ValueError("should be an object or a list of operations") from None
        if not value:
            raise ValueError("an empty patch would change nothing")
        return value


class ScaleArguments(Arguments):
    kind: str = Field("deployment", description="Any kind with a scale, or hpa for its bounds.")
    name: str = Field(min_length=1)
    namespace: str = Field(min_length=1)
    replicas: int | None = Field(None, ge=0, le=10_000)
    min_replicas: int | None = Field(None, ge=0, le=10_000, description="Of an hpa.")
    max_replicas: int | None = Field(None, ge=1, le=10_000, description="Of an hpa.")


async def patch(client: KubeClient, asked: PatchArguments) -> Result:
    """data: {"object": "deployment web in shop", "changes": ["spec.replicas: 2 → 3"], "changed": bool}."""
    target = await exact(client, asked.kind, asked.name, asked.namespace)
    form = asked.type or _form(target.resource, asked.patch)
    if isinstance(asked.patch, list) != (form == "json"):
        raise Invalid("A json patch is a list of operations; merge and strategic patches are objects.")
    before = await read(client, target)
    after = await client.patch(target, bound(asked.patch, before, form), form=form)
    return changed("Patched", target, before, after)


def changed(verb: str, target: Target, before: Object, after: Object) -> Result:
    found = differences(before, after)
    same = part(before, "metadata").get("resourceVersion") == part(after, "metadata").get("resourceVersion")
    data = {"object": target.words, "changes": found, "changed": not same}
    if same:
        return Result(f"{target.words[:1].upper()}{target.words[1:]} was like that already: nothing changed.", "", data)
    shown = found[:_MOST_CHANGES] + ([f"… and {len(found) - _MOST_CHANGES} more"] if len(found) > _MOST_CHANGES else [])
    return Result(f"{verb} {target.words}: {counted(len(found), 'field')} changed.", "\n".join(shown), data)


async def scale(client: KubeClient, asked: ScaleArguments) -> Result:
    """data: {"object", "before": int, "after": int}; of an hpa as k8s_patch."""
    target = await exact(client, asked.kind, asked.name, asked.namespace)
    bounds = _bounds(asked)
    if target.resource.full_name == _SCALERS:
        return await _scale_between(client, target, bounds)
    if bounds or asked.replicas is None:
        raise BadInput("Set replicas; min_replicas and max_replicas are for an hpa.")
    if "scale" not in target.resource.subresources:
        raise Unsupported(f"A {target.resource.singular} has no number of replicas to set.")
    await read(client, target)
    before = _replicas(await client.get(target, "scale"))
    answer = await client.patch(target, {"spec": {"replicas": asked.replicas}}, subresource="scale")
    after = _replicas(answer)
    data = {"object": target.words, "before": before, "after": after}
    if before == after:
        return Result(f"{target.words[:1].upper()}{target.words[1:]} has {before} replicas already.", "", data)
    return Result(
        f"Scaled {target.words} from {before} to {after}. k8s_rollout_status shows when they are ready.", "", data
    )


def _bounds(asked: ScaleArguments) -> dict[str, int]:
    wanted = {"minReplicas": asked.min_replicas, "maxReplicas": asked.max_replicas}
    return {key: number for key, number in wanted.items() if number is not None}


async def _scale_between(client: KubeClient, target: Target, bounds: dict[str, int]) -> Result:
    if not bounds:
        raise BadInput("Set min_replicas, max_replicas or both: an hpa itself sets the replicas.")
    before = await read(client, target)
    after = await client.patch(target, bound({"spec": bounds}, before, "merge"))
    return changed("Scaled", target, before, after)


def _form(resource: Resource, wanted: Object | list[Object]) -> str:
    if isinstance(wanted, list):
        return "json"
    return "strategic" if "." not in resource.group or resource.group.endswith(".k8s.io") else "merge"


def bound(wanted: Object | list[Object], before: Object, form: str) -> Object | list[Object]:
    """The same patch, refused by the server if the object is not the one just read (deleted and made anew)."""
    uid = part(before, "metadata").get("uid")
    if form == "json" or not isinstance(wanted, dict) or not uid:
        return wanted
    meta = wanted.get("metadata")
    return {**wanted, "metadata": {**(meta if isinstance(meta, dict) else {}), "uid": uid}}


def _replicas(found: Object) -> int:
    return int(part(found, "spec").get("replicas") or 0)


def _where(asked: PatchArguments | ScaleArguments) -> str:
    return f"{asked.kind} {asked.name}" + (f" in {asked.namespace}" if asked.namespace else "")


def _scale_intent(asked: ScaleArguments) -> str:
    if asked.replicas is not None:
        return f"Scale {_where(asked)} to {asked.replicas}"
    ends = [str(end) for end in (asked.min_replicas, asked.max_replicas) if end is not None]
    return f"Scale {_where(asked)} between {' and '.join(ends)}" if len(ends) == 2 else f"Scale {_where(asked)}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_patch",
        title="Patch an object",
        description="Changes fields of one object and tells which changed, for example an image or an environment.",
        effect=Effect.CHANGE,
        arguments=PatchArguments,
        run=patch,
        intent=lambda asked: f"Patch {_where(asked)}",
        changes=one_change,
    ),
    Tool(
        name="k8s_scale",
        title="Scale a workload",
        description="Sets the number of replicas, or the bounds of a HorizontalPodAutoscaler.",
        effect=Effect.CHANGE,
        arguments=ScaleArguments,
        run=scale,
        intent=_scale_intent,
        changes=one_change,
    ),
)
