"""What of a Secret may leave the wire: keys, sizes, keyed fingerprints, and what certificates say of themselves.

Values are looked at here and nowhere else, so that no tool can tell one.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tools.kube.client import KubeClient
from tools.kube.resources import Target
from tools.kube.shapes import ListMeta
from tools.kube.together import beside
from tools.kube.transport import Request
from tools.redaction.known import fingerprint

_LARGEST_READ = 128 << 10  # bytes of one value that are looked into
_MOST_CERTIFICATES = 10
_MOST_NAMES = 10
_SHORTEST_PRINTED = 8  # a shorter value could be guessed by making Secrets and comparing


@dataclass(frozen=True, slots=True)
class Certificate:
    """names: for which hosts and addresses it is, at most 10; times in UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    is_authority: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a Secret. size: bytes; fingerprint: equal for equal values, empty for short ones; what: what kind of
    thing it is, when that can be seen; registries: of an image pull secret."""

    key: str
    size: int
    fingerprint: str
    what: str = ""
    certificates: tuple[Certificate, ...] = ()
    registries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspected:
    """key_fits: whether tls.key belongs to the first certificate of tls.crt, None when one of them cannot be read."""

    namespace: str
    name: str
    type: str
    created: str
    immutable: bool
    entries: tuple[Entry, ...]
    key_fits: bool | None = None


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    creationTimestamp: str | None = None


class SecretAnswer(msgspec.Struct):
    """A Secret as the wire has it: never to be handed on."""

    metadata: _Meta
    type: str | None = None
    data: dict[str, str | None] | None = None
    immutable: bool | None = None


class SecretsAnswer(msgspec.Struct):
    items: list[SecretAnswer] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


async def inspect(client: KubeClient, target: Target) -> Inspected:
    """Raises KubeError."""
    found = await client.decoded(Request("GET", target.path()), SecretAnswer)
    return (await beside(lambda: inspected(client, [found])))[0]


def inspected(client: KubeClient, found: Iterable[SecretAnswer]) -> list[Inspected]:
    """All of it computing: off the event loop. What was looked at is masked in whatever the call tells."""
    return [_inspected(client, each) for each in found]


def _inspected(client: KubeClient, found: SecretAnswer) -> Inspected:
    data = {key: value or "" for key, value in (found.data or {}).items()}
    client.secrets_seen.add({"kind": "Secret", "data": data})
    raw = {key: _decoded(value) for key, value in data.items()}
    meta = found.metadata
    return Inspected(
        meta.namespace,
        meta.name,
        found.type or "Opaque",
        meta.creationTimestamp or "",
        bool(found.immutable),
        tuple(_entry(key, raw[key]) for key in sorted(raw)),
        _fits(raw.get("tls.crt", b""), raw.get("tls.key", b"")),
    )


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return encoded.encode("utf-8", "surrogatepass")


def _entry(key: str, raw: bytes) -> Entry:
    short = len(raw) < _SHORTEST_PRINTED
    mark = "" if short else fingerprint(raw)
    beginning = raw[:_LARGEST_READ]
    certificates = _certificates(beginning)
    return Entry(key, len(raw), mark, _what(beginning, certificates), certificates, _registries(key, beginning))


def _what(raw: bytes, certificates: tuple[Certificate, ...]) -> str:
    if b"PRIVATE KEY-----" in raw:
        return "private key"
    if certificates:
        return "certificate" if len(certificates) == 1 else f"{len(certificates)} certificates"
    if b"-----BEGIN CERTIFICATE-----" in raw:
        return "certificate that cannot be read"
    return "" if not raw else "text" if _is_text(raw) else "binary"


def _is_text(raw: bytes) -> bool:
    try:
        return "\x00" not in raw.decode()
    except UnicodeDecodeError:
        return False


def _certificates(raw: bytes) -> tuple[Certificate, ...]:
    if b"-----BEGIN CERTIFICATE-----" not in raw:
        return ()
    try:
        found = x509.load_pem_x509_certificates(raw)
        return tuple(_certificate(each) for each in found[:_MOST_CERTIFICATES])
    except (ValueError, UnsupportedAlgorithm):
        return ()


def _certificate(found: x509.Certificate) -> Certificate:
    return Certificate(
        found.subject.rfc4514_string(),
        found.issuer.rfc4514_string(),
        _names(found),
        found.not_valid_before_utc,
        found.not_valid_after_utc,
        _is_authority(found),
    )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    return (*hosts, *(str(each) for each in names.get_values_for_type(x509.IPAddress)))[:_MOST_NAMES]


def _is_authority(found: x509.Certificate) -> bool:
    try:
        return bool(found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return False


def _fits(certificate: bytes, key: bytes) -> bool | None:
    if len(certificate) > _LARGEST_READ or len(key) > _LARGEST_READ or not certificate or not key:
        return None
    try:
        public = load_pem_private_key(key, None).public_key()
        certified = x509.load_pem_x509_certificates(certificate)[0].public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public.public_bytes(*form) == certified.public_bytes(*form)


def _registries(key: str, raw: bytes) -> tuple[str, ...]:
    if key != ".dockerconfigjson":
        return ()
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    auths = found.get("auths") if isinstance(found, dict) else None
    return tuple(sorted(auths)[:_MOST_NAMES]) if isinstance(auths, dict) else ()
