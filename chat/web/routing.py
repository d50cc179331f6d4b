"""The socket's address."""

from channels.routing import URLRouter
from channels.sessions import CookieMiddleware
from django.urls import path

from chat.web.consumer import ChatConsumer

websocket = CookieMiddleware(URLRouter([path("ws/chat", ChatConsumer.as_asgi())]))  # type: ignore[list-item, arg-type]
