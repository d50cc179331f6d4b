"""The field table of the demo cluster: which fields each kind has, and how its lists and maps merge."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "schema.json"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind` is object, map, list, any, or a leaf: string, bool, int32, int64, double, bytes, time,
    microTime, quantity, intOrString."""

    kind: str
    ref: str = ""
    of: "Field | None" = None
    list_type: str = ""  # atomic, set, map
    keys: tuple[str, ...] = ()  # of a list of type map
    merge_key: str = ""  # of strategic merge patches; they know one key only
    strategies: tuple[str, ...] = ()  # merge, retainKeys
    atomic: bool = False

    @property
    def members(self) -> dict[str, "Field"]:
        """The named fields of an object; empty for everything else."""
        return _members(self.ref) if self.ref else {}

    def child(self, name: str) -> "Field | None":
        """The field behind a key of an object or a map; None when the key is not known."""
        return self.members.get(name) if self.kind == "object" else self.of if self.kind == "map" else None

    @property
    def granular(self) -> bool:
        """True when its parts have owners of their own (managedFields, apply)."""
        if self.kind == "list":
            return self.list_type in ("set", "map")
        return self.kind in ("object", "map") and not self.atomic


@cache
def _table() -> dict[str, Any]:
    with DATA.open(encoding="utf-8") as source:
        table: dict[str, Any] = json.load(source)
    return table


@cache
def _members(ref: str) -> dict[str, Field]:
    return {name: _field(each) for name, each in _table()["types"][ref]["fields"].items()}


def _field(written: Any) -> Field:
    if isinstance(written, str):
        return Field(written)
    ref = written.get("ref", "")
    return Field(
        kind=written["type"],
        ref=ref,
        of=_field(written["of"]) if "of" in written else None,
        list_type=written.get("list", ""),
        keys=tuple(written.get("keys", ())),
        merge_key=written.get("merge", ""),
        strategies=tuple(filter(None, written.get("strategy", "").split(","))),
        atomic=bool(written.get("atomic") or (ref and _table()["types"][ref].get("atomic"))),
    )


@cache
def root(api_version: str, kind: str) -> Field | None:
    """The type behind `apps/v1`, `Deployment`; None for a custom resource."""
    ref = _table()["kinds"].get(f"{api_version}/{kind}")
    return None if ref is None else Field("object", ref=ref)


def of_object(obj: dict[str, Any]) -> Field | None:
    """The type of a stored object or manifest."""
    return root(obj.get("apiVersion", ""), obj.get("kind", ""))


def go_type(field: Field) -> str:
    """What the server calls the type in decoding errors: int32, map[string]string, []v1.Container, v1.PodSpec."""
    if field.kind == "list" and field.of:
        return f"[]{go_type(field.of)}"
    if field.kind == "map" and field.of:
        return f"map[string]{go_type(field.of)}"
    if field.kind == "object":
        return ".".join(field.ref.split(".")[-2:])
    return {"double": "float64", "bytes": "[]uint8", "any": "interface {}"}.get(field.kind, field.kind)
