"""Who may come in over REST, and how every fault is answered: {"error": {"code", "message"}}."""

import logging
import math
from typing import Annotated, Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from ninja import Field, NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from chat import standing
from chat.actions import messages
from chat.audit import door as audited
from chat.errors import NotAllowed, PortalError, TooMany, Unavailable
from chat.models.access_token import Scope
from chat.standing import Person
from tools.kube.errors import KubeError
from tools.registry import UnknownTool
from tools.toolbox import BadArguments

log = logging.getLogger(__name__)


CommandId = Annotated[str, Field(max_length=64)]  # the client's own; the same again has no second effect


class Repeatable(Schema):
    """The body, or query, of a command that needs to say nothing else."""

    id: CommandId = ""


class _Csrf(CsrfViewMiddleware):
    """Django's own check; a failure is a reason, not a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(reason, status=403)


def _lacks_csrf(request: HttpRequest) -> bool:
    check = _Csrf(lambda _: HttpResponse())
    check.process_request(request)
    return check.process_view(request, lambda _: HttpResponse(), (), {}) is not None


class _Door:
    """A bearer token; else the session cookie, with the CSRF token on every unsafe verb."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_name = "Access token"

    def _by_token(self, request: HttpRequest, token: str) -> Person | None:
        return standing.requesting(token, request.META.get("REMOTE_ADDR", ""))

    def _by_session(self, request: HttpRequest, user: Any) -> Person | None:
        if not isinstance(user, User):
            return None
        if _lacks_csrf(request):
            raise NotAllowed("The CSRF token is missing or old: reload the page, or use an access token.", code="csrf")
        return standing.in_pace(Person(user, Scope.ADMIN.value, session_key=str(request.session.session_key)))


class SignedIn(_Door):
    def __call__(self, request: HttpRequest) -> Person | None:
        token = standing.bearer(request.headers.get("Authorization", ""))
        return self._by_token(request, token) if token is not None else self._by_session(request, request.user)


class SignedInAsync(_Door):
    """The same for asynchronous operations: the database is asked off the event loop."""

    async def __call__(self, request: HttpRequest) -> Person | None:
        token = standing.bearer(request.headers.get("Authorization", ""))
        if token is not None:
            return await database_sync_to_async(self._by_token)(request, token)
        return self._by_session(request, await request.auser())


signed_in, signed_in_async = SignedIn(), SignedInAsync()


def caller(request: HttpRequest, needed: Scope = Scope.READ) -> User:
    """The person behind the request, when their token allows `needed`."""
    found = signed_in_person(request)
    if not found.allows(needed):
        raise NotAllowed(f"The access token does not allow this: it needs the scope {needed.value!r}.", code="scope")
    audited.enter("rest", found.user.get_username)
    return found.user


def signed_in_person(request: HttpRequest) -> Person:
    person: Person = request.auth  # type: ignore[attr-defined]
    return person


def way(request: HttpRequest) -> messages.Way:
    """How a message came that is sent over REST."""
    return messages.Way("rest", token=signed_in_person(request).token)


# ---- faults ------------------------------------------------------------------------------------------------------


def answer_faults(api: NinjaAPI) -> None:
    """Every fault leaves as one shape. The broad one is this door's outermost error map."""

    def tell(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
        response = api.create_response(request, {"error": {"code": code, "message": message}}, status=status)
        if status == 401:
            response["WWW-Authenticate"] = "Bearer"
        if status in (429, 503):
            response["Retry-After"] = "5"
        return response

    def portal(request: HttpRequest, fault: PortalError) -> HttpResponse:
        response = tell(request, fault.status, fault.code, str(fault))
        if isinstance(fault, TooMany):
            response["Retry-After"] = str(math.ceil(fault.after))
        return response

    def unexpected(request: HttpRequest, fault: Any) -> HttpResponse:
        log.error("%s %s failed.", request.method, request.path, exc_info=fault)
        return tell(request, 500, "internal", "Something went wrong inside the portal. It is in the server's log.")

    def away(request: HttpRequest, fault: Any) -> HttpResponse:
        log.warning("%s %s: the database does not answer (%s).", request.method, request.path, type(fault).__name__)
        return tell(request, 503, Unavailable.code, "The portal's database does not answer. Try again in a moment.")

    def invalid(request: HttpRequest, fault: ValidationError) -> HttpResponse:
        first = fault.errors[0]
        field = ".".join(str(part) for part in first["loc"][2:]) or str(first["loc"][-1])
        message = str(first["msg"]).removeprefix("Value error, ")
        return tell(request, 422, "bad_input", f"The field `{field}` does not fit: {message[:1].lower()}{message[1:]}.")

    def http(request: HttpRequest, fault: HttpError) -> HttpResponse:
        return tell(request, fault.status_code, "bad_request", str(fault.message))

    api.add_exception_handler(PortalError, portal)  # type: ignore[arg-type]
    api.add_exception_handler(ValidationError, invalid)  # type: ignore[arg-type]
    api.add_exception_handler(HttpError, http)  # type: ignore[arg-type]
    api.add_exception_handler(
        AuthenticationError,
        lambda request, _: tell(request, 401, "not_signed_in", "Sign in, or send a valid access token as a bearer."),
    )
    api.add_exception_handler(
        Http404, lambda request, _: tell(request, 404, "not_found", "There is nothing under this address.")
    )
    api.add_exception_handler(UnknownTool, lambda request, fault: tell(request, 404, "unknown_tool", str(fault)))
    api.add_exception_handler(BadArguments, lambda request, fault: tell(request, 422, "bad_arguments", str(fault)))
    api.add_exception_handler(KubeError, lambda request, fault: tell(request, 422, "cluster_error", str(fault)))
    api.add_exception_handler(
        RequestDataTooBig,
        lambda request, _: tell(request, 413, "too_large", "The body is larger than the portal takes."),
    )
    api.add_exception_handler(OperationalError, away)
    api.add_exception_handler(InterfaceError, away)
    api.add_exception_handler(Exception, unexpected)
