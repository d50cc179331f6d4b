"""Stopping a run by form."""

from django.http import HttpResponseBase

from chat.actions import runs
from chat.web.door import SignedIn, done, page


@page("POST")
def stop(request: SignedIn) -> HttpResponseBase:
    run = runs.stop(request.user, request.POST.get("run", ""))
    return done(request, run.conversation)
