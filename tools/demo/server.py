"""The demo API server as an ASGI application: who asks, may they, what for, and every error as a Status."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from tools.demo.api import Api, Call, PodLogs
from tools.demo.authentication import User, authenticate
from tools.demo.authorization import MASTERS, Wish
from tools.demo.dispatch import answer_resource
from tools.demo.errors import ApiError
from tools.demo.http import Receive, Request, Response, Scope, Send, json_response, read_request, send_response
from tools.demo.impersonation import act_as
from tools.demo.public_paths import answer_path
from tools.demo.routing import resolve
from tools.demo.store import Store

logger = logging.getLogger(__name__)
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def create_app(store: Store, logs: PodLogs, users: Mapping[str, User] | None = None) -> Application:
    """An ASGI application over `store`; `users` maps bearer tokens to people (system:masters may do everything)."""
    api = Api.over(store, logs, users or {})

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await _serve(api, scope, receive, send)

    return application


async def _serve(api: Api, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        response = answer(api, await read_request(scope, receive))
    except ApiError as error:
        response = json_response(error.status(), error.code)
    await send_response(response, receive, send, scope["method"] == "HEAD")


def administrator(name: str = "admin") -> User:
    """A user RBAC never refuses."""
    return User(name, (MASTERS,))


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


def answer(api: Api, request: Request) -> Response:
    """The answer to any request; what nobody foresaw is a 500 Status and a line in the log."""
    try:
        return _answer(api, request)
    except ApiError as error:
        response = json_response(error.status(), error.code)
        response.headers += error.headers
        return response
    except Exception:
        logger.exception("The demo API server failed on %s %s", request.method, request.path)
        return json_response(ApiError(500, "Internal error occurred: the demo cluster has a defect").status(), 500)


def _answer(api: Api, request: Request) -> Response:
    watching = request.flag("watch") or request.query.get("watch") == [""]
    target = resolve(request.method, request.path, watching)
    user = act_as(api, request, target, authenticate(request, api.tokens))
    if not target.is_resource:
        api.authorizer.check(user, Wish(target.verb, path=target.path))
        return answer_path(api, request, user)
    wish = Wish(
        target.verb, target.group, target.plural, target.subresource, target.namespace, _name(request, target.name)
    )
    api.authorizer.check(user, wish)
    return answer_resource(api, Call(request, target, user, api))


def _name(request: Request, name: str) -> str:
    """A list narrowed to one name is judged as a wish for that name."""
    selector = request.param("fieldSelector")
    return selector.removeprefix("metadata.name=") if selector.startswith("metadata.name=") and not name else name
