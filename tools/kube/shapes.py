"""The answers of an API server that are decoded straight from bytes, and only as far as tools need them."""

from typing import Any

import msgspec


class Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] | None = None
    creationTimestamp: str | None = None
    deletionTimestamp: str | None = None


class RowObject(msgspec.Struct):
    metadata: Meta


class Row(msgspec.Struct):
    cells: list[Any]
    object: RowObject | None = None

    @property
    def meta(self) -> Meta:
        return self.object.metadata if self.object else Meta()


class Column(msgspec.Struct):
    name: str
    type: str = ""
    priority: int = 0


class ListMeta(msgspec.Struct, rename={"proceed": "continue"}):
    resourceVersion: str = ""
    proceed: str = ""
    remainingItemCount: int | None = None


class Table(msgspec.Struct):
    """`meta/v1 Table` as far as tools need it. `metadata.proceed` is the cursor to the next page."""

    columnDefinitions: list[Column]
    rows: list[Row] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


class ListAnswer(msgspec.Struct):
    items: list[dict[str, Any]] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


def rows_by_column(table: Table) -> list[dict[str, Any]]:
    """Each row as a dict by column name, with its object's metadata as `meta`."""
    names = [column.name for column in table.columnDefinitions]
    return [dict(zip(names, row.cells, strict=False)) | {"meta": row.meta} for row in table.rows or []]
