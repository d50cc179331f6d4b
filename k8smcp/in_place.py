"""Django's middleware, run where the request is: on the event loop, without a thread for each step of each.

Django runs the steps of a middleware in a thread, since they may wait. These do not: they read cookies and write
headers. Where one may after all read or write the database (a session that has changed, messages to keep, the form of a
POST) it is still sent to the request's thread. A page took sixteen turns of the event loop for them, which is what it
waited for on a busy process.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

Begin = Callable[[HttpRequest], HttpResponseBase | None]
End = Callable[[HttpRequest, HttpResponseBase], HttpResponseBase]
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")  # methods that Django never looks into a form for


class InPlace(MiddlewareMixin):
    """To be named before the middleware itself."""

    def waits(self, request: HttpRequest) -> bool:
        """Whether what is left to do to the response may wait for something."""
        return False

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        begin: Begin = getattr(self, "process_request", _go_on)
        end: End = getattr(self, "process_response", _as_it_is)
        response = begin(request) or await self.get_response(request)  # type: ignore[misc]
        if self.waits(request):
            return await sync_to_async(end, thread_sensitive=True)(request, response)
        return end(request, response)


def _go_on(request: HttpRequest) -> None:
    return None


def _as_it_is(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    return response


class Security(InPlace, SecurityMiddleware):
    """Redirects to https, and the headers of settings SECURE_…"""


class Sessions(InPlace, SessionMiddleware):
    """A session is read when somebody asks what is in it, so in the thread of a view."""

    def waits(self, request: HttpRequest) -> bool:
        return bool(request.session.modified)


class Common(InPlace, CommonMiddleware):
    """Slashes at the end of addresses, and the length of an answer."""


class Csrf(InPlace, CsrfViewMiddleware):
    """The token against requests that another site makes a browser send."""

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        if self.async_mode:
            self.process_view = self._process_view_in_place  # type: ignore[method-assign, assignment]

    async def _process_view_in_place(self, request: HttpRequest, *rest: Any) -> HttpResponseBase | None:
        check = super().process_view
        if request.method in SAFE:
            return check(request, *rest)
        return await sync_to_async(check, thread_sensitive=True)(request, *rest)


class Authentication(InPlace, AuthenticationMiddleware):
    """The person is looked up when somebody asks who it is."""


class Messages(InPlace, MessageMiddleware):
    """Words for the next page, such as the admin's."""

    def waits(self, request: HttpRequest) -> bool:
        kept = getattr(request, "_messages", None)
        return kept is not None and (kept.used or kept.added_new)


class FrameOptions(InPlace, XFrameOptionsMiddleware):
    """No other site may show a page of the portal inside its own."""
