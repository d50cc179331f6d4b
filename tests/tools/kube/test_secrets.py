"""What may be told of a Secret, and what of a Helm release: never a value, whatever the cluster sends."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tools.api import answering, serving
from tools.effects import Effect
from tools.kube import releases, secrets
from tools.kube.errors import BadAnswer, KubeError, TooLarge
from tools.kube.resources import Resource, Target

SECRETS = Resource("", "v1", "Secret", "secrets", "secret", True, ("get", "list"))
CONFIGMAPS = Resource("", "v1", "ConfigMap", "configmaps", "configmap", True, ("get", "list"))
TARGET = Target(SECRETS, "shop", "tls")
PASSWORD = "hunter2-never-shown"


def encoded(raw: bytes | str) -> str:
    return base64.b64encode(raw if isinstance(raw, bytes) else raw.encode()).decode()


def certificate(days: int) -> tuple[bytes, bytes]:
    """A certificate that ends in so many days, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example.com"), x509.DNSName("www.a.b")]), False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM), key.private_bytes(*form)


async def inspected(data: dict[str, str | None], **more: Any) -> secrets.Inspected:
    body = {"kind": "Secret", "metadata": {"name": "tls", "namespace": "shop"}, "data": data, **more}
    async with serving(answering(body)) as api:
        return await secrets.inspect(api.client(Effect.SENSITIVE), TARGET)


async def test_a_certificate_tells_for_whom_and_until_when_and_whether_its_key_fits() -> None:
    crt, key = certificate(10)
    other = certificate(10)[1]
    found = await inspected({"tls.crt": encoded(crt + crt), "tls.key": encoded(key)})
    entries = {entry.key: entry for entry in found.entries}
    first = entries["tls.crt"].certificates[0]
    assert (first.subject, first.names) == ("CN=shop.example.com", ("shop.example.com", "www.a.b"))
    assert (first.not_after - datetime.now(UTC)).days in (9, 10)
    assert (entries["tls.crt"].what, entries["tls.key"].what, found.key_fits) == ("2 certificates", "private key", True)
    assert (await inspected({"tls.crt": encoded(crt), "tls.key": encoded(other)})).key_fits is False


@pytest.mark.parametrize(
    ("value", "what", "size"),
    [
        (None, "", 0),
        (
            encoded("-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----"),
            "certificate that cannot be read",
            61,
        ),
        (encoded(b"\x00\xff\xfe"), "binary", 3),
        ("not base64!", "text", 11),
        (encoded("x" * (1 << 20)), "text", 1 << 20),
    ],
    ids=["null", "broken", "binary", "not-encoded", "large"],
)
async def test_odd_values_are_measured_and_not_shown(value: str | None, what: str, size: int) -> None:
    (entry,) = (
        await inspected(
            {
                "tls.crt": value,
            },
            type=None,
        )
    ).entries
    assert (entry.what, entry.size, entry.certificates) == (what, size, ())


async def test_an_image_pull_secret_names_its_registries_only() -> None:
    auths = {"auths": {"ghcr.io": {"auth": encoded(f"u:{PASSWORD}")}}}
    (entry,) = (await inspected({".dockerconfigjson": encoded(json.dumps(auths))})).entries
    assert entry.registries == ("ghcr.io",)
    assert PASSWORD not in repr(entry)


# ---- Helm --------------------------------------------------------------------------------------------------------

MANIFEST = f"""
apiVersion: v1
kind: Secret
metadata: {{name: db}}
data: {{password: {encoded(PASSWORD)}}}
---
kind: Deployment
kind: Twice
---
kind: Service
metadata: {{name: web}}
"""
RELEASE: dict[str, Any] = {
    "name": "web",
    "version": 3,
    "info": {"status": "deployed", "notes": "hello"},
    "chart": {"metadata": {"name": "web", "version": "1.0.0"}, "values": {"replicas": 1}, "templates": [{"data": "x"}]},
    "config": {"plain": PASSWORD, "password": "short"},
    "manifest": MANIFEST,
}


def kept(body: Any, *, times: int = 2) -> dict[str, Any]:
    raw = gzip.compress(json.dumps(body).encode())
    for _ in range(times):
        raw = base64.b64encode(raw)
    return {"kind": "Secret", "metadata": {"name": "tls"}, "data": {"release": raw.decode()}}


@pytest.mark.parametrize(("resource", "times"), [(SECRETS, 2), (CONFIGMAPS, 1)], ids=["secret", "configmap"])
async def test_a_release_is_decoded_and_its_secrets_are_known(resource: Resource, times: int) -> None:
    async with serving(answering(kept(RELEASE, times=times))) as api:
        client = api.client(Effect.SENSITIVE)
        found = await releases.release(client, Target(resource, "shop", "r"))
    assert (found.about.name, found.version, found.info and found.info.notes) == ("web", 3, "hello")
    assert PASSWORD in client.secrets_seen.values
    assert PASSWORD not in found.manifest
    assert encoded(PASSWORD) not in found.manifest
    assert "name: web" in found.manifest
    assert 'A document is not shown: The manifest sets "kind" twice' in found.manifest
    assert found.config is not None
    assert "short" not in found.config["password"]


@pytest.mark.parametrize(
    ("data", "fault", "words"),
    [
        ({"release": "!!!"}, BadAnswer, "does not hold a Helm release"),
        ({"release": None}, BadAnswer, "does not hold a Helm release"),
        (None, BadAnswer, "does not hold a Helm release"),
        (kept([1, 2])["data"], BadAnswer, "does not hold a Helm release"),
        (kept({**RELEASE, "manifest": "a" * (25 << 20)})["data"], TooLarge, "unpacks to more than 24 MiB"),
        (kept({**RELEASE, "config": {"a": [{}] * 500_001}})["data"], TooLarge, "unpacks to more than 500,000 values"),
    ],
    ids=["rubbish", "null", "no data", "list", "bomb", "many values"],
)
async def test_what_is_no_release_or_a_bomb_is_refused(data: Any, fault: type[KubeError], words: str) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.json_response({"kind": "Secret", "metadata": {}, "data": data})

    async with serving(handler) as api:
        with pytest.raises(fault, match=words):
            await releases.release(api.client(Effect.SENSITIVE), Target(SECRETS, "shop", "r"))
