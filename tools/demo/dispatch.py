"""From a resource request to the function that answers it."""

from collections.abc import Callable

from tools.demo.api import Api, Call
from tools.demo.changing import create, patch, remove, remove_collection, replace
from tools.demo.errors import ApiError
from tools.demo.http import Response, text_response
from tools.demo.kinds import Kind
from tools.demo.negotiation import negotiate
from tools.demo.reading import DEPRECATED, list_objects, read, watch_objects
from tools.demo.reviews import REVIEWS, review
from tools.demo.subresources import answer_subresource

Handler = Callable[[Api, Call, Kind], Response]
HANDLERS: dict[str, Handler] = {
    "get": read,
    "list": list_objects,
    "watch": watch_objects,
    "create": create,
    "update": replace,
    "patch": patch,
    "delete": remove,
    "deletecollection": remove_collection,
}


def answer_resource(api: Api, call: Call) -> Response:
    """Answers an authorised request for a resource; 404 and 405 for what is not served."""
    target = call.target
    kind = api.kinds.find(target.group, target.version, target.plural)
    if kind is None:
        if target.group in api.kinds.groups:
            raise not_found()
        return text_response("404 page not found\n", 404)
    if target.namespace and not kind.namespaced and target.plural != "namespaces":
        raise not_found()
    _check_verb(call, kind)
    if target.subresource == "log":
        return answer_subresource(api, call, kind)
    call.form = negotiate(call.request)
    if (target.group, target.plural) in DEPRECATED:
        call.warnings.append(DEPRECATED[target.group, target.plural])
    if target.subresource:
        return answer_subresource(api, call, kind)
    if kind.plural in REVIEWS:
        return review(api, call, kind)
    return HANDLERS[target.verb](api, call, kind)


def _check_verb(call: Call, kind: Kind) -> None:
    """404 for a subresource the kind does not have, 405 for a verb or a place it does not take."""
    target = call.target
    verbs = kind.verbs
    if target.subresource:
        if target.subresource not in kind.subresources:
            raise not_found()
        verbs = kind.subresources[target.subresource].verbs
    everywhere = kind.namespaced and not target.namespace
    if everywhere and target.name and target.verb != "watch":
        raise not_found()
    named = target.verb == "create" and bool(target.name) and not target.subresource
    unnamed = target.verb in ("update", "patch", "delete") and not target.name
    if target.verb not in verbs or named or unnamed or call.request.method == "HEAD":
        raise not_allowed()
    if everywhere and target.verb in ("create", "deletecollection"):
        raise not_allowed()


def not_found() -> ApiError:
    return ApiError(404, "the server could not find the requested resource", details={})


def not_allowed() -> ApiError:
    return ApiError(405, "the server does not allow this method on the requested resource", details={})
