"""Reads a kubeconfig file strictly: each context becomes what it takes to reach one cluster as one identity.

Only static credentials are read: certificates, tokens, and files of both. Programs named in a kubeconfig (`exec`,
`auth-provider`) are never started: whoever may edit that file would run code in the portal.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tools.kube.errors import BadKubeconfig

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one cluster, as one identity. PEM texts are in memory; `token_file` is read for each request."""

    name: str
    server: str
    namespace: str = "default"
    ca_data: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    token_file: str = ""
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    tls_server_name: str = ""
    insecure: bool = False
    identity: str = ""


def read(file: Path) -> tuple[Access, ...]:
    """One Access per context, in the file's order. Raises BadKubeconfig."""
    return tuple(_access(file, document, name) for document, name in _contexts(file))


def read_context(file: Path, context: str) -> Access:
    for document, name in _contexts(file):
        if name == context:
            return _access(file, document, name)
    raise BadKubeconfig(f'{file} has no context "{context}" any more. Register the file again.')


def context_names(file: Path) -> tuple[str, ...]:
    """The contexts of a file, whether or not each can be used."""
    return tuple(name for _, name in _contexts(file))


def in_cluster(environment: Mapping[str, str], account: Path = _ACCOUNT) -> Access | None:
    """The service account of the pod we run in, or None outside a cluster."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT")
    token = account / "token"
    if not host or not port or not token.is_file():
        return None
    shown = f"[{host}]" if ":" in host else host
    namespace = account / "namespace"
    return Access(
        name="in-cluster",
        server=f"https://{shown}:{port}",
        namespace=namespace.read_text().strip() if namespace.is_file() else "default",
        ca_data=(account / "ca.crt").read_text(),
        token_file=str(token),
        identity="the portal's service account",
    )


# ---- the file ----------------------------------------------------------------------------------------------------


def _contexts(file: Path) -> list[tuple[dict[str, Any], str]]:
    document = _document(file)
    return [
        (document, _text(file, entry, "name", f"contexts[{n}]"))
        for n, entry in enumerate(_list(file, document, "contexts"))
    ]


def _document(file: Path) -> dict[str, Any]:
    try:
        raw = file.read_bytes()
    except OSError as fault:
        raise BadKubeconfig(f"{file} cannot be read ({fault.strerror}). Check the path and its permissions.") from None
    if len(raw) > _LARGEST:
        raise BadKubeconfig(f"{file} is larger than a kubeconfig can be (1 MiB).")
    try:
        document = yaml.safe_load(raw)
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        where = (
            f" in line {fault.problem_mark.line + 1}"
            if isinstance(fault, yaml.MarkedYAMLError) and fault.problem_mark
            else ""
        )
        raise BadKubeconfig(f"{file} is not valid YAML{where}.") from None
    if not isinstance(document, dict):
        raise BadKubeconfig(f"{file} is not a kubeconfig: it should hold clusters, users and contexts.")
    return document


def _access(file: Path, document: dict[str, Any], name: str) -> Access:
    context = _entry(file, document, "contexts", name, "context")
    cluster_name = _text(file, context, "cluster", f"context {name}")
    cluster = _entry(file, document, "clusters", cluster_name, "cluster")
    user_name = context.get("user") or ""
    user = _entry(file, document, "users", user_name, "user") if user_name else {}
    where = f"user {user_name}"
    _refuse_programs(file, user, where)
    certificate = _pem(file, user, "client-certificate", where)
    key = _pem(file, user, "client-key", where)
    if bool(certificate) != bool(key):
        raise BadKubeconfig(f"{file}: {where} has only one of client-certificate and client-key; both are needed.")
    token_file = _optional(file, user, "tokenFile", where)
    return Access(
        name=name,
        server=_server(file, cluster, f"cluster {cluster_name}"),
        namespace=_optional(file, context, "namespace", f"context {name}") or "default",
        ca_data=_pem(file, cluster, "certificate-authority", f"cluster {cluster_name}"),
        token="" if token_file else _optional(file, user, "token", where),
        token_file=str(_beside(file, token_file)) if token_file else "",
        client_certificate=certificate,
        client_key=key,
        username=_optional(file, user, "username", where),
        password=_optional(file, user, "password", where),
        tls_server_name=_optional(file, cluster, "tls-server-name", f"cluster {cluster_name}"),
        insecure=cluster.get("insecure-skip-tls-verify") is True,
        identity=str(user_name),
    )


def _refuse_programs(file: Path, user: dict[str, Any], where: str) -> None:
    for plugin in ("exec", "auth-provider"):
        if plugin in user:
            raise BadKubeconfig(
                f"{file}: {where} signs in with a program ({plugin}), which the portal never starts. "
                "Use a token, for example of a service account, or a client certificate."
            )


def _server(file: Path, cluster: dict[str, Any], where: str) -> str:
    server = _text(file, cluster, "server", where)
    try:
        parts = urlsplit(server)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        raise BadKubeconfig(f"{file}: server of {where} should be an address like https://10.0.0.1:6443.")
    return server.rstrip("/")


def _pem(file: Path, entry: dict[str, Any], key: str, where: str) -> str:
    """A certificate or key given inline (`<key>-data`, base64 of PEM) or as a file (`<key>`), as PEM text."""
    inline = _optional(file, entry, f"{key}-data", where)
    if inline:
        try:
            return base64.b64decode("".join(inline.split()), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            raise BadKubeconfig(f"{file}: {key}-data of {where} is not base64 of a PEM text.") from None
    path = _optional(file, entry, key, where)
    if not path:
        return ""
    try:
        return _beside(file, path).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        raise BadKubeconfig(f"{file}: {key} of {where} names {path}, which cannot be read.") from None


def _beside(file: Path, path: str) -> Path:
    """Relative paths are relative to the kubeconfig, as for kubectl."""
    return file.parent / Path(path).expanduser()


# ---- its fields --------------------------------------------------------------------------------------------------


def _list(file: Path, document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = document.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadKubeconfig(f"{file}: {key} should be a list of entries, each with a name.")
    return entries


def _entry(file: Path, document: dict[str, Any], section: str, name: Any, kind: str) -> dict[str, Any]:
    for entry in _list(file, document, section):
        if entry.get("name") == name:
            found = entry.get(kind) or {}
            if not isinstance(found, dict):
                raise BadKubeconfig(f"{file}: {kind} {name} should hold named fields.")
            return found
    raise BadKubeconfig(f'{file} speaks of {kind} "{name}", but {section} has none of that name.')


def _text(file: Path, entry: dict[str, Any], key: str, where: str) -> str:
    value = _optional(file, entry, key, where)
    if not value:
        raise BadKubeconfig(f"{file}: {key} of {where} is missing.")
    return value


def _optional(file: Path, entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadKubeconfig(f"{file}: {key} of {where} should be text, not {type(value).__name__}.")
    return value
