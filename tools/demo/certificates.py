"""The demo cluster's own certificate authority and server certificate, made once per home and kept there."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOLDER = "demo-tls"
LIFETIME = timedelta(days=825)
RENEW_BEFORE = timedelta(days=7)


class Certificates(NamedTuple):
    """`authority` is for clients; `server` holds the key and the certificate chain, readable by the owner only."""

    authority: Path
    server: Path

    def authority_text(self) -> str:
        return self.authority.read_text()

    def context(self) -> ssl.SSLContext:
        """For the server's listening side."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context


def ensure(home: Path) -> Certificates:
    """The certificates of this home; new ones when there are none, or they are damaged or about to expire."""
    folder = home / FOLDER
    found = Certificates(folder / "ca.pem", folder / "server.pem")
    if not usable(found):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority, server = make()
        found.authority.write_bytes(authority)
        found.server.touch(mode=0o600)
        found.server.write_bytes(server)
    return found


def usable(found: Certificates) -> bool:
    try:
        authority = x509.load_pem_x509_certificate(found.authority.read_bytes())
        found.context()
    except (OSError, ValueError):
        return False
    return authority.not_valid_after_utc - datetime.now(UTC) > RENEW_BEFORE


def make() -> tuple[bytes, bytes]:
    """(authority certificate, server key + certificate), both PEM."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "demo-cluster-ca")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
    public = authority_key.public_key()
    authority = (
        begin(issuer, issuer, public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    names: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("localhost"),
        x509.DNSName("kubernetes.default.svc"),
    ]
    server = (
        begin(subject, issuer, server_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    secret = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    return authority.public_bytes(pem), secret + server.public_bytes(pem)


def begin(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
    )


def usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
