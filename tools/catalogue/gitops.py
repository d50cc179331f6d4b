"""Tells how far clusters are from Git: Argo CD applications and Flux objects, from their custom resources."""

from collections.abc import Callable
from typing import TypeAlias

from pydantic import Field

from tools.catalogue.describing import conditions
from tools.catalogue.everywhere import read_where_allowed
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Page, Selection
from tools.kube.errors import KubeError, NotFound, UnknownKind
from tools.kube.resources import valid_name, valid_namespace
from tools.kube.together import together
from tools.pods import part, parts
from tools.rendering import age, counted, table
from tools.spec import Arguments, Result, Tool

_MOST = 1000
_MOST_SHOWN = 50
_MOST_PARTS = 30
_GOOD_HEALTH = ("Healthy", "Ready", "Suspended", "")


class GitOpsArguments(Arguments):
    name: str | None = Field(None, description="Only this one, with its parts that are not in order.")
    namespace: str | None = Field(None, description="Left out: all namespaces.")


async def status(client: KubeClient, asked: GitOpsArguments) -> Result:
    """data: {"total": int, "items": [{"kind", "namespace", "name", "sync", "health", "well": bool, "revision",
    "source", "message", "automated": bool, "suspended": bool, "since"}], "parts": [{"what", "sync", "health",
    "message"}] of the one that was named, "problems": [sentences]}, what is not in order first."""
    if asked.namespace:
        valid_namespace(asked.namespace)
    if asked.name:
        valid_name(asked.name)
    known = await client.kinds()
    served = {kind.full_name for kind in known.kinds()}
    kinds = [kind for kind in _READERS if kind in served]
    if not kinds:
        raise UnknownKind("This cluster has neither Argo CD nor Flux: none of their kinds is served.")
    problems: list[str] = []
    listed = await together(*(_listed(client, kind, asked, problems) for kind in kinds))
    found = [(kind, item) for kind, items in zip(kinds, listed, strict=True) for item in items]
    if asked.name and not found:
        raise NotFound(f'There is no Argo CD or Flux object "{asked.name}". Leave the name out to see all.')
    facts = [_about(item) | _READERS[kind](item) for kind, item in found]
    facts.sort(key=lambda fact: (fact["well"], fact["kind"], fact["namespace"], fact["name"]))
    pieces = [piece for _, item in found for piece in _pieces(item)] if asked.name else []
    data = {"total": len(facts), "items": facts[:_MOST_SHOWN], "parts": pieces, "problems": problems}
    return Result(_header(facts), _body(data), data)


async def _listed(client: KubeClient, kind: str, asked: GitOpsArguments, problems: list[str]) -> list[Object]:
    resource = await client.resolve(kind)
    fields = f"metadata.name={asked.name}" if asked.name else ""

    async def read(namespace: str | None) -> Page:
        return await client.list_all(resource, Selection(namespace, fields=fields), _MOST)

    try:
        everywhere = await read_where_allowed(client, resource, asked.namespace, read)
    except KubeError as fault:
        problems.append(f"{kind}: {fault.sentence}")
        return []
    if everywhere.sentence:
        problems.append(f"{kind}:{everywhere.sentence}")
    return [item for page in everywhere.found for item in page.items]


# ---- what each kind says -----------------------------------------------------------------------------------------


def _about(item: Object) -> Object:
    meta = part(item, "metadata")
    return {"kind": item.get("kind"), "namespace": meta.get("namespace") or "", "name": meta.get("name") or ""}


def _application(item: Object) -> Object:
    spec, state = part(item, "spec"), part(item, "status")
    sync, health, last = part(state, "sync"), part(state, "health"), part(state, "operationState")
    told = [str(c.get("message")) for c in parts(state, "conditions") if c.get("message")]
    if last.get("phase") in ("Failed", "Error"):
        told.insert(0, f"last sync {last['phase']}: {last.get('message') or 'no reason given'}")
    if health.get("message"):
        told.append(str(health["message"]))
    synced, healthy = str(sync.get("status") or "Unknown"), str(health.get("status") or "Unknown")
    return {
        "sync": synced,
        "health": healthy,
        "well": synced == "Synced" and healthy in _GOOD_HEALTH and not told,
        "revision": _short(sync.get("revision")),
        "source": "; ".join(_source(one) for one in [part(spec, "source"), *parts(spec, "sources")] if one),
        "message": " ".join(told),
        "automated": bool(part(part(spec, "syncPolicy"), "automated")),
        "suspended": healthy == "Suspended",
        "since": last.get("finishedAt"),
    }


def _source(source: Object) -> str:
    what = source.get("chart") or source.get("path") or ""
    return f"{source.get('repoURL', '')} {what} @ {source.get('targetRevision') or 'HEAD'}".replace("  ", " ")


def _flux(source: Callable[[Object], str]) -> "Reader":
    def read(item: Object) -> Object:
        spec, state = part(item, "spec"), part(item, "status")
        ready = next((c for c in conditions(item) if c["type"] == "Ready"), None)
        suspended = bool(spec.get("suspend"))
        is_ready = ready is not None and ready["status"] == "True"
        return {
            "sync": "suspended" if suspended else _progress(ready),
            "health": "Ready" if is_ready else str(ready["reason"] or "NotReady") if ready else "Unknown",
            "well": is_ready and not suspended,
            "revision": _short(state.get("lastAppliedRevision") or part(state, "artifact").get("revision")),
            "source": source(spec),
            "message": "" if is_ready or ready is None else str(ready["message"] or ""),
            "automated": not suspended,
            "suspended": suspended,
            "since": ready["since"] if ready else None,
        }

    return read


def _progress(ready: Object | None) -> str:
    words = {"True": "applied", "False": "failed", "Unknown": "in progress"}
    return words.get(str(ready["status"]), "unknown") if ready else "not seen yet"


def _of_kustomization(spec: Object) -> str:
    ref = part(spec, "sourceRef")
    return f"{ref.get('kind')}/{ref.get('name')} {spec.get('path') or './'}"


def _of_helm_release(spec: Object) -> str:
    chart = part(part(spec, "chart"), "spec")
    ref = part(chart, "sourceRef") or part(spec, "chartRef")
    return f"{ref.get('kind')}/{ref.get('name')} {chart.get('chart') or ''} {chart.get('version') or ''}".strip()


def _of_source(spec: Object) -> str:
    ref = part(spec, "ref")
    wanted = next((str(ref[key]) for key in ("commit", "tag", "semver", "branch") if ref.get(key)), "")
    return f"{spec.get('url') or spec.get('endpoint') or ''}" + (f" @ {wanted}" if wanted else "")


Reader: TypeAlias = Callable[[Object], Object]
_READERS: dict[str, Reader] = {
    "applications.argoproj.io": _application,
    "kustomizations.kustomize.toolkit.fluxcd.io": _flux(_of_kustomization),
    "helmreleases.helm.toolkit.fluxcd.io": _flux(_of_helm_release),
    "gitrepositories.source.toolkit.fluxcd.io": _flux(_of_source),
    "ocirepositories.source.toolkit.fluxcd.io": _flux(_of_source),
    "helmrepositories.source.toolkit.fluxcd.io": _flux(_of_source),
    "buckets.source.toolkit.fluxcd.io": _flux(_of_source),
}


def _pieces(item: Object) -> list[Object]:
    """Of an Argo CD application, what is not in sync or not healthy; of a Flux object, conditions that do not hold."""
    resources = parts(part(item, "status"), "resources")
    found = [
        {
            "what": "/".join(str(one[key]) for key in ("namespace", "kind", "name") if one.get(key)),
            "sync": str(one.get("status") or ""),
            "health": str(part(one, "health").get("status") or ""),
            "message": str(part(one, "health").get("message") or ""),
        }
        for one in resources
    ]
    found = [one for one in found if one["sync"] not in ("Synced", "") or one["health"] not in _GOOD_HEALTH]
    if item.get("kind") != "Application":
        found += [
            {"what": c["type"], "sync": c["status"], "health": c["reason"], "message": c["message"]}
            for c in conditions(item)
            if c["status"] != "True"
        ]
    return found[:_MOST_PARTS]


def _short(revision: object) -> str:
    """A commit by its first seven signs, also in `main@sha1:…`."""
    text = str(revision or "")
    branch, _, digest = text.rpartition(":")
    commit = digest[:7] if len(digest) == 40 else digest
    return f"{branch}:{commit}" if branch else commit


# ---- telling -----------------------------------------------------------------------------------------------------


def _header(facts: list[Object]) -> str:
    unwell = sum(1 for fact in facts if not fact["well"])
    shown = f" The first {_MOST_SHOWN} are shown." if len(facts) > _MOST_SHOWN else ""
    return f"{counted(len(facts), 'GitOps object')}, {unwell or 'none'} not in order.{shown}"


def _body(data: Object) -> str:
    columns = ["KIND", "NAMESPACE", "NAME", "SYNC", "HEALTH", "REVISION", "SINCE", "SOURCE", "MESSAGE"]
    rows = [
        [
            *(fact[key] for key in ("kind", "namespace", "name", "sync", "health", "revision")),
            age(fact["since"]) if fact["since"] else "-",
            fact["source"],
            fact["message"],
        ]
        for fact in data["items"]
    ]
    told = [table(columns, rows)] if rows else []
    if data["parts"]:
        lines = [[one["what"], one["sync"], one["health"], one["message"]] for one in data["parts"]]
        told.append("Not in order:\n" + table(["WHAT", "SYNC", "HEALTH", "MESSAGE"], lines))
    return "\n\n".join([*told, *data["problems"]])


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="gitops_status",
        title="Check GitOps",
        description="Argo CD and Flux: what is in sync with Git, healthy or failing, from which source and revision.",
        effect=Effect.READ,
        arguments=GitOpsArguments,
        run=status,
        intent=lambda asked: "Check GitOps" + (f" of {asked.name}" if asked.name else ""),
    ),
)
