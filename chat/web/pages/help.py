"""How to connect a language model."""

from django.http import HttpResponseBase
from django.shortcuts import render

from chat.web.door import SignedIn, page


@page("GET", "HEAD")
def model(request: SignedIn) -> HttpResponseBase:
    return render(request, "chat/pages/model.html")
