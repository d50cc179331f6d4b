"""The least a Channels socket can be: a bare consumer that says what it hears, under the portal's uvicorn options."""

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

django_application = get_asgi_application()


class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.send(text_data=text_data)


application = ProtocolTypeRouter(
    {"http": django_application, "websocket": URLRouter([path("ws/chat", Echo.as_asgi())])}  # type: ignore[arg-type,list-item]
)


def main() -> None:
    import uvicorn

    from k8smcp.management.commands.start import _options

    uvicorn.run(application, **_options())


if __name__ == "__main__":
    main()
