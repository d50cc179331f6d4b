"""Headers that keep other sites from using the portal, and its pages from using what they do not need."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from k8smcp.in_place import InPlace

UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen"),
    *("geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "local-fonts", "magnetometer"),
    *("microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial"),
    *("usb", "xr-spatial-tracking"),
)  # the clipboard stays: code can be copied
HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in UNUSED),
}


@sync_and_async_middleware
def closed_to_others(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    def closed(response: HttpResponseBase) -> HttpResponseBase:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    if iscoroutinefunction(get_response):
        answer: Callable[[HttpRequest], Awaitable[HttpResponseBase]] = get_response

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            return closed(await answer(request))

        return asynchronous
    return lambda request: closed(get_response(request))


class ContentSecurityPolicy(InPlace, CSPMiddleware):  # type: ignore[misc]
    """The policy of the settings, but for one word in the admin.

    jQuery, which the admin's pages use, makes markup of text while it loads and has no Trusted Types policy of its own.
    So there the default policy may exist (static/js/admin.js), which passes those few known texts and no other.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith("/admin/"):
            parts.replace = {"trusted-types": ["default"]}
        return parts
