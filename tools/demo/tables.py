"""Answers in the form the client asked for: the object itself, bare metadata, or a Table for people."""

import functools
import json
from datetime import datetime
from typing import Any

from tools.demo.clock import parse_time
from tools.demo.errors import ApiError, BadRequest, Json
from tools.demo.jsonpath import find
from tools.demo.kinds import DATA, Kind
from tools.demo.negotiation import Form
from tools.demo.printers.durations import human
from tools.demo.printers.registry import printer
from tools.demo.versions import from_stored

META = "meta.k8s.io/"


@functools.cache
def recorded_columns() -> dict[str, list[Json]]:
    """The columnDefinitions Kubernetes 1.36.2 sends, by `<apiVersion>/<plural>`."""
    columns: dict[str, list[Json]] = json.loads((DATA / "columns.json").read_text())
    return columns


@functools.cache
def _plain_columns() -> tuple[Json, Json]:
    """Name and age, described as the recorded lists describe them."""
    name, age, *_ = recorded_columns()["v1/serviceaccounts"]
    return name, age


def columns(kind: Kind) -> list[Json]:
    """The columns of a kind's Table; a custom kind brings its own."""
    if kind.definition is not None:
        return [_plain_columns()[0], *(_custom_column(column) for column in _printer_columns(kind))]
    found = recorded_columns().get(f"{kind.api_version}/{kind.plural}")
    return found or recorded_columns()["rbac.authorization.k8s.io/v1/roles"]


def _printer_columns(kind: Kind) -> list[Json]:
    age = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp", "_plain": True}
    return (kind.definition or {}).get("additionalPrinterColumns") or [age]


def _custom_column(column: Json) -> Json:
    if column.get("_plain"):
        return {**_plain_columns()[1], "type": "date"}
    text = column.get("description") or f"Custom resource definition column (in JSONPath format): {column['jsonPath']}"
    shape = {"name": column["name"], "type": column["type"], "format": column.get("format", "")}
    return {**shape, "description": text, "priority": column.get("priority", 0)}


def cells(kind: Kind, obj: Json, now: datetime) -> list[Any]:
    """One row, computed from the stored object."""
    if kind.definition is None:
        return printer(kind.group, kind.plural)(obj, now)
    found = [obj["metadata"].get("name", "")]
    return found + [_custom_cell(column, obj, now) for column in _printer_columns(kind)]


def _custom_cell(column: Json, obj: Json, now: datetime) -> Any:
    values = find(obj, column["jsonPath"])
    if not values:
        return "<unknown>" if column.get("_plain") else None
    value = values[0]
    match column["type"]:
        case "integer" | "number":
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date":
            return _date(value, now)
    if len(values) > 1:
        return ",".join(_plain(item) for item in values)
    return _plain(value)


def _date(value: Any, now: datetime) -> str:
    try:
        return human(now - parse_time(str(value)))
    except ValueError:
        return "<invalid>"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def finished(kind: Kind, obj: Json) -> list[Json]:
    """The row conditions by which clients fade out pods that are done."""
    phase = (obj.get("status") or {}).get("phase") if kind.resource == ("", "pods") else ""
    texts = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}
    if phase not in texts:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": texts[phase]}]


class Answers:
    """Gives stored objects the form one request asked for."""

    def __init__(self, kind: Kind, form: Form, include: str, now: datetime) -> None:
        """`include`: which part of each object a Table row carries: Metadata (or ""), Object, None."""
        self.kind, self.form, self.now = kind, form, now
        self.include = include or "Metadata"
        self._headed = False
        if form.convert == "Table" and self.include not in ("Metadata", "Object", "None"):
            raise BadRequest(
                f'Unable to convert to Table as requested: includeObject: Invalid value: "{include}": '
                "must be 'Metadata', 'Object', 'None', or empty"
            )

    def one(self, obj: Json) -> Json:
        """A single object."""
        if self.form.convert == "Table":
            return self._table([obj], _list_meta(obj))
        if self.form.convert == "PartialObjectMetadataList":
            wanted = "you requested PartialObjectMetadataList, but the requested object is not a list"
            raise ApiError(406, f"{wanted} (*{self._package()}.{self.kind.kind})")
        if self.form.convert:
            return self._partial(obj)
        return from_stored(self.kind, obj)

    def many(self, objects: list[Json], meta: Json) -> Json:
        """A list with its metadata."""
        if self.form.convert == "Table":
            return self._table(objects, meta)
        if self.form.convert == "PartialObjectMetadata":
            raise ApiError(
                406,
                "you requested PartialObjectMetadata, but the requested object is a list "
                f"(*{self._package()}.{self.kind.list_kind})",
            )
        if self.form.convert:
            items = [self._partial(obj) for obj in objects]
            api_version = META + self.form.version
            return {"kind": self.form.convert, "apiVersion": api_version, "metadata": meta, "items": items or None}
        items = [self._item(obj) for obj in objects]
        if self.kind.definition is not None:
            meta = {"continue": "", **meta}
        return {"kind": self.kind.list_kind, "apiVersion": self.kind.api_version, "metadata": meta, "items": items}

    def change(self, obj: Json) -> Json:
        """An object inside a watch event: only the first Table of a watch carries the columns."""
        answer = self.one(obj)
        if self.form.convert == "Table":
            if self._headed:
                answer["columnDefinitions"] = None
            self._headed = True
        return answer

    def _package(self) -> str:
        return {"": "core", "rbac.authorization.k8s.io": "rbac"}.get(self.kind.group, self.kind.group.partition(".")[0])

    def _item(self, obj: Json) -> Json:
        served = from_stored(self.kind, obj)
        if self.kind.definition is not None:
            return served
        return {key: value for key, value in served.items() if key not in ("kind", "apiVersion")}

    def _partial(self, obj: Json) -> Json:
        return {
            "kind": "PartialObjectMetadata",
            "apiVersion": META + self.form.version,
            "metadata": from_stored(self.kind, obj)["metadata"],
        }

    def _table(self, objects: list[Json], meta: Json) -> Json:
        return {
            "kind": "Table",
            "apiVersion": META + self.form.version,
            "metadata": meta,
            "columnDefinitions": columns(self.kind),
            "rows": [self._row(obj) for obj in objects],
        }

    def _row(self, obj: Json) -> Json:
        row: Json = {"cells": cells(self.kind, obj, self.now)}
        conditions = finished(self.kind, obj)
        if conditions:
            row["conditions"] = conditions
        if self.include == "Metadata":
            row["object"] = self._partial(obj)
        else:
            row["object"] = from_stored(self.kind, obj) if self.include == "Object" else None
        return row


def _list_meta(obj: Json) -> Json:
    version = obj["metadata"].get("resourceVersion")
    return {"resourceVersion": version} if version else {}
