"""Applies manifests: server-side, document by document, each with its own honest line."""

from dataclasses import dataclass

from pydantic import Field

from tools import manifests
from tools.changes import differences
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import Ambiguous, BadInput, KubeError, NotFound, PartlyDone, UnknownKind
from tools.kube.resources import Target, valid_name, valid_namespace
from tools.pods import part
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool

_MOST_CHANGES = 15


class ApplyArguments(Arguments):
    manifest: str = Field(
        description="YAML or JSON, one or many documents.", min_length=1, max_length=manifests.LARGEST
    )
    namespace: str | None = Field(None, description="For documents that name none.")
    force: bool = Field(False, description="Take over fields that other managers own.")
    dry_run: bool = Field(False, description="Only try it: nothing is stored.")


@dataclass(frozen=True, slots=True)
class Line:
    """One document and what came of it: created, changed, unchanged, failed, unknown or not sent."""

    words: str
    state: str
    detail: str = ""
    changes: tuple[str, ...] = ()


async def apply(client: KubeClient, asked: ApplyArguments) -> Result:
    """data: {"documents": [{"object": "deployment web in shop", "state": "created"|"changed"|"unchanged"|"failed"|
    "unknown"|"not sent", "detail": str|null, "changes": ["spec.replicas: 2 → 3"]}], "dry_run": bool}.

    Raises PartlyDone when some documents failed, Ambiguous when one's outcome is unknown; both list every document.
    """
    wanted = manifests.documents(asked.manifest)
    client.secrets_seen.add(wanted)
    own_kinds = {
        part(part(doc, "spec"), "names").get("kind") for doc in wanted if doc["kind"] == "CustomResourceDefinition"
    }
    for number, document in enumerate(wanted, 1):
        if document["kind"] not in own_kinds:
            await _target(client, document, number, asked.namespace)
    lines: list[Line] = []
    for number, document in enumerate(wanted, 1):
        if lines and lines[-1].state == "unknown":
            lines.append(Line(_named(document), "not sent"))
        else:
            lines.append(await _one(client, document, number, asked))
    return _told(lines, tried_out=asked.dry_run or client.rehearsing)


async def _target(client: KubeClient, document: Object, number: int, namespace: str | None) -> Target:
    meta = document["metadata"]
    resource = await client.resolve(f"{document['apiVersion']}/{document['kind']}")
    name = valid_name(meta["name"])
    if not resource.namespaced:
        return Target(resource, None, name)
    place = meta.get("namespace") or namespace
    if not place:
        raise BadInput(f"Document {number} ({document['kind']} {name}) names no namespace: set namespace.")
    return Target(resource, valid_namespace(str(place)), name)


async def _one(client: KubeClient, document: Object, number: int, asked: ApplyArguments) -> Line:
    try:
        target = await _target(client, document, number, asked.namespace)
        before = await _now(client, target)
        after, created = await client.apply(
            target, _prepared(document, target), force=asked.force, dry_run=asked.dry_run
        )
    except Ambiguous as fault:
        return Line(_named(document), "unknown", fault.sentence)
    except KubeError as fault:
        return Line(_named(document), "failed", fault.sentence)
    if created or before is None:
        return Line(target.words, "created")
    if part(before, "metadata").get("resourceVersion") == part(after, "metadata").get("resourceVersion"):
        return Line(target.words, "unchanged")
    changed = tuple(differences(before, after))
    return Line(target.words, "changed" if changed or not asked.dry_run else "unchanged", "", changed)


async def _now(client: KubeClient, target: Target) -> Object | None:
    try:
        return await client.get(target)
    except NotFound:
        return None


def _prepared(document: Object, target: Target) -> Object:
    """What is sent: in its namespace or in none, and without what only the server may write."""
    meta = {
        key: value for key, value in document["metadata"].items() if key not in ("managedFields", "namespace", "uid")
    }
    if target.namespace:
        meta["namespace"] = target.namespace
    return {**{key: value for key, value in document.items() if key != "status"}, "metadata": meta}


def _told(lines: list[Line], *, tried_out: bool) -> Result:
    failed = [line for line in lines if line.state == "failed"]
    unknown = [line for line in lines if line.state == "unknown"]
    counts = ", ".join(
        f"{number} {state}"
        for state in ("created", "changed", "unchanged", "failed", "unknown", "not sent")
        if (number := sum(1 for line in lines if line.state == state))
    )
    tried = "Tried out, nothing is stored" if tried_out else "Applied"
    header = f"{tried if len(failed) < len(lines) else 'Nothing was applied'}: {counts}."
    if len(lines) == 1 and (failed or unknown):
        header = f"{lines[0].words}: {lines[0].detail}"
    body = "\n".join(_line(line) for line in lines) if len(lines) > 1 or not (failed or unknown) else ""
    data = {"documents": [_fact(line) for line in lines], "dry_run": tried_out}
    text = f"{header}\n{body}" if body else header
    if unknown:
        raise Ambiguous(text)
    if failed:
        raise PartlyDone(text, data)
    return Result(header, body, data)


def _line(line: Line) -> str:
    words = f"- {line.words}: {line.state}" + (f": {line.detail}" if line.detail else "")
    changes = [f"    {change}" for change in line.changes[:_MOST_CHANGES]]
    if len(line.changes) > _MOST_CHANGES:
        changes.append(f"    … and {counted(len(line.changes) - _MOST_CHANGES, 'more field')}")
    return "\n".join([words, *changes])


def _fact(line: Line) -> Object:
    return {"object": line.words, "state": line.state, "detail": line.detail or None, "changes": list(line.changes)}


def _named(document: Object) -> str:
    place = part(document, "metadata").get("namespace")
    return f"{str(document['kind']).lower()} {document['metadata']['name']}" + (f" in {place}" if place else "")


def _intent(asked: ApplyArguments) -> str:
    try:
        names = [_named(document) for document in manifests.documents(asked.manifest)]
    except (BadInput, UnknownKind):
        names = ["a manifest"]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    where = f" in {asked.namespace}" if asked.namespace and not any(" in " in name for name in names) else ""
    return f"{'Try out' if asked.dry_run else 'Apply'} {shown}{where}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_apply",
        title="Apply a manifest",
        description="Creates or changes objects from YAML by server-side apply; tells each document's outcome.",
        effect=Effect.CHANGE,
        arguments=ApplyArguments,
        run=apply,
        intent=_intent,
        changes=lambda asked: len(manifests.documents(asked.manifest)),
    ),
)
