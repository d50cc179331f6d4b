"""Signing in, with a password or by a one-time link, and signing out."""

from django.contrib.auth import login, logout, views
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from chat.actions.sign_in import redeem
from chat.errors import PortalError
from chat.web.pages import faults

by_password = views.LoginView.as_view(template_name="chat/pages/sign_in.html", redirect_authenticated_user=True)


@never_cache
@require_GET
def by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Lets in on GET, since the link is printed for one person to open; a second opening tells that it is used up."""
    try:
        user = redeem(token)
    except PortalError as fault:
        return faults.told(request, str(fault), fault.status)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("portal")


@require_POST
def out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")
