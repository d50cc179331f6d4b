"""Lists objects of any kind: the server's own columns, or chosen ones; filtered, sorted, counted."""

from collections import Counter
from typing import Any

from pydantic import Field

from tools import filtering
from tools.catalogue.finding import namespace_or_hint
from tools.catalogue.grids import Grid, Wanted, grid_of
from tools.effects import Effect
from tools.kube.client import KubeClient, Selection
from tools.kube.errors import Unsupported
from tools.kube.resources import Resource, valid_namespace
from tools.rendering import counted, table
from tools.spec import Arguments, Result, Tool


class ListArguments(Arguments):
    kind: str = Field(description="Any kind the cluster serves: pods, deploy, ingress, a custom kind.", min_length=1)
    namespace: str | None = Field(None, description="Left out: all namespaces.")
    label_selector: str | None = Field(None, description="For example app=web,tier!=db.")
    field_selector: str | None = Field(None, description="For example spec.nodeName=node-1.")
    where: str | None = Field(None, description="Conditions on columns or paths: STATUS!=Running, RESTARTS>3, AGE<1h.")
    columns: list[str] | None = Field(
        None, description="Paths to show instead: spec.containers[*].image.", max_length=12
    )
    sort: str | None = Field(None, description="Column or path; a leading - reverses.")
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, description="From the previous answer, for the next page.")
    summary: bool = Field(False, description="Only counts by namespace, status and node.")
    wide: bool = Field(False, description="Also the less common columns (node, IP).")


async def list_objects(client: KubeClient, asked: ListArguments) -> Result:
    """data: {"kind": "Pod", "plural": "pods", "namespace": str|null, "columns": ["NAMESPACE", "NAME", ...],
    "rows": [[str, ...]], "total": int|null, "shown": int, "cursor": str|null};
    with summary: {"kind", "plural", "namespace", "total", "counts": {"STATUS": {"Running": 3}, ...}}."""
    resource = await client.resolve(asked.kind)
    if "list" not in resource.verbs:
        raise Unsupported(f"Objects of kind {resource.kind} cannot be listed.")
    if asked.namespace:
        valid_namespace(asked.namespace)
    grid = await grid_of(client, resource, _wanted(resource, asked))
    if not grid.rows:
        await namespace_or_hint(client, resource, asked.namespace)
    return _summary(resource, asked, grid) if asked.summary else _listed(resource, asked, grid)


def _wanted(resource: Resource, asked: ListArguments) -> Wanted:
    selection = Selection(
        asked.namespace if resource.namespaced else None,
        asked.label_selector or "",
        asked.field_selector or "",
        asked.limit,
        asked.cursor or "",
    )
    return Wanted(
        selection,
        tests=tuple(filtering.conditions(asked.where)) if asked.where else (),
        columns=tuple(asked.columns or ()),
        sort=asked.sort or "",
        everything=bool(asked.where or asked.sort or asked.summary),
        wide=asked.wide or asked.summary,
    )


# ---- telling -----------------------------------------------------------------------------------------------------


def _listed(resource: Resource, asked: ListArguments, grid: Grid) -> Result:
    rows = grid.rows[: asked.limit]
    header = _header(resource, asked, grid, len(rows)) + grid.missing
    more = grid.cursor if len(rows) == len(grid.rows) and not (asked.where or asked.sort) else ""
    if more:
        header += f" Next page: cursor={more}"
    data = _about(resource, asked) | {
        "columns": grid.columns,
        "rows": rows,
        "total": grid.total,
        "shown": len(rows),
        "cursor": more or None,
    }
    return Result(header, table(grid.columns, rows) if rows else "", data)


def _header(resource: Resource, asked: ListArguments, grid: Grid, shown: int) -> str:
    where = resource.place(asked.namespace)
    chosen = "".join(
        f" matching {words}" for words in (asked.label_selector, asked.field_selector, asked.where) if words
    )
    if grid.total == 0:
        return f"No {resource.plural}{where}{chosen}."
    if grid.cut:
        some = f"{shown:,} of at least {len(grid.rows):,} {resource.plural}{where}{chosen}"
        return f"{some}: there are too many to look at all. Narrow with a selector."
    if grid.total is None:
        if not grid.cursor:
            return f"{shown} {resource.plural}{where}{chosen}, the last page."
        return f"{shown} {resource.plural}{where}{chosen}; there are more: narrow with a selector."
    counts = counted(grid.total, resource.singular, resource.plural)
    if shown < grid.total:
        return f"{shown:,} of {counts}{where}{chosen}; narrow with a selector or raise the limit."
    return f"{counts}{where}{chosen}."


def _summary(resource: Resource, asked: ListArguments, grid: Grid) -> Result:
    counts: dict[str, dict[str, int]] = {}
    for name in ("NAMESPACE", "STATUS", "NODE", "TYPE"):
        if name in grid.columns:
            place = grid.columns.index(name)
            counts[name] = dict(Counter(row[place] for row in grid.rows).most_common(30))
    body = "\n".join(
        f"{name}: " + ", ".join(f"{value} {number}" for value, number in found.items())
        for name, found in counts.items()
    )
    header = _header(resource, asked, grid, len(grid.rows)) + grid.missing
    return Result(header, body, _about(resource, asked) | {"total": grid.total, "counts": counts})


def _about(resource: Resource, asked: ListArguments) -> dict[str, Any]:
    return {"kind": resource.kind, "plural": resource.plural, "namespace": asked.namespace}


def _intent(asked: ListArguments) -> str:
    where = f" in {asked.namespace}" if asked.namespace else ""
    chosen = asked.label_selector or asked.field_selector or asked.where
    verb = "Count" if asked.summary else "List"
    return f"{verb} {asked.kind}{where}" + (f" matching {chosen}" if chosen else "")


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_list",
        title="List objects",
        description=(
            "Lists objects of any kind as a table with honest counts. Pod STATUS shows waiting reasons such as "
            "CrashLoopBackOff. Use where, columns or summary rather than reading many objects."
        ),
        effect=Effect.READ,
        arguments=ListArguments,
        run=list_objects,
        intent=_intent,
        core=True,
    ),
)
