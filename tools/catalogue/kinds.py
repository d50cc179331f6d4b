"""Tells which kinds a cluster serves."""

import difflib

from pydantic import Field

from tools.effects import Effect
from tools.kube import schemas
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput
from tools.kube.resources import Resource
from tools.rendering import counted, table
from tools.spec import Arguments, Result, Tool


class DiscoverArguments(Arguments):
    query: str | None = Field(None, description="Part of a kind, short name or group. Left out: all kinds.")
    fields: str | None = Field(None, description="The fields of the kind in query at this path: spec.template.spec.")


async def discover(client: KubeClient, asked: DiscoverArguments) -> Result:
    """data: {"kinds": [{"kind", "plural", "short_names", "api_version", "namespaced", "verbs"}], "absent": [str]}; with
    fields: {"kind", "api_version", "path", "type", "about", "fields": [{"name", "type", "required", "about"}]}."""
    if asked.fields is not None:
        return await _fields(client, asked.query or "", asked.fields)
    known = await client.kinds(again=True)
    kinds = known.kinds()
    found = [kind for kind in kinds if not asked.query or _fits(kind, asked.query.strip().lower())]
    near = _near(kinds, asked.query.strip().lower()) if asked.query and not found else []
    header = _header(asked.query, len(found), [kind.plural for kind in near])
    if known.absent:
        header += f" Not answering now: {', '.join(known.absent)}."
    rows = [
        [k.plural, ",".join(k.short_names), k.api_version, str(k.namespaced).lower(), k.kind] for k in found or near
    ]
    body = table(["NAME", "SHORT", "APIVERSION", "NAMESPACED", "KIND"], rows) if rows else ""
    return Result(header, body, {"kinds": [_fact(kind) for kind in found or near], "absent": list(known.absent)})


async def _fields(client: KubeClient, kind: str, path: str) -> Result:
    if not kind.strip():
        raise BadInput("Name a kind in query whose fields are wanted, for example deployment.")
    resource = await client.resolve(kind)
    found = await schemas.describe(client, resource, path)
    where = ".".join([resource.kind, *[step for step in path.split(".") if step]])
    about = f": {found.about}." if found.about else "."
    count = f", {counted(len(found.fields), 'field')}" if found.fields else ""
    header = f"{where} ({resource.api_version}) is {found.type}{count}{about}"
    rows = [[fact.name, fact.type, "yes" if fact.required else "", fact.about] for fact in found.fields]
    facts = [{"name": f.name, "type": f.type, "required": f.required, "about": f.about} for f in found.fields]
    data = {"kind": resource.kind, "api_version": resource.api_version, "path": path, "type": found.type}
    body = table(["FIELD", "TYPE", "REQUIRED", "ABOUT"], rows) if rows else ""
    return Result(header, body, data | {"about": found.about, "fields": facts})


def _fits(kind: Resource, query: str) -> bool:
    names = (kind.plural, kind.singular, kind.kind.lower(), kind.api_version.lower(), kind.full_name)
    return any(query in name for name in names) or query in kind.short_names


def _near(kinds: tuple[Resource, ...], query: str) -> list[Resource]:
    by_name = {kind.plural: kind for kind in reversed(kinds)}
    return [by_name[name] for name in difflib.get_close_matches(query, by_name, 3, 0.6)]


def _header(query: str | None, found: int, near: list[str]) -> str:
    if query and not found:
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        return f'The cluster serves no kind like "{query[:80]}".{hint}'
    return f"{counted(found, 'kind')}" + (f' like "{query[:80]}".' if query else " served by the cluster.")


def _fact(kind: Resource) -> Object:
    return {
        "kind": kind.kind,
        "plural": kind.plural,
        "short_names": list(kind.short_names),
        "api_version": kind.api_version,
        "namespaced": kind.namespaced,
        "verbs": list(kind.verbs),
    }


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_discover",
        title="Find kinds",
        description="Which kinds the cluster serves, custom ones included; or which fields a kind has at a path.",
        effect=Effect.READ,
        arguments=DiscoverArguments,
        run=discover,
        intent=lambda asked: f'Find kinds like "{asked.query}"' if asked.query else "Find out which kinds there are",
        core=True,
    ),
)
