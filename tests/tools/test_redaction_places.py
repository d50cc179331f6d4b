"""Where secrets sit in objects and texts, place by place and shape by shape."""

import json
from typing import Any

import pytest

from tools import redaction
from tools.redaction.forms import forms_of, unpacked, worth
from tools.redaction.known import Index

VALUE = "q7Zx81kq02LmW9vB4tRy"


@pytest.mark.parametrize(
    "node",
    [
        {"kind": "Weird", "apiVersion": "x/v1", "wrapped": [{"object": {"kind": "Secret", "data": {"a": VALUE}}}]},
        {"kind": "Table", "rows": [{"cells": ["s"], "object": {"kind": "secret", "stringData": {"a": VALUE}}}]},
        {"items": [{"metadata": {"name": "s"}, "type": "Opaque", "data": {"a": VALUE}}]},
        {"items": [{"metadata": {"name": "s"}, "type": "kubernetes.io/tls", "data": {"tls.key": VALUE}}]},
        {"kind": "TokenRequest", "status": {"token": VALUE}},
        {"kind": "TokenReview", "spec": {"token": VALUE}},
        {"kind": "ConfigMap", "data": {"password": VALUE, "mode": "fast"}},
        {"kind": "ConfigMap", "data": {"kubeconfig": f"users:\n- user:\n    client-key-data: {VALUE}\n"}},
        {"kind": "ConfigMap", "data": {"release": "H4sI" + VALUE * 20}},
        {"kind": "ConfigMap", "data": {".dockerconfigjson": json.dumps({"auths": {"r": {"auth": VALUE}}})}},
        {"kind": "ConfigMap", "data": {"config.json": json.dumps({"auths": {"r": {"auth": VALUE}}})}},
        {"kind": "Database", "spec": {"adminPassword": VALUE}, "status": {"connection": {"apiKey": VALUE}}},
        {"env": [{"name": "SOMETHING", "value": VALUE}]},
        {"metadata": {"annotations": {"example.com/last-applied-configuration": VALUE}}},
        {"metadata": {"annotations": {"x": f"url is https://bob:{VALUE}@git.example.com/x"}}},
    ],
)
def test_a_value_is_found_by_its_place(node: Any) -> None:
    assert VALUE not in json.dumps(redaction.data(node))


@pytest.mark.parametrize(
    "node",
    [
        {"kind": "SealedSecret", "spec": {"encryptedData": {"password": "AgBy8hCiSealedForTheClusterOnly1234"}}},
        {"kind": "ExternalSecret", "spec": {"data": [{"secretKey": "password", "remoteRef": {"key": "prod/db"}}]}},
        {
            "kind": "Pod",
            "spec": {"volumes": [{"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]},
        },
        {"kind": "Certificate", "spec": {"privateKey": {"algorithm": "ECDSA"}, "secretName": "web-tls"}},
        {"kind": "Webhook", "webhooks": [{"clientConfig": {"caBundle": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="}}]},
        {"env": [{"name": "GIT_SHA", "value": "3f9a1cE4b7d2F8a90c5e6B1d4f7a2c8e9b0d3f6a"}]},
    ],
)
def test_what_is_no_secret_keeps_its_place(node: Any) -> None:
    assert redaction.data(node) == node


@pytest.mark.parametrize(
    "words",
    [
        f"Authorization: token {VALUE}",
        f"Cookie: sessionid={VALUE}; theme=dark",
        f"mysql --password {VALUE} shop",
        f'{{\\"apiKey\\": \\"{VALUE}\\"}}',
        f"AccountKey={VALUE}==;EndpointSuffix=core",
        f"sig={VALUE}%3D&se=2026",
        f"npm_{VALUE}{VALUE}",
        f"sk-ant-api03-{VALUE}-{VALUE}",
        f"glpat-{VALUE}",
        f"_authToken={VALUE}",
        f"$2b$12${VALUE}{VALUE}",
        f"kind: Secret\nmetadata:\n  name: s\ndata:\n  anything: {VALUE}\n",
        f"apiVersion: v1\ndata:\n  anything: {VALUE}\nkind: Secret\n",
        f'{{"kind":"Secret","data":{{"anything":"{VALUE}"}}}}',
        json.dumps(f'{{"kind":"Secret","data":{{"anything":"{VALUE}"}}}}'),
        f'"private_key": "-----BEGIN PRIVATE KEY-----\\n{VALUE}\\n-----END PRIVATE KEY-----\\n"',
    ],
)
def test_a_value_is_found_by_its_shape(words: str) -> None:
    assert VALUE not in redaction.text(words)


def test_of_a_secret_written_out_only_its_data_are_masked() -> None:
    secret = {"kind": "Secret", "metadata": {"name": "s", "uid": "97841a76"}, "data": {"anything": VALUE}}
    assert json.loads(redaction.text(json.dumps(secret, indent=2))) == secret | {"data": {"anything": "<redacted>"}}


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("password", "swordfish", True),
        ("password", "changeme", False),
        ("username", "postgres15", False),
        ("ca.crt", "-----BEGIN CERTIFICATE-----\nMIIB", False),
        ("anything", VALUE, True),
        ("anything", "checkout.shop.svc:8080", False),
        ("pin", "1234", False),
    ],
)
def test_only_what_can_be_a_secret_is_remembered(key: str, value: str, kept: bool) -> None:
    """Or every answer would lose its ordinary words."""
    assert worth(key, value) is kept


def test_what_is_kept_of_a_value_is_enough_to_find_it_and_not_to_read_it() -> None:
    index = Index(b"k" * 32)
    forms = forms_of("correct horse 7 battery " + VALUE, index.mac)
    assert unpacked(forms.packed()) == forms
    assert VALUE.encode() not in forms.packed()
    other = Index(b"k" * 32)
    other.take(b"name", unpacked(forms.packed()))
    assert other.spans(f"it is {VALUE}.")
    assert Index(b"x" * 32).mac(VALUE) != index.mac(VALUE)
