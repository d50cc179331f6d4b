"""Makes the throw-away certificates, tokens and kubeconfig files of one test cluster."""

import base64
import datetime
import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tools.demo.certificates import usage

USERS = {"admin": "system:masters", "viewer": "rig:viewers", "editor": "rig:editors"}
_DNS_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "metrics-server.kube-system.svc",
)
_ADDRESSES = ("127.0.0.1", "10.0.0.1")


@dataclass(frozen=True)
class Credentials:
    """Paths of the PEM files in one folder, and a bearer token for each user."""

    folder: Path
    tokens: dict[str, str]

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def certificate(self) -> Path:
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def account_key(self) -> Path:
        return self.folder / "service-account.key"

    @property
    def token_file(self) -> Path:
        return self.folder / "tokens.csv"


def make_credentials(folder: Path) -> Credentials:
    """Write a fresh authority, one server certificate for loopback, and the token file of `USERS`."""
    authority_key, server_key, account_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    authority = _authority(authority_key)
    made = Credentials(folder, {user: secrets.token_hex(16) for user in USERS})
    made.ca.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    made.certificate.write_bytes(_server(server_key, authority, authority_key))
    for path, key in ((made.key, server_key), (made.account_key, account_key)):
        path.touch(0o600)
        path.write_bytes(_pem(key))
    made.token_file.write_text(
        "".join(f'{token},{user},{user},"{USERS[user]}"\n' for user, token in made.tokens.items())
    )
    return made


def kubeconfig(server: str, credentials: Credentials, *, current: str = "admin") -> dict[str, Any]:
    """A self-contained kubeconfig with one context for each user, named after the user."""
    authority = base64.b64encode(credentials.ca.read_bytes()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [{"name": "rig", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": user, "user": {"token": token}} for user, token in credentials.tokens.items()],
        "contexts": [{"name": user, "context": {"cluster": "rig", "user": user}} for user in credentials.tokens],
    }


def write_kubeconfig(path: Path, server: str, credentials: Credentials) -> Path:
    """Write `kubeconfig` where only the owner may read it."""
    path.touch(0o600)
    path.write_text(yaml.safe_dump(kubeconfig(server, credentials)))
    return path


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _builder(subject: str, issuer: str) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return (
        _builder("rig-authority", "rig-authority")
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> bytes:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in _DNS_NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in _ADDRESSES]
    return (
        _builder("rig-server", "rig-authority")
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
