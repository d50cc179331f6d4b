"""What is secret in an object, found by its place: Secrets at any depth, literals under telling names. Pure."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from tools.redaction import names
from tools.redaction.known import fingerprint
from tools.redaction.spans import MASK

Json: TypeAlias = Any
SHORTEST_KNOWN = 6

_REFERENCE = re.compile(r"^\$(\([A-Za-z_][A-Za-z0-9_]*\)|\{[A-Za-z_][A-Za-z0-9_]*\})$")
_SHOWN = re.compile(r"^<(\d+ bytes(, fingerprint [0-9a-f]{6})?|redacted[^>]{0,20})>$")
_SECRET_TYPES = ("kubernetes.io/", "helm.sh/", "bootstrap.kubernetes.io/")
_HELM = "H4sI"  # base64 of what gzip begins with; a release holds its values and manifests
_DROPPED = "kubectl.kubernetes.io/last-applied-configuration"
_SHORTEST_PRINTED = 8  # a shorter value could be guessed by making Secrets and comparing


def without_secrets(node: Json) -> Json:
    """The same, where every Secret at any depth shows `<12 bytes, fingerprint ab12cd>` for its values; so do literals
    under names that say so. Copies of objects (last-applied, managedFields) are gone."""
    if isinstance(node, dict):
        return _object(node)
    if isinstance(node, list):
        return [_object(item) if isinstance(item, dict) else without_secrets(item) for item in node]
    return node


def _object(node: Mapping[str, Json]) -> Json:
    if "data" in node or "stringData" in node:
        if _is_secret(node):
            return _secret(node)
    elif node.get("kind") == "SecretList" and isinstance(node.get("items"), list):
        node = {**node, "items": [_secret(item) if isinstance(item, dict) else item for item in node["items"]]}
    elif "value" in node and _is_variable(node):
        return {**node, "value": size(node["value"])}
    shown: dict[str, Json] = {}
    for key, value in node.items():
        if isinstance(value, dict):
            shown[key] = value if key == "encryptedData" else _object(value)
        elif isinstance(value, list):
            if key != "managedFields":
                shown[key] = [_object(item) if isinstance(item, dict) else without_secrets(item) for item in value]
        elif isinstance(value, str) and isinstance(key, str):
            if not key.endswith("last-applied-configuration"):
                shown[key] = _field(key, value)
        else:
            shown[key] = value
    return shown


def _is_secret(node: Mapping[str, Json]) -> bool:
    """By kind, in whatever group; or by type, for items of lists whose kind is not repeated."""
    if str(node.get("kind", "")).lower() == "secret":
        return True
    kind = node.get("type")
    if "kind" in node or not isinstance(kind, str) or "metadata" not in node:
        return False
    return kind == "Opaque" or kind.startswith(_SECRET_TYPES)


def _is_variable(node: Mapping[str, Json]) -> bool:
    """An environment variable with a literal value, whose name or looks say that it is a secret."""
    name, value = node.get("name"), node.get("value")
    if not isinstance(name, str) or not isinstance(value, str) or not value or len(node) > 2:
        return False
    if _REFERENCE.match(value) or _SHOWN.match(value):
        return False
    return names.is_secret_variable(name) or (names.random_whole(value) and not names.is_sum(name))


def _field(key: str, value: str) -> str:
    if names.is_secret_field(key) and value and not _REFERENCE.match(value):
        return size(value)
    if len(value) > 200 and value.startswith(_HELM):
        return size(value)
    return value


def _secret(node: Mapping[str, Json]) -> dict[str, Json]:
    shown: dict[str, Json] = _object({key: value for key, value in node.items() if key not in ("data", "stringData")})
    for key in ("data", "stringData"):
        held = node.get(key)
        if isinstance(held, dict):
            shown[key] = {name: size(value, encoded=key == "data") for name, value in held.items()}
        elif held is not None:
            shown[key] = MASK
    return shown


def size(value: Json, *, encoded: bool = False) -> str:
    """`<12 bytes, fingerprint ab12cd>`; two equal values can be seen to be equal, and not looked up."""
    if not isinstance(value, str):
        return MASK
    if _SHOWN.match(value):
        return value
    raw = decoded(value) if encoded else value.encode("utf-8", "surrogatepass")
    if len(raw) < _SHORTEST_PRINTED:
        return f"<{len(raw)} bytes>"
    return f"<{len(raw)} bytes, fingerprint {fingerprint(raw)}>"


def decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return encoded.encode("utf-8", "surrogatepass")


# ---- what would be written back ----------------------------------------------------------------------------------


def shown_in(written: bytes) -> str:
    """Of JSON on its way to a cluster the first text that stands for something masked; empty when there is none."""
    found = _WRITTEN.search(written)
    return found[0].decode() if found else ""


_WRITTEN = re.compile(rb"(?<=\")<\d{1,9} bytes(, fingerprint [0-9a-f]{6})?>(?=\")|<redacted[a-z ]{0,20}>")


# ---- what was in it ----------------------------------------------------------------------------------------------


class Seen:
    """Secret values that came by in one call. values: in all their forms, to be masked in its answer; held: (key,
    value), to be remembered."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """`values`: known from the beginning, such as the credentials that the call is made with."""
        self.values = set(values)
        self.held: set[tuple[str, str]] = set()

    def add_original(self, node: Json) -> None:
        """As `add`, of an object that is not shown but written back: also of literals under telling names."""
        self.add(node)
        self.values |= {value for value in _masked(node, without_secrets(node)) if len(value) >= SHORTEST_KNOWN}

    def add(self, node: Json) -> None:
        for key, plain, encoded in held_in(node):
            self.values |= {form for form in (plain, encoded) if len(form) >= SHORTEST_KNOWN}
            self.held.add((key, plain))


def _masked(node: Json, shown: Json) -> Iterator[str]:
    """The texts of an object that `shown` masks."""
    if isinstance(node, dict) and isinstance(shown, dict):
        for key in node.keys() & shown.keys():
            yield from _masked(node[key], shown[key])
    elif isinstance(node, list) and isinstance(shown, list):
        for one, other in zip(node, shown, strict=True):
            yield from _masked(one, other)
    elif isinstance(node, str) and node != shown:
        yield node


def values_of(node: Json) -> set[str]:
    """Every value of the Secrets in a manifest, plain and as base64, to be masked wherever it turns up."""
    return {form for _, plain, encoded in held_in(node) for form in (plain, encoded) if len(form) >= SHORTEST_KNOWN}


def held_in(node: Json) -> list[tuple[str, str, str]]:
    """(key, value, the same in base64) of every Secret in it."""
    found: list[tuple[str, str, str]] = []
    _gather(node, found)
    return found


def _gather(node: Json, found: list[tuple[str, str, str]]) -> None:
    if isinstance(node, list):
        for item in node:
            _gather(item, found)
    elif isinstance(node, dict):
        if ("data" in node or "stringData" in node) and _is_secret(node):
            found += _held(node)
        items = node.get("items")
        if node.get("kind") == "SecretList" and isinstance(items, list):
            found += [each for item in items if isinstance(item, dict) for each in _held(item)]
        for value in node.values():
            if isinstance(value, dict | list):
                _gather(value, found)


def _texts(raw: bytes, encoded: str) -> tuple[str, ...]:
    """As it may be written down: bytes that are no text, in base64 or hex."""
    try:
        return (raw.decode(),)
    except UnicodeDecodeError:
        return encoded, raw.hex()


def _held(node: Mapping[str, Json]) -> list[tuple[str, str, str]]:
    data, plain = node.get("data"), node.get("stringData")
    found: list[tuple[str, str, str]] = []
    if isinstance(data, dict):
        for key, encoded in data.items():
            if isinstance(encoded, str):
                raw = decoded(encoded)
                found += [(str(key), form, encoded) for form in _texts(raw, encoded)]
    if isinstance(plain, dict):
        for key, value in plain.items():
            if isinstance(value, str):
                raw = value.encode("utf-8", "surrogatepass")
                found.append((str(key), value, base64.b64encode(raw).decode()))
    return [each for each in found if not _SHOWN.match(each[1])]
