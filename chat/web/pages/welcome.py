"""The beginning of a new conversation."""

import uuid

from django.http import HttpResponseBase
from django.shortcuts import redirect, render

from chat.actions import messages
from chat.web.door import SignedIn, as_uuid, page
from tools import clusters
from tools.models import Cluster

_ANYWHERE = (
    ("list all pods", "Everything that runs, in every namespace", "search"),
    ("what is wrong in my cluster?", "A look round, with what to do about it", "warning"),
    ("which pods use the most memory?", "Measured now, sorted", "spark"),
)
_OWN = (("show recent warnings", "Events of every namespace, newest first", "question"),)
_DEMO = (  # its story, told in tools/demo/story
    ("why is checkout failing?", "Events, logs and configuration, put together", "question"),
    ("scale storefront to 4 in shop", "A change: asks you before it does anything", "shield"),
)


@page("GET", "HEAD", "POST")
def show(request: SignedIn) -> HttpResponseBase:
    if request.method == "POST":
        return _send(request)
    context = {
        "examples": _examples(),
        "clusters": clusters.names(),
        "cluster": clusters.default(),
        "message_id": uuid.uuid4(),
        "draft": request.GET.get("draft", "")[:2000],
    }
    return render(request, "chat/pages/welcome.html", context)


def _examples() -> tuple[tuple[str, str, str], ...]:
    """Questions that work when they are clicked: the demo cluster's own only where it is the cluster."""
    first = Cluster.objects.first()
    return _ANYWHERE + (_DEMO if first is not None and first.is_demo else _OWN)


def _send(request: SignedIn) -> HttpResponseBase:
    accepted = messages.send(
        request.user,
        request.POST.get("text", ""),
        message_id=as_uuid(request.POST.get("id", "")),
        cluster=request.POST.get("cluster", ""),
    )
    return redirect("conversation", accepted.conversation_id)
