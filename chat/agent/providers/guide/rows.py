"""What a listing found, row by row: cells by the column's name."""

from collections.abc import Iterator
from dataclasses import dataclass

from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.kinds import kind_of
from chat.agent.providers.guide.steps import Found, Json


@dataclass(frozen=True, slots=True)
class Row:
    """cells: by upper-case column name ("STATUS"), as text."""

    thing: Thing
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def number(self, column: str) -> int:
        """The first number of a cell: "5 (2m ago)" is 5, anything else 0."""
        word = self[column].split(" ", 1)[0]
        return int(word) if word.isdigit() else 0


def rows_of(found: Found, kind: str) -> list[Row]:
    """The rows of a k8s_list answer. An answer without data (failed, or cut by retention) has none."""
    data = found.data if isinstance(found.data, dict) else {}
    columns = [str(column).upper() for column in many(data, "columns")]
    resource = kind if kind_of(kind) else str(data.get("plural") or kind)
    rows = []
    for cells in many(data, "rows"):
        if not isinstance(cells, list):
            continue
        named = {column: str(cell) for column, cell in zip(columns, cells, strict=False)}
        name = named.get("NAME", "")
        if name:
            rows.append(Row(Thing(resource, name, named.get("NAMESPACE") or str(data.get("namespace") or "")), named))
    return rows


def total_of(found: Found) -> int | None:
    data = found.data if isinstance(found.data, dict) else {}
    total = data.get("total")
    return total if isinstance(total, int) else None


def objects_of(found: Found) -> list[dict[str, Json]]:
    """The objects of a k8s_get answer."""
    data = found.data if isinstance(found.data, dict) else {}
    return list(items(data, "objects"))


def walk(node: Json, *path: str | int) -> Json:
    """The value at a path into JSON, or None."""
    for step in path:
        if isinstance(node, dict) and isinstance(step, str):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and -len(node) <= step < len(node):
            node = node[step]
        else:
            return None
    return node


def many(node: Json, *path: str | int) -> list[Json]:
    """The list at a path, or an empty one."""
    found = walk(node, *path)
    return found if isinstance(found, list) else []


def mapping(node: Json, *path: str | int) -> dict[str, Json]:
    """The object at a path, or an empty one."""
    found = walk(node, *path)
    return found if isinstance(found, dict) else {}


def items(node: Json, *path: str | int) -> Iterator[dict[str, Json]]:
    """The dicts of a list at a path."""
    for item in many(node, *path):
        if isinstance(item, dict):
            yield item


def thing_of(item: Json, kind: str) -> Thing:
    return Thing(kind, str(walk(item, "metadata", "name") or ""), str(walk(item, "metadata", "namespace") or ""))
