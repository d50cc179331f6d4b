"""Signing in, with a password or by a one-time link, and signing out."""

import math
from typing import Any

from django.contrib.auth import login, logout, views
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from chat import backend
from chat.actions import throttles
from chat.actions.sign_in import redeem
from chat.errors import PortalError, TooMany
from chat.web.pages import faults


class _ByPassword(views.LoginView):
    """Every try is counted before the password is looked at, so whoever tries too often learns nothing by it."""

    template_name = "chat/pages/sign_in.html"
    redirect_authenticated_user = True
    _counted: tuple[list[str], float] = ([], 0.0)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        names = [throttles.account(request.POST.get("username", "")), _address(request)]
        try:
            self._counted = names, throttles.count(names)
        except TooMany as fault:
            return _later(self.render_to_response({"refused": str(fault), "next": request.POST.get("next", "")}), fault)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        throttles.forgive(*self._counted)
        return super().form_valid(form)


by_password = _ByPassword.as_view()


@never_cache
@require_GET
def by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Lets in on GET, since the link is printed for one person to open; a second opening tells that it is used up."""
    names = [_address(request)]
    try:
        moment = throttles.count(names)
        user = redeem(token)
    except TooMany as fault:
        return _later(faults.told(request, str(fault), fault.status), fault)
    except PortalError as fault:
        return faults.told(request, str(fault), fault.status)
    throttles.forgive(names, moment)
    login(request, user, backend=backend.NAME)
    return redirect("portal")


@require_POST
def out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


def _address(request: HttpRequest) -> str:
    return throttles.address(request.META.get("REMOTE_ADDR", ""))


def _later(response: HttpResponse, fault: TooMany) -> HttpResponse:
    response.status_code = fault.status
    response["Retry-After"] = str(math.ceil(fault.after))
    return response
