"""Addresses that are no resource: discovery, version and health."""

from tools.demo.api import Api
from tools.demo.authentication import User
from tools.demo.discovery import AGGREGATED
from tools.demo.errors import ApiError, Json
from tools.demo.http import Request, Response, json_response, text_response
from tools.demo.negotiation import accepted

HEALTH = ("/healthz", "/livez", "/readyz")
CHECKS = ("ping", "log", "etcd", "informer-sync")


def answer_path(api: Api, request: Request, user: User) -> Response:
    """The answer to a path outside the resources; plain text 404 for one the server does not know."""
    path = request.path.rstrip("/") or "/"
    found = _health(path) or _discovery(api, request, path) or _index(path)
    if found is None:
        return text_response("404 page not found\n", 404)
    if request.method not in ("GET", "HEAD"):
        raise ApiError(405, "the server does not allow this method on the requested resource", details={})
    return found


def _health(path: str) -> Response | None:
    root, _, check = path[1:].partition("/")
    if f"/{root}" not in HEALTH or (check and check not in CHECKS):
        return None
    return text_response("ok")


def _discovery(api: Api, request: Request, path: str) -> Response | None:
    discovery = api.discovery
    if path == "/version":
        return json_response(discovery.version())
    if path in ("/api", "/apis"):
        if _wants_aggregated(request):
            response = json_response(discovery.aggregated(core=path == "/api"))
            response.content_type = AGGREGATED
            return response
        return json_response(discovery.core(request.header("host")) if path == "/api" else discovery.groups())
    if path == "/openapi/v3":
        return json_response(api.openapi.index())
    parts = path.split("/")[1:]
    found: Json | None = None
    if parts[0] == "api" and len(parts) == 2:
        found = discovery.resources(parts[1])
    elif parts[0] == "apis" and len(parts) in (2, 3):
        found = discovery.group(parts[1]) if len(parts) == 2 else discovery.resources(f"{parts[1]}/{parts[2]}")
    elif parts[:2] == ["openapi", "v3"]:
        found = api.openapi.document("/".join(parts[2:]))
    return json_response(found) if found else None


def _wants_aggregated(request: Request) -> bool:
    for media_type, parameters in accepted(request):
        if media_type in ("application/json", "*/*"):
            return parameters.get("as") == "APIGroupDiscoveryList" and parameters.get("v") == "v2"
    return False


def _index(path: str) -> Response | None:
    if path != "/":
        return None
    return json_response({"paths": ["/api", "/api/v1", "/apis", *HEALTH, "/version"]})
