"""Access tokens of the person who looks: what lets their programs in, making one, revoking one."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render

from chat.actions import tokens
from chat.errors import BadInput
from chat.models.access_token import Scope
from chat.web.door import SignedIn, done, page

LIVES = (7, 30, 90, 365)  # days
_MEANINGS = {
    Scope.READ: "reads",
    Scope.WRITE: "also sends messages and starts calls",
    Scope.APPROVE: "also decides approvals",
    Scope.ADMIN: "everything, as an administrator",
}
_USUAL = Scope.WRITE.value  # a program that may decide about its own wishes is a choice, not a default


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    return _shown(request)


@page("POST")
def create(request: SignedIn) -> HttpResponseBase:
    """The token is in this answer and nowhere else, so it is no redirect."""
    days = request.POST.get("days", "")
    if not (days.isascii() and days.isdigit() and len(days) < 6):
        raise BadInput(f"A token lives a whole number of days from 1 to {tokens.LONGEST}.")
    return _shown(request, tokens.create(request.user, scope=request.POST.get("scope", ""), days=int(days)))


@page("POST")
def revoke(request: SignedIn, token_id: int) -> HttpResponseBase:
    tokens.revoke_own(request.user, token_id)
    return done(request, "tokens")


def _shown(request: SignedIn, made: str = "") -> HttpResponse:
    offered = tokens.offered(request.user)
    context = {
        "made": made,
        "tokens": tokens.standing_of(request.user),
        "scopes": [(name, _MEANINGS[Scope(name)]) for name in offered],
        "usual": _USUAL if _USUAL in offered else offered[-1],
        "lives": LIVES,
        "address": settings.PUBLIC_ADDRESS,
    }
    return render(request, "chat/pages/tokens.html", context)
