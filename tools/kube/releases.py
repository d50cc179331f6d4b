"""Helm releases as Helm 3 keeps them, in Secrets or ConfigMaps, decoded without Helm: base64, gzip, JSON.

What is decoded was written by whoever may write Secrets: it is bounded before it is unpacked and while it is, and the
values of the Secrets it installs are masked in all that is told.
"""

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from typing import Any

import msgspec

from tools import manifests, redaction
from tools.kube.client import KubeClient
from tools.kube.errors import BadAnswer, BadInput, TooLarge
from tools.kube.resources import Target
from tools.kube.shapes import ListMeta
from tools.kube.together import beside
from tools.kube.transport import Request
from tools.rendering import as_yaml

LARGEST = 24 << 20  # bytes of one release, unpacked
MOST_VALUES = 500_000  # of one release: an empty object of three bytes takes sixty-four once it is decoded
SELECTOR = "owner=helm"
_SEPARATOR = re.compile(r"(?m)^---.*$")
_GZIP = b"\x1f\x8b"


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    creationTimestamp: str | None = None
    labels: dict[str, str] | None = None


class _Item(msgspec.Struct):
    metadata: _Meta


class StoredAnswer(msgspec.Struct):
    """A list of what keeps releases, metadata only."""

    items: list[_Item] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


@dataclass(frozen=True, slots=True)
class Stored:
    """One revision of a release, as the labels tell of it. keeper: the name of its Secret or ConfigMap."""

    namespace: str
    release: str
    revision: int
    status: str
    created: str
    keeper: str


def stored(page: StoredAnswer) -> list[Stored]:
    found = []
    for item in page.items or []:
        labels = item.metadata.labels or {}
        revision = labels.get("version", "")
        if labels.get("name") and revision.isdigit():
            meta = item.metadata
            told = (labels["name"], int(revision), labels.get("status", "unknown"), meta.creationTimestamp or "")
            found.append(Stored(meta.namespace, *told, meta.name))
    return found


class _Kept(msgspec.Struct):
    data: dict[str, str | None] | None = None


class Info(msgspec.Struct):
    first_deployed: str = ""
    last_deployed: str = ""
    description: str = ""
    status: str = ""
    notes: str = ""


class ChartMeta(msgspec.Struct):
    name: str = ""
    version: str = ""
    appVersion: str = ""
    description: str = ""
    home: str = ""
    deprecated: bool = False


class Chart(msgspec.Struct):
    metadata: ChartMeta | None = None
    values: dict[str, Any] | None = None


class Release(msgspec.Struct):
    """`config`: the values a person set; `chart.values`: the chart's own; `manifest`: what was sent to the cluster."""

    name: str = ""
    namespace: str = ""
    version: int = 0
    info: Info | None = None
    chart: Chart | None = None
    config: dict[str, Any] | None = None
    manifest: str = ""

    @property
    def about(self) -> ChartMeta:
        return (self.chart and self.chart.metadata) or ChartMeta()


async def release(client: KubeClient, keeper: Target) -> Release:
    """Decoded and cleaned: no value of a Secret is in it any more. Raises KubeError."""
    kept = await client.decoded(Request("GET", keeper.path()), _Kept)
    encoded = (kept.data or {}).get("release") or ""
    return await beside(lambda: _cleaned(client, _decoded(encoded, keeper)))


def _decoded(encoded: str, keeper: Target) -> Release:
    """A Secret's values are in base64 once more than a ConfigMap's."""
    try:
        raw = base64.b64decode(encoded, validate=True)
        if keeper.resource.is_secret:
            raw = base64.b64decode(raw, validate=True)
        return msgspec.json.decode(_unpacked(raw, keeper), type=Release)
    except (binascii.Error, ValueError, zlib.error):  # msgspec's faults are ValueErrors
        raise BadAnswer(f"{keeper.words} does not hold a Helm release that can be read.") from None


def _unpacked(raw: bytes, keeper: Target) -> bytes:
    if not raw.startswith(_GZIP):
        return raw
    unpacked = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(raw, LARGEST + 1)
    if len(unpacked) > LARGEST:
        raise TooLarge(f"{keeper.words} unpacks to more than {LARGEST >> 20} MiB, so it is not read.")
    if unpacked.count(b",") > MOST_VALUES:
        raise TooLarge(f"{keeper.words} unpacks to more than {MOST_VALUES:,} values, so it is not read.")
    return unpacked


# ---- cleaning ----------------------------------------------------------------------------------------------------


def _cleaned(client: KubeClient, found: Release) -> Release:
    found.manifest = _manifest(client, found.manifest)
    found.config = redaction.without_secrets(found.config)
    if found.chart:
        found.chart.values = redaction.without_secrets(found.chart.values)
    return found


def _manifest(client: KubeClient, text: str) -> str:
    """Its documents one by one: of Secrets keys and sizes only; what cannot be read is not shown."""
    return "\n---\n".join(shown for part in _SEPARATOR.split(text) for shown in _documents(client, part))


def _documents(client: KubeClient, text: str) -> list[str]:
    try:
        found = manifests.parsed(text)
    except BadInput as fault:
        return [f"# A document is not shown: {fault}"]
    client.secrets_seen.add(found)
    return [as_yaml(redaction.without_secrets(each)) for each in found]
