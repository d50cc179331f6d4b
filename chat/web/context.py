"""What every page of the portal shows round its content; nothing is read until a template asks."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from chat.access import decidable_by, sees_all
from chat.models.approval import ApprovalStatus
from chat.web import side


def portal(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    context: dict[str, Any] = {
        "provider": settings.K8SMCP_PROVIDER,
        "model_name": settings.K8SMCP_MODEL,
        "read_only": settings.K8SMCP_READ_ONLY,
    }
    if not isinstance(user, User):
        return context
    asked = (
        request.GET.get("q", "")
        if request.resolver_match and request.resolver_match.url_name == "conversations"
        else ""
    )
    here = request.resolver_match.kwargs.get("conversation_id") if request.resolver_match else None
    return context | {
        "side_query": asked,
        "side_groups": lambda: side.groups(user, asked, here),
        "pending_approvals": _pending(user),
        "may_audit": lambda: user.is_staff and sees_all(user),
    }


def _pending(user: User) -> Callable[[], int]:
    """Counted once a page, however often the page says it."""
    return cache(
        lambda: decidable_by(user).filter(status=ApprovalStatus.PENDING, expires_at__gt=timezone.now()).count()
    )
