"""Make people and give them roles."""

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from chat.access import ROLES
from chat.errors import BadInput, Conflict


def create(name: str, *, role: str, password: str = "") -> User:
    """A person with one role; without a password they come in by link or token only. Raises BadInput, Conflict."""
    if role not in ROLES:
        raise BadInput(f"There is no role {role!r}: choose {', '.join(ROLES)}.")
    _check_name(name)
    if User.objects.filter(username=name).exists():
        raise Conflict(f"There is already a person called {name!r}: choose another name.")
    if password:
        _check(password)
    with transaction.atomic():
        user = User.objects.create_user(name, password=password or None)
        user.is_staff = role in ("administrator", "auditor")
        user.is_superuser = role == "administrator"  # people and groups are managed in the Django admin
        user.save()
        give_role(user, role)
    return user


def give_role(user: User, role: str) -> None:
    """Takes the other roles away: a person has one."""
    user.groups.remove(*user.groups.filter(name__in=ROLES).exclude(name=role))
    user.groups.add(Group.objects.get_or_create(name=role)[0])


def first_administrator(password: str) -> tuple[User, bool]:
    """The person `admin`, made at the first start; the second value tells whether they can sign in by password."""
    admin = User.objects.filter(username="admin").first()
    if admin is None:
        admin = create("admin", role="administrator", password=password)
    return admin, admin.has_usable_password()


def _check_name(name: str) -> None:
    try:
        User._meta.get_field("username").clean(name, None)
    except ValidationError as fault:
        raise BadInput(f"{name[:40]!r} cannot be a username: {' '.join(fault.messages)}") from fault


def _check(password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as fault:
        raise BadInput(" ".join(fault.messages)) from fault
