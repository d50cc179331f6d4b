"""The arguments of a call as they may be journaled and shown. Pure."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from tools import manifests
from tools.kube.errors import BadInput
from tools.redaction.cleaning import data, text
from tools.redaction.structure import SHORTEST_KNOWN, values_of, without_secrets

Json: TypeAlias = Any
_SECRET_KINDS = ("secret", "secrets", "v1/secret", "v1/secrets")


def arguments(raw: Mapping[str, Json]) -> dict[str, Json]:
    """Values of Secrets in manifests and patches are masked, and whatever else is secret in any argument."""
    shown = {key: _masked_manifest(value) if isinstance(value, str) else value for key, value in raw.items()}
    if str(raw.get("kind", "")).lower() in _SECRET_KINDS and isinstance(raw.get("patch"), dict):
        patch = without_secrets({**raw["patch"], "kind": "Secret", "apiVersion": "v1"})
        shown["patch"] = {key: value for key, value in patch.items() if key in raw["patch"]}
    cleaned: dict[str, Json] = data(shown)
    return cleaned


def _masked_manifest(words: str) -> str:
    if "secret" not in words.lower():
        return words
    try:
        known = values_of(manifests.documents(words))
    except BadInput:
        return words
    lines = {line.strip() for value in known for line in value.splitlines()}
    return text(words, {line for line in known | lines if len(line) >= SHORTEST_KNOWN})
