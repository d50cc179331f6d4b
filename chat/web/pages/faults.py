"""Pages for what went wrong: each says what happened and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_TITLES = {
    400: "That request could not be read",
    403: "You may not do that",
    404: "There is nothing at this address",
    409: "Too late",
    422: "That does not fit",
    429: "Too much at once",
    500: "Something went wrong on our side",
}


def told(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    """The sentence on a page; alone, as plain text, for a script of the page."""
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(sentence, content_type="text/plain; charset=utf-8", status=status)
    context = {"title": _TITLES.get(status, "That did not work"), "sentence": sentence, "code": status}
    return render(request, "chat/pages/fault.html", context, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return told(
        request,
        "The address may be mistyped, or it was never shared with you. The portal lists what you can see.",
        404,
    )


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return told(request, "Your role does not allow this. An administrator can give you the one that does.", 403)


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return told(
        request,
        "Your browser sent something the portal does not accept here. Go back, reload the page and try again.",
        400,
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Renders without the database and without context processors: either may be what is broken."""
    return HttpResponse(_BROKEN, status=500)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentence = (
        "The form you sent belongs to an earlier sign-in, or cookies are blocked. "
        "Go back, reload the page and send it again: nothing was done."
    )
    return told(request, sentence, 403)


_BROKEN = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Something went wrong · K8s MCP</title>
<link rel="stylesheet" href="/static/css/tokens.css"><link rel="stylesheet" href="/static/css/base.css">
<link rel="stylesheet" href="/static/css/pages.css">
<body class="narrow"><main class="narrow-card"><p class="fault-code">500</p><h1>Something went wrong on our side</h1>
<p>What was accepted before is kept, and runs go on. Reload the page in a moment; if it stays, the server's log says
why.</p>
<p class="fault-links"><a class="button primary" href="/">Back to the portal</a></p></main></body></html>
"""
