"""What must never leave a cluster with an answer: found by structure, then by known values, then by pattern. Pure.

Structure is the promise: an object of kind Secret, at any depth, shows keys and sizes only; so does whatever was made
from it (last-applied copies). Patterns catch the common shapes of credentials in logs and messages; they are the last
layer and cannot know every shape.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tools import manifests
from tools.kube.errors import BadInput

Json: TypeAlias = Any

_LAST_APPLIED = re.compile(r"last-applied-configuration$")
_SUSPECT_NAME = re.compile(
    r"(?i)(passw|passphrase|secret|token|credential|private_?key|api_?key|access_?key|_pwd$|^pwd$)"
)
_REFERENCE = re.compile(r"^\$\([A-Za-z_][A-Za-z0-9_]*\)$")
_SHORTEST_KNOWN = 6

# Anything below begins with one of these: most texts have none, and are left alone after one look.
_HINT = re.compile(
    r"(?i)-----begin|eyj|bearer|basic|://|akia|asia|gh[pousr]_|github_pat_|sk-|xox[abprs]-|passw|passphrase|_?key|secret|token"
)
_NOT_A_VALUE = r"(?!<|\$\(|true\b|false\b|null\b)"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN ([A-Z0-9 ]{0,30}PRIVATE KEY)-----.*?(-----END \1-----|\Z)", re.DOTALL),
        "<redacted private key>",
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), "<redacted token>"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}"), r"\1\2<redacted>"),
    (re.compile(r"(://[^\s:/@\"']{0,100}):[^\s@/\"']{1,200}@"), r"\1:<redacted>@"),
    (re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"), "<redacted access key>"),
    (re.compile(r"\b(gh[pousr]_|github_pat_|sk-|xox[abprs]-)[A-Za-z0-9_-]{20,}"), "<redacted token>"),
    (  # password=…, DB_PASSWORD: …, "apiKey":"…"
        re.compile(
            r"(?i)((?:password|passwd|passphrase|api[_-]?key|access[_-]?key|private[_-]?key)"
            r"[\"']?[ \t]*[=:][ \t]*[\"']?)" + _NOT_A_VALUE + r"[^\s\"',;&]{3,}"
        ),
        r"\1<redacted>",
    ),
    (  # token=…, CLIENT_SECRET=…; with a colon these words name objects too often
        re.compile(r"(?i)((?:secret|token)[\"']?=[\"']?)" + _NOT_A_VALUE + r"[^\s\"',;&]{6,}"),
        r"\1<redacted>",
    ),
)


# ---- by structure ------------------------------------------------------------------------------------------------


def without_secrets(node: Json) -> Json:
    """The same, where every Secret at any depth shows `<12 bytes>` for its values, and copies of objects are gone."""
    if isinstance(node, list):
        return [without_secrets(item) for item in node]
    if not isinstance(node, dict):
        return node
    if _is_secret(node):
        return _secret(node)
    if _is_list_of_secrets(node):
        node = {**node, "items": [_secret(item) if isinstance(item, dict) else item for item in node["items"]]}
    if _is_variable(node):
        return {**node, "value": _size(node["value"])}
    return {key: without_secrets(value) for key, value in node.items() if key != "managedFields" and not _copied(key)}


def values_of(node: Json) -> set[str]:
    """Every value of the Secrets in a manifest, plain and as base64, to be masked wherever it turns up."""
    if isinstance(node, list):
        return set().union(*(values_of(item) for item in node)) if node else set()
    if not isinstance(node, dict):
        return set()
    found: set[str] = set().union(*(values_of(value) for value in node.values())) if node else set()
    if node.get("kind") == "Secret":
        for encoded in _values(node.get("data")):
            found |= {encoded, _decoded(encoded)}
        for plain in _values(node.get("stringData")):
            found |= {plain, base64.b64encode(plain.encode()).decode()}
    return {value for value in found if len(value) >= _SHORTEST_KNOWN}


def _is_secret(node: Mapping[str, Json]) -> bool:
    return node.get("kind") == "Secret" and str(node.get("apiVersion", "v1")) == "v1"


def _is_list_of_secrets(node: Mapping[str, Json]) -> bool:
    return node.get("kind") == "SecretList" and isinstance(node.get("items"), list)


def _is_variable(node: Mapping[str, Json]) -> bool:
    """An environment variable with a literal value whose name says that it is a secret."""
    name, value = node.get("name"), node.get("value")
    if not isinstance(name, str) or not isinstance(value, str) or not value:
        return False
    return set(node) <= {"name", "value"} and bool(_SUSPECT_NAME.search(name)) and not _REFERENCE.match(value)


def _copied(key: Json) -> bool:
    return isinstance(key, str) and bool(_LAST_APPLIED.search(key))


def _secret(node: Mapping[str, Json]) -> dict[str, Json]:
    shown = {key: without_secrets(value) for key, value in node.items() if key not in ("data", "stringData")}
    for key in ("data", "stringData"):
        held = node.get(key)
        if isinstance(held, dict):
            shown[key] = {name: _size(value, encoded=key == "data") for name, value in held.items()}
        elif held is not None:
            shown[key] = "<redacted>"
    return shown


def _size(value: Json, *, encoded: bool = False) -> str:
    if not isinstance(value, str):
        return "<redacted>"
    if value.startswith("<") and value.endswith(" bytes>"):
        return value
    return f"<{len(_raw(value) if encoded else value.encode())} bytes>"


def _values(held: Json) -> Iterable[str]:
    return [value for value in held.values() if isinstance(value, str)] if isinstance(held, dict) else []


def _decoded(encoded: str) -> str:
    return _raw(encoded).decode("utf-8", "replace")


def _raw(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return encoded.encode()


def arguments(raw: Mapping[str, Json]) -> dict[str, Json]:
    """A call's arguments as they may be journaled and shown: values of Secrets in manifests and patches are masked."""
    shown = {key: _masked_manifest(value) if isinstance(value, str) else value for key, value in raw.items()}
    kind = str(raw.get("kind", "")).lower()
    if kind in ("secret", "secrets", "v1/secret", "v1/secrets") and isinstance(raw.get("patch"), dict):
        patch = without_secrets({**raw["patch"], "kind": "Secret", "apiVersion": "v1"})
        shown["patch"] = {key: value for key, value in patch.items() if key in raw["patch"]}
    return shown


def _masked_manifest(words: str) -> str:
    if "Secret" not in words:
        return words
    try:
        known = values_of(manifests.documents(words))
    except BadInput:
        return words
    lines = {line.strip() for value in known for line in value.splitlines()}
    return text(words, {line for line in known | lines if len(line) >= _SHORTEST_KNOWN})


# ---- by known values and by pattern ------------------------------------------------------------------------------


def text(words: str, known: Iterable[str] = ()) -> str:
    """`words` without the `known` values and without what looks like a credential."""
    for value in sorted(known, key=len, reverse=True):
        words = words.replace(value, "<redacted>")
    if not _HINT.search(words):
        return words
    for pattern, instead in _PATTERNS:
        words = pattern.sub(instead, words)
    return words


def data(node: Json, known: Iterable[str] = ()) -> Json:
    """JSON for programs, cleaned like an object and then like a text, string by string."""
    return _texts(without_secrets(node), tuple(known))


def _texts(node: Json, known: tuple[str, ...]) -> Json:
    if isinstance(node, str):
        return text(node, known)
    if isinstance(node, list):
        return [_texts(item, known) for item in node]
    if isinstance(node, dict):
        return {text(key, known) if isinstance(key, str) else key: _texts(value, known) for key, value in node.items()}
    return node
