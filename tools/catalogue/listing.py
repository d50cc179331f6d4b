"""Lists objects of any kind: the server's own columns, or chosen ones; filtered, sorted, counted."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from tools import filtering
from tools.catalogue.finding import namespace_or_hint
from tools.effects import Effect
from tools.filtering import Condition
from tools.kube.client import KubeClient, Selection
from tools.kube.errors import BadInput, Unsupported
from tools.kube.resources import Resource, valid_namespace
from tools.kube.shapes import Table
from tools.rendering import cell, counted, table
from tools.spec import Arguments, Result, Tool

_MOST_OBJECTS = 2000
_NOT_SHOWN = ("NOMINATED NODE", "READINESS GATES")


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


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells, and how many there are in all. `total` None: more than `rows`, and nobody says how many;
    extra: columns that only `wide` shows."""

    columns: list[str]
    rows: list[list[str]]
    total: int | None
    cursor: str = ""
    extra: frozenset[str] = frozenset()


async def list_objects(client: KubeClient, asked: ListArguments) -> Result:
    """data: {"kind": "Pod", "plural": "pods", "namespace": str|null, "columns": ["NAMESPACE", "NAME", ...],
    "rows": [[str, ...]], "total": int|null, "shown": int, "cursor": str|null};
    with summary: {"kind", "plural", "namespace", "total", "counts": {"STATUS": {"Running": 3}, ...}}."""
    resource = await client.resolve(asked.kind)
    if "list" not in resource.verbs:
        raise Unsupported(f"Objects of kind {resource.kind} cannot be listed.")
    if asked.namespace:
        valid_namespace(asked.namespace)
    tests = filtering.conditions(asked.where) if asked.where else []
    grid = await _grid(client, resource, asked, tests)
    if not grid.rows:
        await namespace_or_hint(client, resource, asked.namespace)
    return _summary(resource, asked, grid) if asked.summary else _listed(resource, asked, grid)


async def _grid(client: KubeClient, resource: Resource, asked: ListArguments, tests: list[Condition]) -> Grid:
    selection = Selection(
        asked.namespace if resource.namespaced else None,
        asked.label_selector or "",
        asked.field_selector or "",
        asked.limit,
        asked.cursor or "",
    )
    paths = [*(asked.columns or []), *(test.path for test in tests), *([asked.sort.lstrip("-")] if asked.sort else [])]
    if asked.columns or any("." in path for path in paths):
        return _sorted(await _by_paths(client, resource, selection, asked, tests), asked)
    everything = bool(tests or asked.sort or asked.summary)
    try:
        grid = await _by_columns(client, resource, selection, everything=everything, wide=asked.wide or everything)
    except Unsupported:  # an aggregated API that prints no tables
        return _sorted(await _by_paths(client, resource, selection, asked, tests), asked)
    kept = _sorted(_filtered(grid, tests), asked)
    return kept if asked.wide or asked.summary else _narrow(kept, asked)


# ---- by the server's columns -------------------------------------------------------------------------------------


async def _by_columns(
    client: KubeClient, resource: Resource, selection: Selection, *, everything: bool, wide: bool
) -> Grid:
    read = client.table_all if everything else client.table
    found = await read(resource, selection)
    shown = [
        n
        for n, column in enumerate(found.columnDefinitions)
        if (wide or column.priority == 0) and column.name.upper() not in _NOT_SHOWN
    ]
    with_namespace = resource.namespaced and not selection.namespace
    columns = (["NAMESPACE"] if with_namespace else []) + [found.columnDefinitions[n].name.upper() for n in shown]
    rows = [
        ([row.meta.namespace] if with_namespace else []) + [cell(row.cells[n]) for n in shown]
        for row in found.rows or []
    ]
    extra = frozenset(found.columnDefinitions[n].name.upper() for n in shown if found.columnDefinitions[n].priority)
    return Grid(columns, rows, _total(found, len(rows), selection), found.metadata.proceed, extra)


def _total(last: Table, seen: int, selection: Selection) -> int | None:
    if not last.metadata.proceed:
        return None if selection.cursor else seen
    left = last.metadata.remainingItemCount
    return None if left is None or selection.cursor else seen + left


def _narrow(grid: Grid, asked: ListArguments) -> Grid:
    """Without the columns that only `wide` shows, but for those that the question speaks of."""
    words = f"{asked.where or ''} {asked.sort or ''} NODE".upper()
    kept = [n for n, name in enumerate(grid.columns) if name not in grid.extra or name in words]
    return replace(grid, columns=[grid.columns[n] for n in kept], rows=[[row[n] for n in kept] for row in grid.rows])


def _filtered(grid: Grid, tests: list[Condition]) -> Grid:
    if not tests:
        return grid
    places = [(test, _column(grid, test.path)) for test in tests]
    rows = [row for row in grid.rows if all(test.holds([row[place]]) for test, place in places)]
    return replace(grid, rows=rows, total=len(rows) if not grid.cursor else None)


def _column(grid: Grid, name: str) -> int:
    upper = name.upper()
    if upper not in grid.columns:
        known = ", ".join(grid.columns)
        raise BadInput(f'There is no column "{name}". Columns here: {known}. Or name a path such as status.phase.')
    return grid.columns.index(upper)


def _sorted(grid: Grid, asked: ListArguments) -> Grid:
    if not asked.sort:
        return grid
    name = asked.sort.lstrip("-")
    place = grid.columns.index(name) if name in grid.columns else _column(grid, name)
    return replace(
        grid, rows=sorted(grid.rows, key=lambda row: filtering.order(row[place]), reverse=asked.sort.startswith("-"))
    )


# ---- by paths into whole objects ---------------------------------------------------------------------------------


async def _by_paths(
    client: KubeClient, resource: Resource, selection: Selection, asked: ListArguments, tests: list[Condition]
) -> Grid:
    if resource.is_secret or resource.full_name == "configmaps":
        raise BadInput(f"{resource.kind}s are listed by name, number of keys and age only. Read one with k8s_get.")
    page = await client.list_all(resource, replace(selection, cursor=""), _MOST_OBJECTS)
    items = [item for item in page.items if all(test.holds(filtering.values_at(item, test.path)) for test in tests)]
    paths = list(asked.columns or [test.path for test in tests])
    if asked.sort and asked.sort.lstrip("-") not in [*paths, "name", "NAME"]:
        paths.append(asked.sort.lstrip("-"))
    with_namespace = resource.namespaced and not selection.namespace
    columns = (["NAMESPACE"] if with_namespace else []) + ["NAME", *paths]
    rows = []
    for item in items:
        meta = item.get("metadata") or {}
        place = [str(meta.get("namespace", ""))] if with_namespace else []
        rows.append([*place, str(meta.get("name", "")), *(filtering.shown_at(item, path) for path in paths)])
    return Grid(columns, rows, len(rows) if not page.cursor else None)


# ---- telling -----------------------------------------------------------------------------------------------------


def _listed(resource: Resource, asked: ListArguments, grid: Grid) -> Result:
    rows = grid.rows[: asked.limit]
    header = _header(resource, asked, grid, len(rows))
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
    header = _header(resource, asked, grid, len(grid.rows))
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
