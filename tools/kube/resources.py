"""Kinds, their addresses, and the names that may stand in them."""

import re
from dataclasses import dataclass

from tools.kube.errors import BadInput

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAMESPACE = re.compile(rf"{_LABEL}")
# Most kinds want DNS-1123 names; RBAC ones also allow ":" and capitals ("system:node", path segment names).
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:@-]*[A-Za-z0-9])?")
_NEW_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_CONTAINER = re.compile(rf"{_LABEL}")


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as this cluster serves it (discovery, `APIResource`). `group` is "" for the core group."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool
    verbs: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """As kubectl writes it: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def is_secret(self) -> bool:
        return not self.group and self.plural == "secrets"

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """Address on the API server. A namespace is ignored for cluster-scoped kinds; None: all namespaces."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", valid_namespace(namespace)]
        parts.append(self.plural)
        if name is not None:
            parts.append(valid_name(name))
        if subresource is not None:
            parts.append(subresource)
        return "/" + "/".join(parts)

    def place(self, namespace: str | None) -> str:
        """Where, in words: " in shop", " in all namespaces", or nothing for cluster-scoped kinds."""
        if not self.namespaced:
            return ""
        return f" in {namespace}" if namespace else " in all namespaces"


@dataclass(frozen=True, slots=True)
class Target:
    """One object: a kind, where, and its name."""

    resource: Resource
    namespace: str | None
    name: str

    def path(self, subresource: str | None = None) -> str:
        return self.resource.path(self.namespace, self.name, subresource)

    @property
    def words(self) -> str:
        """As people say it: `pod web-1 in shop`."""
        where = f" in {self.namespace}" if self.resource.namespaced and self.namespace else ""
        return f"{self.resource.singular} {self.name}{where}"


def valid_name(name: str) -> str:
    if len(name) > 253 or ".." in name or not _NAME.fullmatch(name):
        raise BadInput(f"{_shown(name)} is not a name an object can have: use letters, digits, '-' and '.'.")
    return name


def valid_namespace(name: str) -> str:
    if len(name) > 63 or not _NAMESPACE.fullmatch(name):
        raise BadInput(f"{_shown(name)} is not a name a namespace can have: lower-case letters, digits and '-' only.")
    return name


def valid_new_name(name: str) -> str:
    """Stricter than `valid_name`: what every kind accepts for a new object (DNS-1035 label)."""
    if len(name) > 63 or not _NEW_NAME.fullmatch(name):
        raise BadInput(
            f"{_shown(name)} cannot name a new object: use lower-case letters, digits and '-', a letter first."
        )
    return name


def valid_container(name: str) -> str:
    if len(name) > 63 or not _CONTAINER.fullmatch(name):
        raise BadInput(f"{_shown(name)} is not a name a container can have: lower-case letters, digits and '-' only.")
    return name


def _shown(name: str) -> str:
    printable = "".join(sign if sign.isprintable() else "?" for sign in name)
    return f'"{printable[:60]}…"' if len(printable) > 60 else f'"{printable}"'
