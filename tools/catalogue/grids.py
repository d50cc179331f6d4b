"""Rows of cells of any kind: the server's own columns or chosen paths, of one page or of all; filtered and sorted."""

import heapq
from dataclasses import dataclass, replace
from typing import Any

from tools import filtering, redaction
from tools.catalogue.everywhere import Everywhere, read_where_allowed
from tools.filtering import Condition
from tools.kube.client import TABLE, KubeClient, Selection
from tools.kube.errors import BadInput, Unsupported
from tools.kube.paging import Form, collected
from tools.kube.resources import Resource
from tools.kube.shapes import ListAnswer, Table
from tools.kube.together import beside
from tools.rendering import cell

_MOST_OBJECTS = 10_000
_MOST_SHARED = 1_000  # different words of one column
_RUN = 5_000  # rows
_NOT_SHOWN = ("NOMINATED NODE", "READINESS GATES")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which objects, which of their columns (paths; none: the server's own), in which order (a leading - reverses).
    everything: all of them, not one page; wide: also the columns that are shown on demand."""

    selection: Selection
    tests: tuple[Condition, ...] = ()
    columns: tuple[str, ...] = ()
    sort: str = ""
    everything: bool = False
    wide: bool = False

    @property
    def by(self) -> str:
        return self.sort.lstrip("-")

    @property
    def paths(self) -> list[str]:
        return [*self.columns, *(test.path for test in self.tests), *([self.by] if self.sort else [])]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells, and how many there are in all. `total` None: more than `rows`, and nobody says how many;
    extra: columns that only `wide` shows; cut: not all objects were looked at; missing: a sentence about namespaces
    that were left out."""

    columns: list[str]
    rows: list[list[str]]
    total: int | None
    cursor: str = ""
    extra: frozenset[str] = frozenset()
    cut: bool = False
    missing: str = ""


async def grid_of(client: KubeClient, resource: Resource, wanted: Wanted) -> Grid:
    """Raises KubeError."""
    if wanted.columns or any("." in path for path in wanted.paths):
        return await _sorted(await _by_paths(client, resource, wanted), wanted)
    try:
        if wanted.everything:
            kept = await _sorted(await _all_rows(client, resource, wanted), wanted)
        else:
            kept = await _one_page(client, resource, wanted.selection)
    except Unsupported:  # an aggregated API that prints no tables
        return await _sorted(await _by_paths(client, resource, wanted), wanted)
    return kept if wanted.wide else await beside(lambda: _narrow(kept, wanted))


# ---- by the server's columns -------------------------------------------------------------------------------------


async def _one_page(client: KubeClient, resource: Resource, selection: Selection) -> Grid:
    async def read(namespace: str | None) -> Grid:
        found = await client.table(resource, replace(selection, namespace=namespace))
        grid = await beside(lambda: _printed(found, with_namespace=resource.namespaced and not selection.namespace))
        return replace(grid, total=_total(found, len(grid.rows), selection), cursor=found.metadata.proceed)

    return _joined(await read_where_allowed(client, resource, selection.namespace, read))


async def _all_rows(client: KubeClient, resource: Resource, wanted: Wanted) -> Grid:
    """Of a long list only the rows that fit are kept, and what is the same in many of them once."""
    selection = wanted.selection
    with_namespace = resource.namespaced and not selection.namespace
    known: dict[int, dict[str, str]] = {}

    def pick(page: Table) -> list[Grid]:
        fitting = _filtered(_printed(page, with_namespace=with_namespace), wanted.tests)
        return [replace(fitting, rows=[_shared(row, known) for row in fitting.rows])]

    async def read(namespace: str | None) -> Grid:
        chosen = replace(selection, namespace=namespace, cursor="")
        pages = await collected(client, resource, chosen, Form(Table, pick, TABLE))
        rows = [row for page in pages.items for row in page.rows]
        return replace(pages.items[0], rows=rows, total=None if pages.more else len(rows), cut=pages.more)

    return _joined(await read_where_allowed(client, resource, selection.namespace, read))


def _joined(everywhere: Everywhere[Grid]) -> Grid:
    if len(everywhere.found) == 1 and not everywhere.sentence:
        return everywhere.found[0]
    rows = [row for grid in everywhere.found for row in grid.rows]
    cut = any(grid.cut or grid.cursor for grid in everywhere.found)
    total = None if cut else len(rows)
    return replace(everywhere.found[0], rows=rows, total=total, cursor="", cut=cut, missing=everywhere.sentence)


def _printed(found: Table, *, with_namespace: bool) -> Grid:
    shown = [n for n, column in enumerate(found.columnDefinitions) if column.name.upper() not in _NOT_SHOWN]
    names = [found.columnDefinitions[n].name.upper() for n in shown]
    rows = [
        ([row.meta.namespace] if with_namespace else []) + [cell(row.cells[n]) for n in shown]
        for row in found.rows or []
    ]
    extra = frozenset(name for n, name in zip(shown, names, strict=True) if found.columnDefinitions[n].priority)
    return Grid((["NAMESPACE"] if with_namespace else []) + names, rows, len(rows), extra=extra)


def _total(last: Table, seen: int, selection: Selection) -> int | None:
    if not last.metadata.proceed:
        return None if selection.cursor else seen
    left = last.metadata.remainingItemCount
    return None if left is None or selection.cursor else seen + left


def _narrow(grid: Grid, wanted: Wanted) -> Grid:
    """Without the columns that only `wide` shows, but for those that the question speaks of."""
    words = f"{','.join(wanted.paths)} NODE".upper() if wanted.paths else ""
    kept = [n for n, name in enumerate(grid.columns) if name not in grid.extra or name in words]
    return replace(grid, columns=[grid.columns[n] for n in kept], rows=[[row[n] for n in kept] for row in grid.rows])


def _filtered(grid: Grid, tests: tuple[Condition, ...]) -> Grid:
    if not tests:
        return grid
    places = [(test, _column(grid, test.path)) for test in tests]
    rows = [row for row in grid.rows if all(test.holds([row[place]]) for test, place in places)]
    return replace(grid, rows=rows, total=len(rows))


def _column(grid: Grid, name: str) -> int:
    upper = name.upper()
    if upper not in grid.columns:
        known = ", ".join(grid.columns)
        raise BadInput(f'There is no column "{name}". Columns here: {known}. Or name a path such as status.phase.')
    return grid.columns.index(upper)


def _shared(row: list[str], known: dict[int, dict[str, str]]) -> list[str]:
    """`known`: by column, its first words. Names are all different, so a column of them is soon given up."""
    columns = (known.setdefault(place, {}) for place in range(len(row)))
    return [
        words.setdefault(text, text) if len(words) < _MOST_SHARED else words.get(text, text)
        for words, text in zip(columns, row, strict=True)
    ]


async def _sorted(grid: Grid, wanted: Wanted) -> Grid:
    if not wanted.sort:
        return grid
    place = grid.columns.index(wanted.by) if wanted.by in grid.columns else _column(grid, wanted.by)
    return replace(grid, rows=await beside(lambda: _in_order(grid.rows, place, wanted.sort.startswith("-"))))


def _in_order(rows: list[list[str]], place: int, reverse: bool) -> list[list[str]]:
    """In runs that are merged: while Python sorts, nothing else in the process can go on."""
    keyed = [(filtering.order(row[place]), number) for number, row in enumerate(rows)]
    if reverse:  # rows that are equal stay in the order in which they came
        keyed = [(key, -number) for key, number in keyed]
    runs = [sorted(keyed[at : at + _RUN], reverse=reverse) for at in range(0, len(keyed), _RUN)]
    return [rows[abs(number)] for _, number in heapq.merge(*runs, reverse=reverse)]


# ---- by paths into whole objects ---------------------------------------------------------------------------------


async def _by_paths(client: KubeClient, resource: Resource, wanted: Wanted) -> Grid:
    if resource.is_secret or resource.full_name == "configmaps":
        raise BadInput(f"{resource.kind}s are listed by name, number of keys and age only. Read one with k8s_get.")
    paths = list(wanted.columns or [test.path for test in wanted.tests])
    if wanted.sort and wanted.by not in [*paths, "name", "NAME"]:
        paths.append(wanted.by)
    selection = wanted.selection
    with_namespace = resource.namespaced and not selection.namespace
    words = {test.path for test in wanted.tests if "." not in test.path}  # that may be meant as columns
    looked: list[int] = []

    def pick(page: ListAnswer) -> list[list[str]]:
        """Cleaned before it is tested: a condition must not find out what is not shown."""
        named = {"kind": resource.kind, "apiVersion": resource.api_version}
        items = [redaction.without_secrets(named | item) for item in page.items or []]
        looked.append(len(items))
        words.difference_update([word for word in words for item in items if filtering.values_at(item, word)])
        return [_row(item, paths, with_namespace=with_namespace) for item in items if _fits(item, wanted.tests)]

    async def read(namespace: str | None) -> Grid:
        chosen = replace(selection, namespace=namespace, cursor="")
        found = await collected(client, resource, chosen, Form(ListAnswer, pick), _MOST_OBJECTS)
        columns = (["NAMESPACE"] if with_namespace else []) + ["NAME", *paths]
        return Grid(columns, found.items, None if found.more else len(found.items), cut=found.more)

    grid = _joined(await read_where_allowed(client, resource, selection.namespace, read))
    if words and any(looked):
        raise BadInput(
            f'None of the {resource.plural} has a field "{min(words)}". Beside paths, conditions are paths too: '
            "write status.phase=Running, or ask without paths."
        )
    return grid


def _fits(item: dict[str, Any], tests: tuple[Condition, ...]) -> bool:
    return all(test.holds(filtering.values_at(item, test.path)) for test in tests)


def _row(item: dict[str, Any], paths: list[str], *, with_namespace: bool) -> list[str]:
    meta = item.get("metadata") or {}
    place = [str(meta.get("namespace", ""))] if with_namespace else []
    return [*place, str(meta.get("name", "")), *(cell(filtering.shown_at(item, path)) for path in paths)]
