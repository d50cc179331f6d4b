"""One conversation: shown whole, renamed, deleted."""

import uuid

from django.http import HttpResponseBase
from django.shortcuts import render

from chat.access import find, may_take_part
from chat.actions import conversations
from chat.models import Run
from chat.models.run import ACTIVE, ENDED, RunStatus
from chat.web import feed
from chat.web.door import SignedIn, by_script, done, page


@page("GET", "HEAD")
def show(request: SignedIn, conversation_id: uuid.UUID) -> HttpResponseBase:
    conversation = find(request.user, conversation_id)
    before = request.GET.get("before", "")
    history = (
        feed.before(conversation, int(before)) if before.isdecimal() and len(before) < 19 else feed.newest(conversation)
    )
    runs = list(Run.objects.filter(conversation=conversation).exclude(status__in=ENDED).select_related("message"))
    context = {
        "conversation": conversation,
        "feed": history,
        "past": bool(before),
        "mine": conversation.owner_id == request.user.pk,
        "takes_part": may_take_part(request.user, conversation),
        "shares": list(conversation.shares.select_related("person", "group")),
        "active": next((run for run in runs if run.status in ACTIVE), None),
        "queued": [run for run in runs if run.status == RunStatus.QUEUED],
        "message_id": uuid.uuid4(),
    }
    return render(request, "chat/pages/conversation.html", context)


@page("POST")
def rename(request: SignedIn, conversation_id: uuid.UUID) -> HttpResponseBase:
    return done(request, conversations.rename(request.user, conversation_id, request.POST.get("title", "")))


@page("POST")
def delete(request: SignedIn, conversation_id: uuid.UUID) -> HttpResponseBase:
    conversations.delete(request.user, conversation_id)
    return done(request, "portal")


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    """The list beside the page by itself, for the search as one types."""
    bare = by_script(request)
    return render(
        request, "chat/parts/_conversations.html" if bare else "chat/pages/conversations.html", {"bare": bare}
    )
