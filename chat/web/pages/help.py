"""What people look up about the portal itself: how to connect a language model, and what it promises."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import SafeString

from chat.web import markdown
from chat.web.door import SignedIn, page


@page("GET", "HEAD")
def model(request: SignedIn) -> HttpResponseBase:
    return render(request, "chat/pages/model.html")


@page("GET", "HEAD")
def promises(request: SignedIn) -> HttpResponseBase:
    return render(request, "chat/pages/promises.html", {"promises": _promises(settings.ROOT / "docs" / "promises.md")})


@cache
def _promises(file: Path) -> SafeString:
    """The same words as in `docs`, without the title, which the page has already."""
    return markdown.to_html(file.read_text().partition("\n")[2])
