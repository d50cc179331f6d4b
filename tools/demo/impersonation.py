"""Acting for somebody else: may the caller be that user, those groups, that uid, those extras."""

from tools.demo.api import Api
from tools.demo.authentication import User, wanted_identity
from tools.demo.authorization import Wish, refusal
from tools.demo.errors import ApiError, Forbidden
from tools.demo.http import Request
from tools.demo.routing import Target

AUTHENTICATION = "authentication.k8s.io"


def act_as(api: Api, request: Request, target: Target, user: User) -> User:
    """The user the Impersonate headers name, or the caller without them; Forbidden without the right to it."""
    wanted = wanted_identity(request)
    if wanted is None:
        return user
    wishes = [_user_wish(wanted.name)]
    wishes += [Wish("impersonate", "", "groups", name=group) for group in request.header_values("impersonate-group")]
    if wanted.uid:
        wishes.append(Wish("impersonate", AUTHENTICATION, "uids", name=wanted.uid))
    for key, values in wanted.extra.items():
        wishes += [Wish("impersonate", AUTHENTICATION, "userextras", key, "", value) for value in values]
    for wish in wishes:
        if not api.authorizer.decide(user, wish).allowed:
            raise _refused(api, user, wish, target)
    return wanted


def _user_wish(name: str) -> Wish:
    parts = name.split(":")
    if name.startswith("system:serviceaccount:") and len(parts) == 4:
        return Wish("impersonate", "", "serviceaccounts", namespace=parts[2], name=parts[3])
    return Wish("impersonate", "", "users", name=name)


def _refused(api: Api, user: User, wish: Wish, target: Target) -> ApiError:
    """Someone with no right to impersonate at all is told what they cannot do on behalf of others."""
    if any("impersonate" in (rule.get("verbs") or []) for rule in api.authorizer.rules(user, "")):
        return refusal(user, wish)
    verb = f"impersonate-on:user-info:{target.verb}"
    if not target.is_resource:
        return ApiError(403, f'forbidden: User "{user.name}" cannot {verb} path "{target.path}"', details={})
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    why = f'User "{user.name}" cannot {verb} resource "{target.plural}" in API group "{target.group}" {where}'
    return Forbidden(target.group, target.plural, target.name, why)
