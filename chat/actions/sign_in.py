"""Sign-in links: let a person in once, without a password."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from chat import audit
from chat.audit import door
from chat.errors import NotFound
from chat.models import SignInLink

LINK_LIFETIME = timedelta(hours=24)


def link(user: User) -> str:
    """The token of a one-time link; older unused ones of this person are void."""
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        SignInLink.objects.filter(user=user, used_at=None).delete()
        SignInLink.objects.create(user=user, digest=_digest(token), expires_at=timezone.now() + LINK_LIFETIME)
        audit.record("sign_in_link.made", actor=door.person(), outcome=user.get_username())
    return token


def redeem(token: str) -> User:
    """The person a link lets in, once. Raises NotFound when it is unknown, used or too old."""
    now = timezone.now()
    used = SignInLink.objects.filter(
        digest=_digest(token), used_at=None, expires_at__gt=now, user__is_active=True
    ).update(used_at=now)
    if not used:
        raise NotFound(
            "This sign-in link was used or is too old. Restart the portal for a new one, or sign in with a password."
        )
    return SignInLink.objects.select_related("user").get(digest=_digest(token)).user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
