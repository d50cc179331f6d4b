"""Sending a message by form, for pages without a live connection."""

import uuid

from django.http import HttpResponseBase

from chat.actions import messages
from chat.web.door import SignedIn, as_uuid, done, page


@page("POST")
def send(request: SignedIn, conversation_id: uuid.UUID) -> HttpResponseBase:
    messages.send(
        request.user,
        request.POST.get("text", ""),
        message_id=as_uuid(request.POST.get("id", "")),
        conversation_id=conversation_id,
    )
    return done(request, f"/c/{conversation_id}#latest")
