"""Tells the audit that a request came through the browser's door, and who is behind it; the REST door says so anew."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase

from chat.audit import door


class Entrance:
    """Middleware, after the one that knows the person. They are looked up only when a row is written."""

    async_capable = sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._next = get_response
        self._waits = iscoroutinefunction(get_response)
        if self._waits:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._waits:
            return self._later(request)
        with door.through("browser", lambda: _name(request)):
            response: HttpResponseBase = self._next(request)
            return response

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        with door.through("browser", lambda: _name(request)):
            response: HttpResponseBase = await self._next(request)
            return response


def _name(request: HttpRequest) -> str:
    return request.user.get_username() if isinstance(request.user, User) else ""
