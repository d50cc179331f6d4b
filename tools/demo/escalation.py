"""Nobody grants rights they do not have: roles and bindings are held against the writer's own rules."""

from collections.abc import Iterator
from itertools import product

from tools.demo.authentication import User
from tools.demo.authorization import MASTERS, RBAC, Authorizer, Wish, rule_allows
from tools.demo.errors import Forbidden, Json
from tools.demo.kinds import Kind

ROLE_KINDS = ("roles", "clusterroles")
BINDING_KINDS = ("rolebindings", "clusterrolebindings")


def check_escalation(authorizer: Authorizer, user: User, kind: Kind, obj: Json) -> None:
    """Forbidden when a role, or the role bound, allows what its writer may not do; escalate and bind excuse it."""
    if kind.group != RBAC or MASTERS in user.groups:
        return
    namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"].get("name", "")
    if kind.plural in ROLE_KINDS:
        granted = obj.get("rules") or []
        excuse = Wish("escalate", RBAC, kind.plural, "", namespace, name)
    else:
        reference = obj.get("roleRef") or {}
        granted = authorizer.role_rules(reference, namespace) if reference.get("name") else []
        role_kind = "clusterroles" if reference.get("kind") == "ClusterRole" else "roles"
        excuse = Wish("bind", RBAC, role_kind, "", namespace, reference.get("name", ""))
    if authorizer.decide(user, excuse).allowed:
        return
    held = authorizer.rules(user, namespace)
    missing = sorted(set(_missing(granted, held)))
    if missing:
        groups = " ".join(f'"{group}"' for group in user.groups)
        lines = "\n".join(missing)
        who = f'user "{user.name}" (groups=[{groups}])'
        why = f"{who} is attempting to grant RBAC permissions not currently held:\n{lines}"
        raise Forbidden(kind.group, kind.plural, name, why)


def _missing(granted: list[Json], held: list[Json]) -> Iterator[str]:
    """One line for each resource or path with the verbs the holder lacks."""
    for rule in granted:
        resources = product(rule.get("apiGroups") or [], rule.get("resources") or [], rule.get("resourceNames") or [""])
        for group, resource, name in resources:
            plural, _, subresource = resource.partition("/")
            verbs = _lacking([Wish(verb, group, plural, subresource, "", name) for verb in rule["verbs"]], held)
            if verbs:
                names = f", ResourceNames:{_listed([name])}" if name else ""
                what = f"APIGroups:{_listed([group])}, Resources:{_listed([resource])}{names}"
                yield f"{{{what}, Verbs:{_listed(verbs)}}}"
        for path in rule.get("nonResourceURLs") or []:
            verbs = _lacking([Wish(verb, path=path) for verb in rule["verbs"]], held)
            if verbs:
                yield f"{{NonResourceURLs:{_listed([path])}, Verbs:{_listed(verbs)}}}"


def _lacking(wishes: list[Wish], held: list[Json]) -> list[str]:
    return [wish.verb for wish in wishes if not any(rule_allows(rule, wish) for rule in held)]


def _listed(words: list[str]) -> str:
    quoted = " ".join(f'"{word}"' for word in words)
    return f"[{quoted}]"
