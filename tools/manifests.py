"""Reads manifests strictly: YAML or JSON, many documents, bounded in size, depth and expansion. Pure.

YAML as Kubernetes reads it: no dates, no sexagesimal numbers (`8080:80` is text), no key twice.
"""

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import yaml

from tools.kube.errors import BadInput

Object: TypeAlias = dict[str, Any]
LARGEST = 256 << 10
MOST_DOCUMENTS = 50
_DEEPEST = 60
_MOST_NODES = 50_000
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Without the YAML 1.1 readings that surprise: timestamps, base-60 numbers, `=`."""


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] in ("bool", "null", "merge")]
    for sign, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?(0|[1-9][0-9]*|0[0-7]+|0x[0-9a-fA-F]+)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"([-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?\.inf|\.nan)$"),
    list("-+.0123456789"),
)


def documents(text: str) -> list[Object]:
    """Every object of a manifest, Lists flattened. Raises BadInput naming the document or line."""
    if len(text.encode()) > LARGEST:
        raise BadInput(f"The manifest is larger than {LARGEST >> 10} KiB. Apply it in parts.")
    found = [flat for number, document in enumerate(_load(text), 1) for flat in _objects(document, number)]
    if not found:
        raise BadInput("The manifest is empty: there is nothing to apply.")
    if len(found) > MOST_DOCUMENTS:
        raise BadInput(f"The manifest has {len(found)} objects; at most {MOST_DOCUMENTS} are applied at once.")
    return found


def parsed(text: str) -> list[Any]:
    """Every document as it is, of whatever size: for manifests that a cluster keeps. Raises BadInput."""
    return _load(text)


def _load(text: str) -> list[Any]:
    loader = _Loader(text)
    found = []
    try:
        if len(text) > LARGEST:
            _count(text)
        while loader.check_node():
            node = loader.get_node()
            _check(node)
            found.append(loader.construct_document(node))
    except yaml.MarkedYAMLError as fault:
        line = f" in line {fault.problem_mark.line + 1}" if fault.problem_mark else ""
        raise BadInput(f"The manifest is not valid YAML{line}: {fault.problem or fault.context}.") from None
    except yaml.YAMLError:
        raise BadInput("The manifest is not valid YAML: it holds characters YAML does not allow.") from None
    except (RecursionError, ValueError):
        raise BadInput("The manifest cannot be read: it is nested too deeply or holds a malformed value.") from None
    finally:
        loader.dispose()
    return [document for document in found if document is not None]


def _count(text: str) -> None:
    """Before a tree is made of a large text: one of values of a byte each would take a hundred times its room."""
    values = 0
    for event in yaml.parse(text, Loader=_Loader):
        values = 0 if isinstance(event, yaml.DocumentStartEvent) else values + isinstance(event, yaml.NodeEvent)
        if values > _MOST_NODES:
            raise BadInput(_TOO_MANY)


_TOO_MANY = "The manifest expands to too many values: use fewer aliases."


def _check(root: yaml.Node) -> None:
    if _weight(root, {}, 0) > _MOST_NODES:
        raise BadInput(_TOO_MANY)


def _weight(node: yaml.Node, known: dict[int, int], depth: int) -> int:
    """How many values a node stands for, aliases expanded: a small text can stand for billions."""
    if depth > _DEEPEST:
        raise BadInput(f"The manifest is nested deeper than {_DEEPEST} levels, or refers to itself.")
    if id(node) not in known:
        known[id(node)] = 1 + sum(_weight(child, known, depth + 1) for child in _children(node))
    return known[id(node)]


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        _refuse_doubles([key for key, _ in node.value if isinstance(key, yaml.ScalarNode)])
        for pair in node.value:
            yield from pair


def _refuse_doubles(keys: list[yaml.ScalarNode]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key.value in seen and key.value != "<<":
            raise BadInput(f'The manifest sets "{key.value[:60]}" twice in line {key.start_mark.line + 1}.')
        seen.add(key.value)


def _objects(document: Any, number: int) -> Iterator[Object]:
    if not isinstance(document, dict):
        raise BadInput(f"Document {number} is not an object: it should begin with apiVersion and kind.")
    kind = document.get("kind")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _objects(item, number)
        return
    for key in ("apiVersion", "kind"):
        if not isinstance(document.get(key), str) or not document[key]:
            raise BadInput(f"Document {number} has no {key}.")
    if not _KIND.fullmatch(document["kind"]):  # "secrets" would be found all the same, and be masked by nobody
        raise BadInput(f'Document {number}: "{kind!s:.60}" is not a kind. Write it as the API does: Deployment.')
    meta = document.get("metadata")
    if not isinstance(meta, dict) or not isinstance(meta.get("name"), str) or not meta["name"]:
        raise BadInput(f"Document {number} ({kind}) has no metadata.name; generateName cannot be applied.")
    yield document
