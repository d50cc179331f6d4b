"""Make people, and the first administrator with a way in."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from chat.access import ROLES
from chat.errors import BadInput, Conflict, NotFound
from chat.models import SignInLink

LINK_LIFETIME = timedelta(hours=24)


def create(name: str, *, role: str, password: str = "") -> User:
    """A person with one role. Without a password they can only come in by a link or a token. Raises BadInput, Conflict."""
    if role not in ROLES:
        raise BadInput(f"There is no role {role!r}: choose {', '.join(ROLES)}.")
    if User.objects.filter(username=name).exists():
        raise Conflict(f"There is already a person called {name!r}: choose another name.")
    if password:
        _check(password)
    with transaction.atomic():
        user = User.objects.create_user(name, password=password or None)
        user.is_staff = role in ("administrator", "auditor")
        user.save()
        give_role(user, role)
    return user


def give_role(user: User, role: str) -> None:
    """Takes the other roles away: a person has one."""
    user.groups.remove(*Group.objects.filter(name__in=ROLES))
    user.groups.add(Group.objects.get_or_create(name=role)[0])


def first_administrator(password: str) -> tuple[User, bool]:
    """The person `admin`, made at the first start; the second value tells whether they can sign in by password."""
    admin = User.objects.filter(username="admin").first()
    if admin is None:
        admin = create("admin", role="administrator", password=password)
    return admin, admin.has_usable_password()


def sign_in_link(user: User) -> str:
    """The token of a one-time link; older unused ones of this person are void."""
    SignInLink.objects.filter(user=user, used_at=None).delete()
    token = secrets.token_urlsafe(24)
    SignInLink.objects.create(user=user, digest=_digest(token), expires_at=timezone.now() + LINK_LIFETIME)
    return token


def redeem(token: str) -> User:
    """The person a link lets in, once. Raises NotFound when it is unknown, used or too old."""
    now = timezone.now()
    used = SignInLink.objects.filter(digest=_digest(token), used_at=None, expires_at__gt=now, user__is_active=True).update(used_at=now)
    if not used:
        raise NotFound("This sign-in link was used before or is too old. Restart the portal for a new one, or sign in with a password.")
    return SignInLink.objects.select_related("user").get(digest=_digest(token)).user


def _check(password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as fault:
        raise BadInput(" ".join(fault.messages)) from fault


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
