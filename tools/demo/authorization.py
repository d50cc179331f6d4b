"""Who may do what: RBAC, decided from the Role, ClusterRole and binding objects in the store."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.demo.authentication import User
from tools.demo.errors import ApiError, Forbidden, Json
from tools.demo.selectors import from_object
from tools.demo.store import Resource, Store

RBAC = "rbac.authorization.k8s.io"
ROLES, ROLE_BINDINGS = Resource(RBAC, "roles"), Resource(RBAC, "rolebindings")
CLUSTER_ROLES, CLUSTER_BINDINGS = Resource(RBAC, "clusterroles"), Resource(RBAC, "clusterrolebindings")
MASTERS = "system:masters"


@dataclass(frozen=True)
class Wish:
    """What somebody wants to do, as an access review describes it; `path` is set for what is no resource."""

    verb: str
    group: str = ""
    plural: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def resource(self) -> str:
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


@dataclass(frozen=True)
class Verdict:
    """Allowed or not, with RBAC's reason."""

    allowed: bool
    reason: str = ""


@dataclass(frozen=True)
class Grant:
    """A binding that names the user, with the rules it brings."""

    rules: list[Json]
    binding: str
    role: str
    subject: str


class Authorizer:
    """RBAC as the API server decides it: any rule that fits allows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def decide(self, user: User, wish: Wish) -> Verdict:
        if MASTERS in user.groups:
            return Verdict(True)
        for grant in self.grants(user, wish.namespace):
            if any(rule_allows(rule, wish) for rule in grant.rules):
                reason = f"RBAC: allowed by {grant.binding} of {grant.role} to {grant.subject}"
                return Verdict(True, reason)
        return Verdict(False)

    def check(self, user: User, wish: Wish) -> None:
        """Forbidden, in the server's words, when the wish is not allowed."""
        if not self.decide(user, wish).allowed:
            raise refusal(user, wish)

    def rules(self, user: User, namespace: str) -> list[Json]:
        """Every rule that holds for the user in that namespace."""
        return [rule for grant in self.grants(user, namespace) for rule in grant.rules]

    def grants(self, user: User, namespace: str) -> Iterator[Grant]:
        for binding in self._store.list(CLUSTER_BINDINGS):
            subject = _subject_for(user, binding, "")
            if subject:
                yield self._grant(binding, "", subject)
        if namespace:
            for binding in self._store.list(ROLE_BINDINGS, namespace):
                subject = _subject_for(user, binding, namespace)
                if subject:
                    yield self._grant(binding, namespace, subject)

    def role_rules(self, reference: Json, namespace: str) -> list[Json]:
        """The rules behind a roleRef; none when the role is missing."""
        clusterwide = reference["kind"] == "ClusterRole"
        resource = CLUSTER_ROLES if clusterwide else ROLES
        role = self._store.get(resource, "" if clusterwide else namespace, reference["name"])
        if role is None:
            return []
        aggregated = (role.get("aggregationRule") or {}).get("clusterRoleSelectors")
        return self._aggregated(role, aggregated) if aggregated else role.get("rules") or []

    def _aggregated(self, role: Json, selectors: list[Json]) -> list[Json]:
        """An aggregated role has the rules of every ClusterRole its selectors match, beside those written into it."""
        found = list(role.get("rules") or [])
        for selector in selectors:
            wanted = from_object(selector)
            for other in self._store.list(CLUSTER_ROLES):
                if wanted and other is not role and wanted.matches(other["metadata"].get("labels")):
                    found += [rule for rule in other.get("rules") or [] if rule not in found]
        return found

    def _grant(self, binding: Json, namespace: str, subject: str) -> Grant:
        reference, name = binding["roleRef"], binding["metadata"]["name"]
        rules = self.role_rules(reference, namespace)
        kind = f'RoleBinding "{name}/{namespace}"' if namespace else f'ClusterRoleBinding "{name}"'
        return Grant(rules, kind, f'{reference["kind"]} "{reference["name"]}"', subject)


def _subject_for(user: User, binding: Json, namespace: str) -> str:
    """The first subject of the binding that is this user, as RBAC names it, "" if none is."""
    for subject in binding.get("subjects") or []:
        kind, name = subject["kind"], subject["name"]
        if (kind == "User" and name == user.name) or (kind == "Group" and name in user.groups):
            return f'{kind} "{name}"'
        if kind == "ServiceAccount":
            home = subject.get("namespace") or namespace
            if user.name == f"system:serviceaccount:{home}:{name}":
                return f'{kind} "{name}/{home}"'
    return ""


def rule_allows(rule: Json, wish: Wish) -> bool:
    """True when one PolicyRule covers the wish."""
    if not _has(rule.get("verbs"), wish.verb):
        return False
    if wish.path:
        return any(_path_fits(pattern, wish.path) for pattern in rule.get("nonResourceURLs") or [])
    names = rule.get("resourceNames") or []
    return (
        _has(rule.get("apiGroups"), wish.group)
        and _resource_fits(rule.get("resources") or [], wish)
        and (not names or wish.name in names)
    )


def _has(allowed: list[str] | None, word: str) -> bool:
    return bool(allowed) and ("*" in (allowed or ()) or word in (allowed or ()))


def _resource_fits(resources: list[str], wish: Wish) -> bool:
    return (
        "*" in resources
        or wish.resource in resources
        or (bool(wish.subresource) and f"*/{wish.subresource}" in resources)
    )


def _path_fits(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1]))


def refusal(user: User, wish: Wish) -> ApiError:
    """The 403 for a wish RBAC does not grant."""
    if wish.path:
        return ApiError(403, f'forbidden: User "{user.name}" cannot {wish.verb} path "{wish.path}"', details={})
    where = f'in the namespace "{wish.namespace}"' if wish.namespace else "at the cluster scope"
    why = f'User "{user.name}" cannot {wish.verb} resource "{wish.resource}" in API group "{wish.group}" {where}'
    return Forbidden(wish.group, wish.plural, wish.name, why)
