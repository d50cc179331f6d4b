"""One cluster: who one is there and may do what, one's own token; for administrators how people get in, and out."""

from asgiref.sync import async_to_sync
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from chat.access import Right, require, rights
from chat.acting import acting
from chat.actions import clusters as actions
from chat.errors import BadInput, Conflict
from chat.web.door import SignedIn, done, page
from tools import clusters, identity, own_rights, self_check
from tools.kube.errors import KubeError
from tools.models import Cluster

Mode = Cluster.IdentityMode


@page("GET", "HEAD", "POST")
def show(request: SignedIn, name: str) -> HttpResponseBase:
    """A POST stores one's own token, or with `forget` throws it away."""
    fault = ""
    if request.method == "POST":
        try:
            if "forget" in request.POST:
                actions.forget_token(request.user, name)
            else:
                actions.store_token(request.user, name, request.POST.get("token", ""))
            return done(request, _address(name))
        except BadInput as refused:
            fault = str(refused)
    return _page(request, actions.find(name), fault)


@page("GET", "HEAD")
def mine(request: SignedIn, name: str) -> HttpResponseBase:
    """The cluster's own answer to who one is there, as a piece of the page."""
    actions.find(name)
    context: dict[str, object] = {"name": name}
    try:
        context["mine"] = async_to_sync(own_rights.mine)(name, acting(request.user))
    except KubeError as fault:
        context["fault"] = fault.sentence
    return render(request, "chat/parts/_cluster_mine.html", context)


@page("GET", "HEAD")
def account(request: SignedIn, name: str) -> HttpResponseBase:
    """What the portal's own account may do there, for administrators."""
    require(request.user, Right.ADMINISTER)
    actions.find(name)
    context: dict[str, object] = {}
    try:
        context["findings"] = async_to_sync(self_check.check)(name)
    except KubeError as fault:
        context["fault"] = fault.sentence
    return render(request, "chat/parts/_cluster_account.html", context)


@page("POST")
def settings(request: SignedIn, name: str) -> HttpResponseBase:
    try:
        found = actions.change(
            request.user,
            name,
            name=request.POST.get("name", name).strip() or name,
            mode=request.POST.get("mode"),
            shared_writes="shared_writes" in request.POST,
            default_names="default_names" in request.POST,
        )
    except (BadInput, Conflict) as fault:
        return _page(request, actions.find(name), str(fault))
    return done(request, _address(found.name))


@page("POST")
def change_map(request: SignedIn, name: str) -> HttpResponseBase:
    """`remove` holds a line's number; without it a line is added."""
    try:
        line = request.POST.get("remove", "")
        if line.isascii() and line.isdigit():
            actions.take_from_map(request.user, name, int(line[:15]))
        else:
            given = [request.POST.get(field, "") for field in ("kind", "subject", "kube_name")]
            actions.add_to_map(request.user, name, *given)
    except BadInput as fault:
        return _page(request, actions.find(name), str(fault))
    return done(request, _address(name))


@page("POST")
def delete(request: SignedIn, name: str) -> HttpResponseBase:
    actions.forget(request.user, name)
    return done(request, "clusters")


@page("GET", "HEAD", "POST")
def register(request: SignedIn) -> HttpResponseBase:
    """The text of the kubeconfig is never sent back, also not when it was refused."""
    require(request.user, Right.ADMINISTER)
    given = {field: request.POST.get(field, "").strip() for field in ("name", "context", "mode")}
    fault = ""
    if request.method == "POST":
        try:
            text = request.POST.get("kubeconfig", "")
            made = actions.register(
                request.user, text, name=given["name"], context=given["context"], mode=given["mode"]
            )
            return redirect(_address(made.name))
        except BadInput as refused:
            fault = str(refused)
    context = {"fault": fault, "given": given, "modes": Mode.choices}
    return render(request, "chat/pages/cluster_registration.html", context, status=422 if fault else 200)


def _page(request: SignedIn, cluster: Cluster, fault: str) -> HttpResponseBase:
    administers = Right.ADMINISTER in rights(request.user)
    context = {
        "cluster": cluster,
        "fault": fault,
        "modes": Mode.choices,
        "shares_writes": identity.shares_writes(cluster),
        "token": identity.token_of(cluster, request.user.get_username()),
        "administers": administers,
        "map": cluster.identity_map.all(),
        "questionable": _questionable(cluster) if administers else (),
    }
    return render(request, "chat/pages/cluster.html", context, status=422 if fault else 200)


def _questionable(cluster: Cluster) -> tuple[str, ...]:
    try:
        return clusters.portal_access(cluster.name).questionable
    except KubeError:
        return ()


def _address(name: str) -> str:
    return reverse("cluster", args=[name])
