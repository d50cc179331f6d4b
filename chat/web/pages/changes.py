"""Changes: what calls have changed, newest first, and the way back."""

import uuid

from django.http import HttpResponseBase
from django.shortcuts import render

from chat.actions import changes
from chat.web.door import SignedIn, as_uuid, done, page
from chat.web.rendering import hue

MOST = 60


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    found = changes.seen_by(request.user)
    if cluster := request.GET.get("cluster", ""):
        found = found.filter(tool_call__cluster=cluster)
    if conversation := as_uuid(request.GET.get("conversation", "")):
        found = found.filter(tool_call__run__conversation_id=conversation)
    shown = [(change, hue(change.tool_call.cluster), changes.may_be_undone(change)) for change in found[:MOST]]
    return render(request, "chat/pages/changes.html", {"changes": shown, "cluster": cluster})


@page("POST")
def undo(request: SignedIn, change_id: uuid.UUID) -> HttpResponseBase:
    accepted = changes.undo(request.user, change_id)
    return done(request, f"/c/{accepted.conversation_id}")
