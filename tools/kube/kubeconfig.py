"""Reads a kubeconfig file strictly: each context becomes what it takes to reach one cluster as one identity.

Only static credentials are read: certificates, tokens, and files of both. Programs named in a kubeconfig (`exec`,
`auth-provider`) are never started: whoever may edit that file would run code in the portal. What else a kubeconfig may
ask for depends on where it came from (`tools.kube.strictness`).
"""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tools.kube import strictness
from tools.kube.access import Access as Access
from tools.kube.errors import BadKubeconfig
from tools.kube.strictness import Rules

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_OWN = strictness.for_own_files(frozenset())
_UPLOAD = Path("The kubeconfig")  # how a text without a file is called


def read(file: Path, rules: Rules = _OWN) -> tuple[Access, ...]:
    """One Access per context, in the file's order. Raises BadKubeconfig."""
    document = _document(file, _content(file, rules), rules)
    return tuple(_access(file, document, name, rules) for name in _contexts(file, document))


def read_context(file: Path, context: str, rules: Rules = _OWN) -> Access:
    document = _document(file, _content(file, rules), rules)
    if context not in _contexts(file, document):
        raise BadKubeconfig(f'{file} has no context "{context}" any more. Register the file again.')
    return _access(file, document, context, rules)


def read_text(text: str, context: str, rules: Rules) -> Access:
    """One context of a text that has no file; without a name its `current-context`, or the only one there is."""
    document = _document(_UPLOAD, text.encode(), rules)
    known = _contexts(_UPLOAD, document)
    wanted = context or _optional(_UPLOAD, document, "current-context", "the kubeconfig")
    if not wanted and len(known) == 1:
        wanted = known[0]
    if wanted not in known:
        names = ", ".join(known) or "none"
        raise BadKubeconfig(f"Say which context of the kubeconfig is meant; it has: {names}.")
    return _access(_UPLOAD, document, wanted, rules)


def context_names(file: Path) -> tuple[str, ...]:
    """The contexts of a file, whether or not each can be used."""
    return tuple(_contexts(file, _document(file, _content(file, _OWN), _OWN)))


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


def _contexts(file: Path, document: dict[str, Any]) -> list[str]:
    return [_text(file, entry, "name", f"contexts[{n}]") for n, entry in enumerate(_list(file, document, "contexts"))]


def _content(file: Path, rules: Rules) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(rules.largest + 1)
    except OSError as fault:
        raise BadKubeconfig(f"{file} cannot be read ({fault.strerror}). Check the path and its permissions.") from None


class _WithoutAliases(yaml.SafeLoader):
    """A few lines of aliases can stand for gigabytes, and no tool writes any."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise BadKubeconfig(f"{_UPLOAD} uses YAML aliases, which are not read. Write the values out.")
        return super().compose_node(parent, index)


def _document(file: Path, raw: bytes, rules: Rules) -> dict[str, Any]:
    if len(raw) > rules.largest:
        raise BadKubeconfig(f"{file} is larger than a kubeconfig can be ({rules.largest >> 10} KiB).")
    try:
        document = yaml.load(raw, Loader=yaml.SafeLoader if rules.aliases else _WithoutAliases)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as fault:
        where = (
            f" in line {fault.problem_mark.line + 1}"
            if isinstance(fault, yaml.MarkedYAMLError) and fault.problem_mark
            else ""
        )
        raise BadKubeconfig(f"{file} is not valid YAML{where}.") from None
    if not isinstance(document, dict):
        raise BadKubeconfig(f"{file} is not a kubeconfig: it should hold clusters, users and contexts.")
    return document


def _access(file: Path, document: dict[str, Any], name: str, rules: Rules) -> Access:
    context = _entry(file, document, "contexts", name, "context")
    cluster_name = _text(file, context, "cluster", f"context {name}")
    cluster = _entry(file, document, "clusters", cluster_name, "cluster")
    user_name = context.get("user") or ""
    user = _entry(file, document, "users", user_name, "user") if user_name else {}
    where, place = f"user {user_name}", f"cluster {cluster_name}"
    _refuse_programs(file, user, where)
    _refuse_others(file, user, where)
    questionable = _questionable(file, [(cluster, place), (user, where)], rules)
    certificate = _pem(file, user, "client-certificate", where)
    key = _pem(file, user, "client-key", where)
    if bool(certificate) != bool(key):
        raise BadKubeconfig(f"{file}: {where} has only one of client-certificate and client-key; both are needed.")
    token_file = _optional(file, user, "tokenFile", where)
    return Access(
        name=name,
        server=_server(file, cluster, place, rules),
        namespace=_optional(file, context, "namespace", f"context {name}") or "default",
        ca_data=_pem(file, cluster, "certificate-authority", place),
        token="" if token_file else _token(file, user, where),
        token_file=str(_beside(file, token_file)) if token_file else "",
        client_certificate=certificate,
        client_key=key,
        username=_optional(file, user, "username", where),
        password=_optional(file, user, "password", where),
        tls_server_name=_optional(file, cluster, "tls-server-name", place),
        insecure=cluster.get("insecure-skip-tls-verify") is True,
        identity=str(user_name),
        proxy=_optional(file, cluster, "proxy-url", place),
        guarded=not rules.anywhere,
        loopback=rules.loopback,
        questionable=questionable,
    )


_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def _questionable(file: Path, parts: list[tuple[dict[str, Any], str]], rules: Rules) -> tuple[str, ...]:
    """The dangerous fields that are there and allowed, each with its place. BadKubeconfig for one that is not."""
    found: list[str] = []
    for entry, where in parts:
        for key, allowed, word in [
            *((name, rules.files, "files") for name in _FILES),
            ("insecure-skip-tls-verify", rules.insecure, "insecure"),
            ("proxy-url", rules.proxy, "proxy-url"),
        ]:
            if not entry.get(key):
                continue
            if not allowed:
                raise BadKubeconfig(
                    f"{file}: {where} has {key}, which is not read here. Leave it out, or let an administrator start "
                    f"the portal with K8SMCP_KUBECONFIG_ALLOW={word}."
                )
            found.append(f"{key} of {where}")
    return tuple(found)


def _refuse_others(file: Path, user: dict[str, Any], where: str) -> None:
    """Whom a kubeconfig acts as is for the portal's own map to say."""
    for key in ("as", "as-groups", "as-uid", "as-user-extra"):
        if user.get(key):
            raise BadKubeconfig(
                f"{file}: {where} has {key}, which is not read: whom a person acts as is set on the cluster's page."
            )


def _token(file: Path, user: dict[str, Any], where: str) -> str:
    token = _optional(file, user, "token", where)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise BadKubeconfig(f"{file}: token of {where} holds signs that no token has.")
    return token


def _refuse_programs(file: Path, user: dict[str, Any], where: str) -> None:
    for plugin in ("exec", "auth-provider"):
        if plugin in user:
            raise BadKubeconfig(
                f"{file}: {where} signs in with a program ({plugin}), which the portal never starts. "
                "Use a token, for example of a service account, or a client certificate."
            )


def _server(file: Path, cluster: dict[str, Any], where: str, rules: Rules) -> str:
    server = _text(file, cluster, "server", where)
    try:
        parts = urlsplit(server)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        raise BadKubeconfig(f"{file}: server of {where} should be an address like https://10.0.0.1:6443.")
    strictness.check_server(server, rules, f"{file}: {where}")
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
