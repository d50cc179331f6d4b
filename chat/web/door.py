"""What every page has in common: who may come in, and how a fault or a deed is answered."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from chat.errors import PortalError
from chat.models import Conversation
from chat.web.pages import faults

P = ParamSpec("P")


class SignedIn(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


View: TypeAlias = Callable[Concatenate[SignedIn, P], HttpResponseBase]


def page(*methods: str) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """A view for signed-in people; a PortalError becomes its sentence on a page, or alone for a script of the page."""

    def decorate(view: View[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: SignedIn, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except PortalError as fault:
                return faults.told(request, str(fault), fault.status)

        return never_cache(require_http_methods(methods)(login_required(guarded)))

    return decorate


def done(request: HttpRequest, to: str | Conversation) -> HttpResponse:
    """After a deed: back to a page for a form, nothing but the good news for a script of the page."""
    return HttpResponse(status=204) if by_script(request) else redirect(to)


def by_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def as_uuid(text: str) -> uuid.UUID | None:
    """None for what is not a uuid."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
