"""The beginning of a new conversation."""

import uuid

from django.http import HttpResponseBase
from django.shortcuts import redirect, render

from chat.actions import messages
from chat.web.door import SignedIn, as_uuid, page
from tools import clusters

EXAMPLES = (
    ("list all pods", "Everything that runs, in every namespace", "search"),
    ("why is checkout failing?", "Events, logs and configuration, put together", "question"),
    ("what is wrong in my cluster?", "A look round, with what to do about it", "warning"),
    ("which pods use the most memory?", "Measured now, sorted", "spark"),
    ("scale frontend to 3 in shop", "A change: asks you before it does anything", "shield"),
)


@page("GET", "HEAD", "POST")
def show(request: SignedIn) -> HttpResponseBase:
    if request.method == "POST":
        return _send(request)
    context = {
        "examples": EXAMPLES,
        "clusters": clusters.names(),
        "cluster": clusters.default(),
        "message_id": uuid.uuid4(),
        "draft": request.GET.get("draft", "")[:2000],
    }
    return render(request, "chat/pages/welcome.html", context)


def _send(request: SignedIn) -> HttpResponseBase:
    accepted = messages.send(
        request.user,
        request.POST.get("text", ""),
        message_id=as_uuid(request.POST.get("id", "")),
        cluster=request.POST.get("cluster", ""),
    )
    return redirect("conversation", accepted.conversation_id)
