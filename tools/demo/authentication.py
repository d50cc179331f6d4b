"""Who is asking: bearer tokens, anonymous callers, and those who act for somebody else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from tools.demo.errors import ApiError, BadRequest
from tools.demo.http import Request


@dataclass(frozen=True)
class User:
    """A person or account as SelfSubjectReview shows it."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
BEARER = re.compile(r"bearer\s+(\S+)", re.IGNORECASE)


def authenticate(request: Request, tokens: Mapping[str, User]) -> User:
    """The owner of the bearer token; ANONYMOUS without one, 401 for one that nobody has."""
    found = BEARER.fullmatch(request.header("authorization").strip())
    if not found:
        return ANONYMOUS
    user = tokens.get(found[1])
    if user is None:
        raise ApiError(401, "Unauthorized")
    return User(user.name, (*user.groups, "system:authenticated"), user.uid, user.extra)


def wanted_identity(request: Request) -> User | None:
    """Whom the Impersonate-* headers name, None without them; the rights to do so are checked elsewhere."""
    name = request.header("impersonate-user")
    groups = tuple(request.header_values("impersonate-group"))
    uid = request.header("impersonate-uid")
    extra: dict[str, tuple[str, ...]] = {}
    for key, value in request.headers:
        if key.startswith("impersonate-extra-"):
            key = unquote(key.removeprefix("impersonate-extra-"))
            extra[key] = (*extra.get(key, ()), value)
    if not name:
        if groups or uid or extra:
            raise BadRequest(f"requested {_go_text(uid, groups, extra)} without impersonating a user name")
        return None
    return User(name, _with_account_groups(name, groups), uid, extra)


def _with_account_groups(name: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    if name == ANONYMOUS.name:
        return groups or ANONYMOUS.groups
    parts = name.split(":")
    if name.startswith("system:serviceaccount:") and len(parts) == 4 and not groups:
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{parts[2]}")
    known = {"system:authenticated", "system:unauthenticated"}
    return groups if known & set(groups) else (*groups, "system:authenticated")


def _go_text(uid: str, groups: tuple[str, ...], extra: dict[str, tuple[str, ...]]) -> str:
    """The refused wish as the server prints it: a Go value."""
    quoted = ", ".join(f'"{group}"' for group in groups)
    group_text = f"[]string{{{quoted}}}" if groups else "[]string(nil)"
    pairs = []
    for key, values in extra.items():
        texts = ", ".join(f'"{value}"' for value in values)
        pairs.append(f'"{key}":[]string{{{texts}}}')
    extra_text = f"map[string][]string{{{', '.join(pairs)}}}" if extra else "map[string][]string(nil)"
    return f'&user.DefaultInfo{{Name:"", UID:"{uid}", Groups:{group_text}, Extra:{extra_text}}}'
