"""From a path to what it asks for, as the API server's own request resolver reads it."""

from dataclasses import dataclass

VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Target:
    """What a request is about; for addresses that are no resource only `path` and `verb` count."""

    path: str
    verb: str
    is_resource: bool = False
    group: str = ""
    version: str = ""
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""
    rest: tuple[str, ...] = ()


def resolve(method: str, path: str, watching: bool = False) -> Target:
    """Splits `/apis/apps/v1/namespaces/n/deployments/d/scale` and its kin; HTTP methods become API verbs.

    `watching`: the query asks for a watch, which only counts on a collection. `/api/v1/watch/...` paths watch too.
    """
    parts = path.strip("/").split("/")
    prefix = 2 if parts[0] == "api" else 3
    if parts[0] not in ("api", "apis") or len(parts) <= prefix:
        return Target(path, method.lower())
    group, version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2])
    verb = VERBS.get(method, method.lower())
    parts = parts[prefix:]
    if parts[0] == "watch" and len(parts) > 1:
        watching, verb, parts = True, "watch", parts[1:]
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 1:
        namespace = parts[1]
        if len(parts) > 2 and parts[2] not in ("status", "finalize"):
            parts = parts[2:]
    plural, name, subresource, *rest = [*parts, "", ""] if len(parts) < 3 else parts
    if not name:
        verb = {"get": "watch" if watching else "list", "delete": "deletecollection"}.get(verb, verb)
    rest = [part for part in rest if part]
    return Target(path, verb, True, group, version, namespace, plural, name, subresource, tuple(rest))
