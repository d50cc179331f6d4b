"""From a resource request to the function that answers it."""

from collections.abc import Callable

from tools.demo.api import Api, Call
from tools.demo.errors import ApiError
from tools.demo.http import Response, text_response
from tools.demo.kinds import Kind
from tools.demo.negotiation import negotiate
from tools.demo.reading import DEPRECATED, list_objects, read, watch_objects

Handler = Callable[[Api, Call, Kind], Response]
HANDLERS: dict[str, Handler] = {"get": read, "list": list_objects, "watch": watch_objects}


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
    if target.verb not in kind.verbs or call.request.method == "HEAD":
        raise not_allowed()
    if kind.namespaced and target.name and not target.namespace and target.verb != "watch":
        raise not_found()
    call.form = negotiate(call.request)
    if (target.group, target.plural) in DEPRECATED:
        call.warnings.append(DEPRECATED[target.group, target.plural])
    return HANDLERS[target.verb](api, call, kind)


def not_found() -> ApiError:
    return ApiError(404, "the server could not find the requested resource", details={})


def not_allowed() -> ApiError:
    return ApiError(405, "the server does not allow this method on the requested resource", details={})
