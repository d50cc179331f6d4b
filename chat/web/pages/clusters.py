"""The clusters this portal knows, and whether each can be reached right now."""

from asgiref.sync import async_to_sync
from django.http import HttpResponseBase
from django.shortcuts import render

from chat.access import Right, rights
from chat.errors import NotFound
from chat.web.door import SignedIn, page
from tools import clusters
from tools.models import Cluster


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    """Asks no cluster, so it is there at once; each card then asks for its own state."""
    context = {"clusters": Cluster.objects.all(), "administers": Right.ADMINISTER in rights(request.user)}
    return render(request, "chat/pages/clusters.html", context)


@page("GET", "HEAD")
def state(request: SignedIn, name: str) -> HttpResponseBase:
    """One cluster's answer, as the piece that goes into its card."""
    try:
        health = async_to_sync(clusters.check)(name)
    except clusters.UnknownCluster as fault:
        raise NotFound(str(fault)) from fault
    return render(request, "chat/parts/_cluster_state.html", {"health": health})
