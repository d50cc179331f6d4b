"""With whom a conversation is shared: looked at, added to, taken back."""

import uuid

from django.http import HttpResponseBase
from django.shortcuts import redirect, render

from chat.access import find
from chat.actions import conversations, shares
from chat.errors import BadInput
from chat.models import Conversation
from chat.web.door import SignedIn, by_script, page


@page("GET", "HEAD", "POST")
def shares_of(request: SignedIn, conversation_id: uuid.UUID) -> HttpResponseBase:
    """The sheet by itself. `who` is "everyone", "person" or "group", with its `name`; `level` as over REST."""
    if request.method == "POST":
        kind, name = request.POST.get("who", "person"), request.POST.get("name", "")
        shares.add(request.user, conversation_id, kind=kind, name=name, level=request.POST.get("level", "read"))
    return _answer(request, find(request.user, conversation_id))


@page("POST")
def remove(request: SignedIn, conversation_id: uuid.UUID) -> HttpResponseBase:
    share_id = request.POST.get("share", "")
    if not share_id.isdecimal() or len(share_id) > 18:
        raise BadInput("Say what you take back: use the buttons of the list.")
    shares.remove(request.user, conversation_id, int(share_id))
    return _answer(request, find(request.user, conversation_id))


@page("POST")
def switch(request: SignedIn, conversation_id: uuid.UUID) -> HttpResponseBase:
    """Everyone takes part, or not everyone sees it."""
    conversation = conversations.share(request.user, conversation_id, request.POST.get("shared") == "yes")
    return _answer(request, conversation)


def _answer(request: SignedIn, conversation: Conversation) -> HttpResponseBase:
    """The new sheet for a script of the page; the page itself for a form."""
    if not by_script(request):
        return redirect(conversation)
    context = {
        "conversation": conversation,
        "mine": conversation.owner_id == request.user.pk,
        "shares": list(conversation.shares.select_related("person", "group")),
    }
    return render(request, "chat/parts/_sharing.html", context)
