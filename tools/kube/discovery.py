"""Which kinds a cluster serves, and which one a person means. Works from 1.20 (lists per group) to today (aggregated).

Part of the API may be away (a broken aggregated server): what is left still works, and `absent` names the rest.
"""

import difflib
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import msgspec

from tools.kube.errors import KubeError, UnknownKind
from tools.kube.kubeconfig import Access
from tools.kube.resources import Resource
from tools.kube.together import together

AGGREGATED = ",".join(
    [
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "application/json",
    ]
)
_FRESH_SECONDS = 60.0
_ASK_AGAIN_SECONDS = 3.0
_LONGEST_NAME = 300

# Path and accept header to a decoded struct; raises KubeError.
Fetch = Callable[[str, str, type["Index"]], Awaitable["Index"]]


class _Kind(msgspec.Struct):
    kind: str = ""


class _Sub(msgspec.Struct):
    subresource: str = ""


class _Served(msgspec.Struct):
    """A resource, in the words of the aggregated form (first block) or of `APIResourceList` (second)."""

    resource: str = ""
    responseKind: _Kind | None = None
    scope: str = ""
    singularResource: str = ""
    subresources: list[_Sub] | None = None
    verbs: list[str] | None = None
    shortNames: list[str] | None = None
    categories: list[str] | None = None
    name: str = ""
    singularName: str = ""
    namespaced: bool = False
    kind: str = ""


class _Version(msgspec.Struct):
    version: str = ""
    resources: list[_Served] | None = None
    freshness: str = ""


class _Meta(msgspec.Struct):
    name: str = ""


class _Group(msgspec.Struct):
    metadata: _Meta | None = None
    versions: list[_Version] | None = None
    name: str = ""
    preferredVersion: _Version | None = None


class Index(msgspec.Struct):
    """`APIGroupDiscoveryList` (items), `APIGroupList` (groups) or `APIResourceList` (resources)."""

    kind: str = ""
    items: list[_Group] | None = None
    groups: list[_Group] | None = None
    resources: list[_Served] | None = None


@dataclass(frozen=True, slots=True)
class Discovery:
    """`resources`: every kind in every version, preferred ones first; `absent`: group versions that did not answer."""

    resources: tuple[Resource, ...]
    absent: tuple[str, ...] = ()

    def resolve(self, words: str) -> Resource:
        """Accepts kind, plural, singular, short name, `kind.group`, `kind.version.group`, `group/version/Kind`.

        Raises UnknownKind, naming what is near.
        """
        asked = words.strip()
        found = self._preferred(_matches(self.resources, asked))
        if not found:
            raise UnknownKind(self._unknown(asked))
        best = min(_rank(resource) for resource in found)
        nearest = [resource for resource in found if _rank(resource) == best]
        if len(nearest) > 1 and best == _OTHERS:
            names = ", ".join(resource.full_name for resource in nearest)
            raise UnknownKind(f'"{asked}" means several kinds in this cluster: {names}. Name one of them in full.')
        return nearest[0]

    def version_of(self, kind: str, group: str, wanted: Iterable[str]) -> Resource | None:
        """The first of the `wanted` versions in which the cluster serves `kind` of `group`."""
        served = {r.version: r for r in self.resources if r.kind == kind and r.group == group}
        return next((served[version] for version in wanted if version in served), None)

    def kinds(self) -> tuple[Resource, ...]:
        """Each kind once, in its preferred version."""
        return tuple(self._preferred(self.resources))

    def _preferred(self, resources: Iterable[Resource]) -> list[Resource]:
        first: dict[tuple[str, str], Resource] = {}
        for resource in resources:
            first.setdefault((resource.group, resource.plural), resource)
        return list(first.values())

    def _unknown(self, asked: str) -> str:
        if asked.lower() == "all":
            return 'There is no kind "all". List one kind at a time, for example pods.'
        names = sorted({name for r in self.resources for name in (r.plural, r.singular, r.full_name) if name})
        near = difflib.get_close_matches(asked[:_LONGEST_NAME].lower(), names, 3, 0.7)
        hint = f" Did you mean {' or '.join(near)}?" if near else " k8s_discover lists what it serves."
        moved = self._moved(asked)
        hint = f" It is served as {' or '.join(moved)}." if moved else hint
        gone = f" (Not answering now: {', '.join(self.absent)}.)" if self.absent else ""
        return f'The cluster serves no kind "{asked[:80]}".{hint}{gone}'

    def _moved(self, asked: str) -> list[str]:
        """Where a kind is served that was asked for in a group or version where it is not (any more, or yet)."""
        version, _, kind = asked.rpartition("/")
        group = version.partition("/")[0] if "/" in version else ""
        found = [r for r in self.kinds() if version and _is_called(r, kind)]
        same = [r for r in found if r.group == group]
        return [f"{r.api_version}/{r.kind}" for r in (same or found)[:3]]


# ---- asking ------------------------------------------------------------------------------------------------------

_cache: dict[Access, tuple[float, Discovery]] = {}


def cached(access: Access, *, again: bool = False) -> Discovery | None:
    """What is still fresh; with `again` only what was asked for a moment ago."""
    at, known = _cache.get(access, (float("-inf"), None))
    return known if time.monotonic() - at < (_ASK_AGAIN_SECONDS if again else _FRESH_SECONDS) else None


async def discover(access: Access, fetch: Fetch) -> Discovery:
    core = await fetch("/api", AGGREGATED, Index)  # first and alone: here wrong credentials and dead servers show
    groups = await fetch("/apis", AGGREGATED, Index)
    found: list[Resource] = []
    absent: list[str] = []
    for group, version, resources in await _per_version(core, groups, fetch):
        if resources is None:
            absent.append(f"{group}/{version}" if group else version)
        else:
            found += _resources(group, version, resources)
    known = Discovery(tuple(found), tuple(absent))
    if not absent:
        _keep(access, known)
    return known


def _keep(access: Access, known: Discovery) -> None:
    """Beside those that are still fresh: a renewed credential is another access, and the old one is forgotten."""
    now = time.monotonic()
    for other in [other for other, (at, _) in _cache.items() if now - at > _FRESH_SECONDS]:
        del _cache[other]
    _cache[access] = (now, known)


async def _per_version(core: Index, groups: Index, fetch: Fetch) -> list[tuple[str, str, list[_Served] | None]]:
    if core.kind == groups.kind == "APIGroupDiscoveryList":
        return [
            (group.metadata.name if group.metadata else "", version.version, _answering(version))
            for group in [*(core.items or []), *(groups.items or [])]
            for version in group.versions or []
        ]
    wanted = [("", "v1")] + [(group.name, version) for group in groups.groups or [] for version in _order(group)]
    return await together(*(_one_version(group, version, fetch) for group, version in wanted))


def _answering(version: _Version) -> list[_Served] | None:
    return None if version.freshness == "Stale" and not version.resources else version.resources or []


def _order(group: _Group) -> list[str]:
    versions = [version.version for version in group.versions or []]
    preferred = group.preferredVersion.version if group.preferredVersion else ""
    return sorted(versions, key=lambda version: version != preferred)


async def _one_version(group: str, version: str, fetch: Fetch) -> tuple[str, str, list[_Served] | None]:
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    try:
        return group, version, (await fetch(path, "application/json", Index)).resources or []
    except KubeError:
        return group, version, None


def _resources(group: str, version: str, served: list[_Served]) -> list[Resource]:
    subresources: dict[str, list[str]] = {}
    for entry in served:
        owner, _, sub = entry.name.partition("/")
        if sub:
            subresources.setdefault(owner, []).append(sub)
    return [
        Resource(
            group=group,
            version=version,
            kind=_kind(entry),
            plural=entry.resource or entry.name,
            singular=entry.singularResource or entry.singularName or _kind(entry).lower(),
            namespaced=entry.namespaced or entry.scope == "Namespaced",
            verbs=tuple(entry.verbs or ()),
            short_names=tuple(entry.shortNames or ()),
            subresources=tuple(
                [sub.subresource for sub in entry.subresources or []] or subresources.get(entry.name, [])
            ),
            categories=tuple(entry.categories or ()),
        )
        for entry in served
        if "/" not in entry.name
    ]


def _kind(entry: _Served) -> str:
    return entry.kind or (entry.responseKind.kind if entry.responseKind else "")


# ---- understanding names -----------------------------------------------------------------------------------------

_BUILT_IN, _OTHERS = 1, 2


def _rank(resource: Resource) -> int:
    """Core before built-in groups before custom ones; metrics only when nothing else carries the name (pods, nodes)."""
    if not resource.group:
        return 0
    if resource.group == "metrics.k8s.io":
        return 4
    if resource.group == "extensions":
        return 3
    return _BUILT_IN if "." not in resource.group or resource.group.endswith(".k8s.io") else _OTHERS


def _matches(resources: Iterable[Resource], asked: str) -> list[Resource]:
    if "/" in asked:
        api_version, _, kind = asked.rpartition("/")
        return [r for r in resources if r.api_version == api_version and _is_called(r, kind)]
    exact = [r for r in resources if _is_called(r, asked)]
    if exact or "." not in asked:
        return exact
    name, _, rest = asked.partition(".")
    version, _, group = rest.partition(".")
    return [
        r for r in resources if _is_called(r, name) and (r.group == rest or (r.group, r.version) == (group, version))
    ]


def _is_called(resource: Resource, name: str) -> bool:
    lower = name.lower()
    return bool(lower) and (
        lower in (resource.plural, resource.singular, resource.kind.lower()) or lower in resource.short_names
    )
