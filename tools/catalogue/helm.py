"""Reads Helm releases from where Helm keeps them: which there are, their values, manifest, notes and history."""

import copy
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

from pydantic import Field

from tools.catalogue.everywhere import Everywhere, read_where_allowed
from tools.effects import Effect
from tools.kube import releases
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import BadInput, KubeError, NotFound
from tools.kube.paging import METADATA, Collected, Form, collected
from tools.kube.releases import Release, Stored
from tools.kube.resources import Target, valid_namespace
from tools.kube.together import together
from tools.rendering import age, as_yaml, counted, table
from tools.spec import Arguments, Result, Tool

_KEEPERS = ("v1/secrets", "v1/configmaps")
_AT_ONCE = 8
_NO_CHART = "?"

Kept: TypeAlias = tuple[str, Stored]  # the kind that keeps it, and what its labels say


class HelmListArguments(Arguments):
    namespace: str | None = Field(None, description="Left out: all namespaces.")
    match: str | None = Field(None, description="Only releases with this in their name.")
    limit: int = Field(50, ge=1, le=200)


class HelmGetArguments(Arguments):
    release: str = Field(min_length=1)
    namespace: str | None = Field(None, description="Left out: found by name.")
    what: Literal["values", "all_values", "manifest", "notes", "history", "chart"] = Field(
        "values", description="values: what people set; all_values: with the chart's own."
    )
    revision: int | None = Field(None, ge=1, description="Left out: the newest.")


# ---- helm_list ---------------------------------------------------------------------------------------------------


async def list_releases(client: KubeClient, asked: HelmListArguments) -> Result:
    """data: {"namespace", "total": int, "releases": [{"namespace", "name", "revision": int, "status", "chart",
    "app_version", "updated", "revisions": int,
    "description"}]}; chart and app_version null where the release may not be read."""
    kept, missing = await _kept(client, asked.namespace)
    newest: dict[tuple[str, str], list[Kept]] = {}
    for one in sorted(kept, key=lambda one: -one[1].revision):
        newest.setdefault((one[1].namespace, one[1].release), []).append(one)
    found = [newest[key] for key in sorted(newest) if not asked.match or asked.match.lower() in key[1].lower()]
    shown = found[: asked.limit]
    facts = await _at_once([_release_fact(client, revisions) for revisions in shown])
    unread = sum(1 for fact in facts if fact["chart"] is None)
    where = f" in {asked.namespace}" if asked.namespace else " in all namespaces"
    if not found:
        return Result(
            f"No Helm releases{where}.{missing}", "", {"namespace": asked.namespace, "total": 0, "releases": []}
        )
    count = counted(len(found), "Helm release")
    header = f"{len(shown)} of {count}{where}." if len(shown) < len(found) else f"{count}{where}."
    if unread:
        header += f" The chart of {unread} of them may not or cannot be read."
    rows = [
        [
            f["namespace"],
            f["name"],
            f["revision"],
            f["status"],
            f["chart"] or _NO_CHART,
            f["app_version"] or "-",
            age(f["updated"]),
        ]
        for f in facts
    ]
    body = table(["NAMESPACE", "RELEASE", "REVISION", "STATUS", "CHART", "APP", "UPDATED"], rows)
    return Result(header + missing, body, {"namespace": asked.namespace, "total": len(found), "releases": facts})


async def _kept(client: KubeClient, namespace: str | None) -> tuple[list[Kept], str]:
    """Every revision of every release, by labels alone; and a sentence about namespaces that may not be read. Raises
    the KubeError of the first keeper when none may be read."""
    if namespace:
        valid_namespace(namespace)
    found: list[Kept] = []
    missing: list[str] = []
    refusals: list[KubeError] = []
    for kind in _KEEPERS:
        try:
            everywhere = await _kept_in(client, kind, namespace)
        except KubeError as fault:
            refusals.append(fault)
            continue
        missing.append(everywhere.sentence)
        found += [(kind, one) for part in everywhere.found for one in part.items]
    if not found and refusals:
        raise refusals[0]
    return found, next((sentence for sentence in missing if sentence), "")


async def _kept_in(client: KubeClient, kind: str, namespace: str | None) -> Everywhere[Collected[Stored]]:
    resource = await client.resolve(kind)
    form = Form(releases.StoredAnswer, releases.stored, METADATA)

    async def read(where: str | None) -> Collected[Stored]:
        return await collected(client, resource, Selection(where, releases.SELECTOR), form)

    return await read_where_allowed(client, resource, namespace, read)


async def _release_fact(client: KubeClient, revisions: list[Kept]) -> Object:
    newest = revisions[0][1]
    try:
        read: Release | None = await _read(client, revisions[0])
    except KubeError:
        read = None
    about = read.about if read else None
    return {
        "namespace": newest.namespace,
        "name": newest.release,
        "revision": newest.revision,
        "status": newest.status,
        "chart": f"{about.name}-{about.version}" if about else None,
        "app_version": about.appVersion if about else None,
        "updated": (read and read.info and read.info.last_deployed) or newest.created,
        "revisions": len(revisions),
        "description": read.info.description if read and read.info else "",
    }


async def _read(client: KubeClient, kept: Kept) -> Release:
    kind, one = kept
    return await releases.release(client, Target(await client.resolve(kind), one.namespace, one.keeper))


async def _at_once(work: list[Awaitable[Object]]) -> list[Object]:
    return [one for at in range(0, len(work), _AT_ONCE) for one in await together(*work[at : at + _AT_ONCE])]


# ---- helm_get ----------------------------------------------------------------------------------------------------


async def get_release(client: KubeClient, asked: HelmGetArguments) -> Result:
    """data: {"namespace", "name", "revision", "status", "chart", what: the part that was asked for}; a history is
    [{"revision", "status", "chart", "app_version", "updated", "description"}] newest first."""
    revisions = await _revisions(client, asked)
    if asked.what == "history":
        return await _history(client, revisions)
    kept = next((one for one in revisions if asked.revision in (None, one[1].revision)), None)
    if kept is None:
        there = ", ".join(str(one[1].revision) for one in revisions[:20])
        raise NotFound(f"Helm keeps no revision {asked.revision} of {asked.release}. There are: {there}.")
    found = await _read(client, kept)
    part, body = _PARTS[asked.what](found)
    about = {"revision": kept[1].revision, "status": kept[1].status, "chart": _chart(found)}
    header = (
        f"Helm release {kept[1].release} in {kept[1].namespace}, revision {about['revision']} ({about['status']}), "
    )
    header += f"{about['chart']}: {asked.what.replace('_', ' ')}{'.' if not body else ':'}"
    if not body:
        header = f"{header[:-1]} is empty."
    data = {"namespace": kept[1].namespace, "name": kept[1].release, **about, asked.what: part}
    return Result(header, body, data)


async def _revisions(client: KubeClient, asked: HelmGetArguments) -> list[Kept]:
    """Of one release, newest first. Raises NotFound with what is near, BadInput when several have the name."""
    kept, missing = await _kept(client, asked.namespace)
    mine = [one for one in kept if one[1].release == asked.release]
    places = sorted({one[1].namespace for one in mine})
    if len(places) > 1:
        raise BadInput(f"There are releases {asked.release} in several namespaces: {', '.join(places)}. Name one.")
    if not mine:
        names = sorted({one[1].release for one in kept})
        hint = f" There are: {', '.join(names[:10])}." if names else " Helm keeps no release there."
        raise NotFound(f'There is no Helm release "{asked.release[:60]}".{hint}{missing}')
    return sorted(mine, key=lambda one: -one[1].revision)


async def _history(client: KubeClient, revisions: list[Kept]) -> Result:
    newest = revisions[0][1]
    facts = await _at_once([_release_fact(client, [one]) for one in revisions[:20]])
    rows = [[f["revision"], f["status"], f["chart"] or _NO_CHART, age(f["updated"]), f["description"]] for f in facts]
    header = (
        f"Helm keeps {counted(len(revisions), 'revision')} of {newest.release} in {newest.namespace}, newest first."
    )
    body = table(["REVISION", "STATUS", "CHART", "UPDATED", "DESCRIPTION"], rows)
    return Result(header, body, {"namespace": newest.namespace, "name": newest.release, "history": facts})


def _chart(found: Release) -> str:
    return f"{found.about.name}-{found.about.version}"


def _values(found: Release) -> tuple[Any, str]:
    return found.config or {}, as_yaml(found.config) if found.config else ""


def _all_values(found: Release) -> tuple[Any, str]:
    own = copy.deepcopy((found.chart and found.chart.values) or {})
    merged = _merged(own, found.config or {})
    return merged, as_yaml(merged) if merged else ""


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """As Helm does it: maps are merged, null takes a default away, everything else replaces it."""
    for key, value in over.items():
        if value is None:
            under.pop(key, None)
        elif isinstance(value, dict) and isinstance(under.get(key), dict):
            under[key] = _merged(under[key], value)
        else:
            under[key] = value
    return under


def _manifest(found: Release) -> tuple[Any, str]:
    return found.manifest, found.manifest


def _notes(found: Release) -> tuple[Any, str]:
    notes = found.info.notes.strip() if found.info else ""
    return notes, notes


def _about(found: Release) -> tuple[Any, str]:
    about, info = found.about, found.info or releases.Info()
    told = {
        "chart": about.name,
        "version": about.version,
        "app_version": about.appVersion,
        "description": about.description,
        "home": about.home,
        "deprecated": about.deprecated or None,
        "first_deployed": info.first_deployed,
        "last_deployed": info.last_deployed,
        "what_happened": info.description,
    }
    kept = {key: value for key, value in told.items() if value}
    return kept, as_yaml(kept)


_PARTS: dict[str, Callable[[Release], tuple[Any, str]]] = {
    "values": _values,
    "all_values": _all_values,
    "manifest": _manifest,
    "notes": _notes,
    "chart": _about,
}


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="helm_list",
        title="List Helm releases",
        description="Helm releases with revision, status, chart and app version.",
        effect=Effect.SENSITIVE,
        arguments=HelmListArguments,
        run=list_releases,
        intent=lambda asked: "List Helm releases" + (f" in {asked.namespace}" if asked.namespace else ""),
    ),
    Tool(
        name="helm_get",
        title="Read Helm releases",
        description="Values, manifest, notes, history or chart of a Helm release, without values of Secrets.",
        effect=Effect.SENSITIVE,
        arguments=HelmGetArguments,
        run=get_release,
        intent=lambda asked: f"Read the {asked.what.replace('_', ' ')} of Helm release {asked.release}",
    ),
)
