"""What is secret does not come through, and what is not does."""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import redaction
from tools.redaction.structure import size

VALUE = "correct-horse-battery"
ENCODED = base64.b64encode(VALUE.encode()).decode()
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque", "data": {"key": ENCODED}}


def test_a_secret_shows_keys_and_sizes() -> None:
    assert redaction.without_secrets(SECRET)["data"] == {"key": size(VALUE)}
    assert re.fullmatch(rf"<{len(VALUE)} bytes, fingerprint [0-9a-f]{{6}}>", size(VALUE))
    assert redaction.without_secrets(SECRET)["type"] == "Opaque"


@given(
    st.recursive(
        st.just(SECRET),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
        max_leaves=4,
    )
)
def test_a_secret_at_any_depth_is_found(wrapped: Any) -> None:
    assert ENCODED not in json.dumps(redaction.without_secrets(wrapped))


@pytest.mark.parametrize(
    "wrapped",
    [
        {"kind": "List", "items": [SECRET]},
        {"kind": "SecretList", "apiVersion": "v1", "items": [{"metadata": {}, "data": {"key": ENCODED}}]},
        {"kind": "Secret", "stringData": {"key": VALUE}},
        {"kind": "Secret", "data": ENCODED},
        {"kind": "Secret", "data": {"key": {"deep": VALUE}}},
        {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(SECRET)}}},
        {"metadata": {"managedFields": [{"fieldsV1": {"f:data": {ENCODED: {}}}}]}},
        {"spec": {"containers": [{"env": [{"name": "DB_PASSWORD", "value": VALUE}]}]}},
        {"env": [{"name": "API_TOKEN", "value": VALUE}, {"name": "clientSecret", "value": VALUE}]},
    ],
)
def test_the_value_is_nowhere_in_what_is_left(wrapped: Any) -> None:
    left = json.dumps(redaction.without_secrets(wrapped))
    assert VALUE not in left
    assert ENCODED not in left


def test_cleaning_twice_changes_nothing_more() -> None:
    once = redaction.without_secrets(SECRET)
    assert redaction.without_secrets(once) == once


@pytest.mark.parametrize(
    "node",
    [
        {"kind": "ConfigMap", "data": {"mode": "fast"}},
        {"kind": "ExternalSecret", "spec": {"data": [{"secretKey": "k"}]}},
        {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]},
        {"env": [{"name": "DB_PASSWORD", "value": "$(OTHER)"}, {"name": "LOG_LEVEL", "value": "debug"}]},
        {"volumes": [{"secret": {"secretName": "tls"}}], "automountServiceAccountToken": False},
    ],
)
def test_what_only_sounds_secret_stays(node: Any) -> None:
    assert redaction.without_secrets(node) == node


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer <redacted>"),
        ("at postgres://app:hunter2@db:5432/shop", "at postgres://app:<redacted>@db:5432/shop"),
        ("https://:tok3n-value@host/x", "https://:<redacted>@host/x"),
        ("DB_PASSWORD=hunter2 next", "DB_PASSWORD=<redacted> next"),
        ('{"password":"hunter2","user":"bob"}', '{"password":"<redacted>","user":"bob"}'),
        ("api_key: abc123", "api_key: <redacted>"),
        ("token=abcdef123456&x=1", "token=<redacted>&x=1"),
        ("key AKIAIOSFODNN7EXAMPLE", "key <redacted access key>"),
        ("ghp_" + "a" * 36, "<redacted token>"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl.", "<redacted token>."),
        (
            "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nxyz\n-----END RSA PRIVATE KEY-----\nb",
            "a\n<redacted private key>\nb",
        ),
        ("-----BEGIN PRIVATE KEY-----\ncut in the mid", "<redacted private key>"),
    ],
)
def test_common_shapes_of_credentials_are_masked_in_text(words: str, left: str) -> None:
    assert redaction.text(words) == left


@pytest.mark.parametrize(
    "words",
    [
        "secretName: my-tls",
        "secret:\n  secretName: my-tls",
        "automountServiceAccountToken: false",
        "- name: DB_PASSWORD\n  value: <7 bytes>",
        "password: <14 bytes>",
        "http://checkout.shop:8080/health",
        "image: registry.example.com:5000/shop/token-service:1.2@sha256:abc",
        'environment variable "DB_PASSWORD" is not set',
        "2026-11-22T10:00:00Z GET /a:b@c 200",
    ],
)
def test_ordinary_words_are_left_alone(words: str) -> None:
    assert redaction.text(words) == words


def test_known_values_are_masked_wherever_they_turn_up() -> None:
    known = redaction.values_of([SECRET, {"kind": "Secret", "stringData": {"a": "open-sesame"}}])
    assert known == {VALUE, ENCODED, "open-sesame", base64.b64encode(b"open-sesame").decode()}
    assert redaction.text(f"Invalid value: {VALUE}!", known) == "Invalid value: <redacted>!"
    assert redaction.data({"message": f"x {ENCODED}", "n": 1}, known) == {"message": "x <redacted>", "n": 1}


def test_arguments_of_a_call_are_shown_without_the_values_of_secrets_in_them() -> None:
    manifest = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  user: bob-the-builder\n"
        "  key: |\n    first line of it\n    second line of it\n"
    )
    shown = redaction.arguments({"manifest": manifest, "namespace": "shop", "force": True})
    assert shown["namespace"] == "shop"
    assert "kind: Secret" in shown["manifest"]
    assert not any(value in shown["manifest"] for value in ("bob-the-builder", "first line", "second line"))
    patched = redaction.arguments({"kind": "secret", "name": "s", "patch": {"stringData": {"user": "bob"}}})
    assert patched == {"kind": "secret", "name": "s", "patch": {"stringData": {"user": "<3 bytes>"}}}
    harmless = {"manifest": "kind: ConfigMap\ndata: {mode: fast}", "kind": "pods", "patch": {"spec": {"a": 1}}}
    assert redaction.arguments(harmless) == harmless


def test_a_manifest_that_cannot_be_read_is_shown_as_it_is_but_for_patterns() -> None:
    assert redaction.arguments({"manifest": "kind: Secret ["})["manifest"] == "kind: Secret ["


def test_short_values_are_not_masked_for_they_would_mask_half_of_every_text() -> None:
    assert redaction.values_of({"kind": "Secret", "stringData": {"a": "on"}}) == {"b24="} - {"b24="}
