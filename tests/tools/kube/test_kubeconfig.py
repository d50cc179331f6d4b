"""Kubeconfig files, good and bad."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.kube import kubeconfig
from tools.kube.errors import BadKubeconfig

PEM = "-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n"
ENCODED = base64.b64encode(PEM.encode()).decode()


def written(
    folder: Path, *, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None, **more: Any
) -> Path:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443"} | (cluster or {})}],
        "users": [{"name": "u", "user": {"token": "t"} if user is None else user}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
    } | more
    file = folder / "config"
    file.write_text(yaml.safe_dump(document))
    return file


def test_a_context_becomes_a_way_to_reach_a_cluster(tmp_path: Path) -> None:
    (access,) = kubeconfig.read(
        written(tmp_path, cluster={"certificate-authority-data": ENCODED, "tls-server-name": "k"})
    )
    assert (access.name, access.server, access.namespace) == ("prod", "https://10.0.0.1:6443", "shop")
    assert (access.token, access.ca_data, access.tls_server_name, access.identity) == ("t", PEM, "k", "u")
    assert access.insecure is False


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    for name in ("ca.crt", "me.crt", "me.key"):
        (tmp_path / name).write_text(PEM)
    file = written(
        tmp_path,
        cluster={"certificate-authority": "ca.crt"},
        user={"client-certificate": "me.crt", "client-key": str(tmp_path / "me.key"), "tokenFile": "token"},
    )
    (access,) = kubeconfig.read(file)
    assert access.ca_data == access.client_certificate == access.client_key == PEM
    assert access.token_file == str(tmp_path / "token")


def test_credentials_do_not_show_when_an_access_is_printed(tmp_path: Path) -> None:
    (access,) = kubeconfig.read(
        written(tmp_path, user={"token": "very-secret", "username": "u", "password": "also-secret"})
    )
    assert "secret" not in repr(access)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": {"exec": {"command": "aws"}}}, "never starts"),
        ({"user": {"auth-provider": {"name": "gcp"}}}, "never starts"),
        ({"user": {"token": 5}}, "token of user u should be text"),
        ({"user": {"client-certificate-data": ENCODED}}, "only one of client-certificate and client-key"),
        ({"user": {"client-certificate-data": "%%%", "client-key-data": ENCODED}}, "not base64"),
        ({"user": {"client-certificate": "gone.crt", "client-key": "gone.key"}}, "gone.crt, which cannot be read"),
        ({"cluster": {"server": ""}}, "server of cluster c is missing"),
        ({"cluster": {"server": "ftp://x"}}, "should be an address like"),
        ({"cluster": {"server": "https://user:pass@10.0.0.1"}}, "should be an address like"),
        ({"cluster": {"server": "https://10.0.0.1:99999"}}, "should be an address like"),
        ({"clusters": []}, 'cluster "c", but clusters has none'),
        ({"users": []}, 'user "u", but users has none'),
        ({"clusters": "c"}, "should be a list"),
        ({"contexts": [{"name": "prod"}]}, "cluster of context prod is missing"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_field(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    file = written(tmp_path, **changes)
    with pytest.raises(BadKubeconfig) as fault:
        kubeconfig.read(file)
    assert words in str(fault.value)
    assert str(file) in str(fault.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1", "not valid YAML in line"),
        (b"- 1", "not a kubeconfig"),
        (b"\x00\x01", "not valid YAML"),
        (b"", "not a kubeconfig"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "config"
    file.write_bytes(content)
    with pytest.raises(BadKubeconfig, match=words):
        kubeconfig.read(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match=r"nowhere cannot be read \(No such file"):
        kubeconfig.read(tmp_path / "nowhere")


def test_yaml_tags_run_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(BadKubeconfig, match="not valid YAML"):
        kubeconfig.read(file)


def test_inside_a_cluster_the_pods_account_is_used(tmp_path: Path) -> None:
    for name, text in (("token", "t"), ("ca.crt", PEM), ("namespace", "tools\n")):
        (tmp_path / name).write_text(text)
    access = kubeconfig.in_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}, tmp_path)
    assert access is not None
    assert (access.server, access.namespace, access.token_file) == (
        "https://[fd00::1]:443",
        "tools",
        str(tmp_path / "token"),
    )
    assert kubeconfig.in_cluster({}, tmp_path) is None
