"""Waits on the server's side until an object is in a state, so that nobody has to ask again and again."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import Field

from tools import filtering, pods
from tools.catalogue.describing import conditions
from tools.catalogue.finding import exact, locate
from tools.catalogue.rollouts import progress
from tools.effects import Effect
from tools.filtering import Condition
from tools.kube import watching
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput
from tools.kube.resources import Target
from tools.pods import part
from tools.rendering import as_yaml
from tools.spec import Arguments, Result, Tool
from tools.views import view

_LONGEST = 110  # seconds; a little less than a tool may take
_ROLLS_OUT = ("Deployment", "StatefulSet", "DaemonSet")


class WaitArguments(Arguments):
    kind: str = Field(min_length=1)
    name: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Left out: found by name.")
    until: str = Field(
        "ready",
        description="ready, exists, deleted, a condition (Available, Complete, Ready=False), or status.phase=Bound.",
        max_length=200,
    )
    timeout_seconds: int = Field(60, ge=1, le=_LONGEST)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the object says. over: it will not get there any more; words: how it is, in half a sentence."""

    reached: bool
    words: str
    over: bool = False


Test: TypeAlias = Callable[[Object | None], Look]


async def wait(client: KubeClient, asked: WaitArguments) -> Result:
    """data: {"kind", "name", "namespace", "until", "reached": bool, "gave_up": bool (it cannot get there any more),
    "state": words, "seconds": float, "status": the object's status or null}."""
    test = _test(asked.until)
    find = exact if asked.until.strip().lower() in ("exists", "deleted") else locate  # what is not there has no place
    target = await find(client, asked.kind, asked.name, asked.namespace)
    began = time.monotonic()
    found: Object | None = None
    look = Look(False, "not there")
    async with contextlib.aclosing(watching.states(client, target, asked.timeout_seconds)) as states:
        async for found in states:
            look = test(found)
            if look.reached or look.over:
                break
    took = time.monotonic() - began
    data = {
        "kind": target.resource.kind,
        "name": target.name,
        "namespace": target.namespace,
        "until": asked.until,
        "reached": look.reached,
        "gave_up": look.over,
        "state": look.words,
        "seconds": round(took, 1),
        "status": view(found, "status")["status"] if found else None,
    }
    body = "" if look.reached or not data["status"] else as_yaml({"status": data["status"]})
    return Result(_header(target, asked, look, took), body, data)


def _header(target: Target, asked: WaitArguments, look: Look, took: float) -> str:
    words = f"{target.words[:1].upper()}{target.words[1:]}"
    if look.reached:
        return f"{words}: {look.words}, after {took:.0f} s."
    if look.over:
        return f"{words}: {look.words}. It will not become {asked.until} by itself; gave up after {took:.0f} s."
    return f"{words}: {look.words}. Not {asked.until} after {took:.0f} s."


# ---- what is waited for ------------------------------------------------------------------------------------------


def _test(until: str) -> Test:
    """Raises BadInput."""
    words = until.strip()
    known: dict[str, Test] = {"ready": _ready, "exists": _exists, "deleted": _deleted}
    if words.lower() in known:
        return known[words.lower()]
    name, equals, value = words.partition("=")
    if name.isalnum() and (not equals or value in ("True", "False", "Unknown")):
        return _condition(name, value or "True")
    tests = filtering.conditions(words)
    if not all("." in test.path for test in tests):
        raise BadInput(f'"{words[:60]}" cannot be waited for. Write ready, deleted, Available or status.phase=Bound.')
    return _paths(tests)


def _exists(found: Object | None) -> Look:
    return Look(found is not None, "there" if found else "not there")


def _deleted(found: Object | None) -> Look:
    if found is None:
        return Look(True, "gone")
    meta = part(found, "metadata")
    if not meta.get("deletionTimestamp"):
        return Look(False, "still there, and nobody has asked for its deletion")
    held = ", ".join(str(name) for name in meta.get("finalizers") or [])
    return Look(False, "being deleted" + (f", held by {held}" if held else ""))


def _condition(name: str, value: str) -> Test:
    def test(found: Object | None) -> Look:
        if found is None:
            return Look(False, "not there")
        state = next((c for c in conditions(found) if str(c["type"]).lower() == name.lower()), None)
        if state is None:
            return Look(False, f"has no condition {name} yet", _has_failed(found))
        words = f"{state['type']}={state['status']}" + (f" ({state['reason']})" if state["reason"] else "")
        reached = state["status"] == value
        return Look(reached, words, not reached and _has_failed(found))

    return test


def _paths(tests: list[Condition]) -> Test:
    def test(found: Object | None) -> Look:
        if found is None:
            return Look(False, "not there")
        reached = all(each.holds(filtering.values_at(found, each.path)) for each in tests)
        return Look(reached, ", ".join(f"{each.path}={filtering.shown_at(found, each.path)}" for each in tests))

    return test


def _ready(found: Object | None) -> Look:
    """What ready means for the kind: rolled out, running, complete, bound, else its condition."""
    if found is None:
        return Look(False, "not there")
    kind = found.get("kind")
    if kind in _ROLLS_OUT:
        done, stuck, message = progress(found)
        return Look(done, message.rstrip("."), stuck)
    if kind == "Pod":
        word = pods.reason(found)
        return Look(pods.is_well(found), word, part(found, "status").get("phase") == "Failed")
    if kind == "Job":
        return _condition("Complete", "True")(found)
    phase = part(found, "status").get("phase")
    if kind in ("PersistentVolumeClaim", "PersistentVolume", "Namespace"):
        return Look(phase in ("Bound", "Available", "Active"), str(phase))
    stated = {str(c["type"]) for c in conditions(found)}
    named = next((name for name in ("Ready", "Available", "Established", "Accepted") if name in stated), None)
    return _condition(named, "True")(found) if named else Look(True, "there")


def _has_failed(found: Object) -> bool:
    """A Job that failed stays so."""
    return found.get("kind") == "Job" and any(
        c["type"] == "Failed" and c["status"] == "True" for c in conditions(found)
    )


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_wait",
        title="Wait for something",
        description="Waits until an object is ready, gone or in a state, or time is up. Instead of polling.",
        effect=Effect.READ,
        arguments=WaitArguments,
        run=wait,
        intent=lambda asked: f"Wait until {asked.kind} {asked.name} is {asked.until}",
    ),
)
