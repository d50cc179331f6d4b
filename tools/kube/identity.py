"""Whom a request acts for, in the headers an API server knows: impersonated user and groups, run and call.

Names come from the map of an administrator and from people's names, so they are held to plain ASCII: no line break can
smuggle a header in, and no name may claim to be part of the cluster itself (`system:`).
"""

import re
from dataclasses import dataclass

from tools.kube.errors import BadInput

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@.:/#+_-]{0,199}", re.ASCII)
_MARK = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_RESERVED = "system:"
RUN_EXTRA = "k8smcp-run"  # the cluster's own audit log shows it beside the person


def usable(name: str) -> bool:
    """Whether a text may be a user or group to act as."""
    return _NAME.fullmatch(name) is not None and not name.lower().startswith(_RESERVED)


def checked(name: str, what: str) -> str:
    """The name; BadInput, with `what` it was meant for, unless it is usable."""
    if usable(name):
        return name
    if name.lower().startswith(_RESERVED):
        raise BadInput(f"{what} may not begin with {_RESERVED} because such names belong to the cluster itself.")
    raise BadInput(f"{what} {name[:60]!r} cannot be used: letters, digits and @ . : / # + _ - only, at most 200.")


@dataclass(frozen=True, slots=True)
class ActsAs:
    """The Kubernetes user and groups a request is made for. Raises BadInput for a name that is not usable."""

    user: str
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked(self.user, "The Kubernetes user")
        for group in self.groups:
            checked(group, "The Kubernetes group")


def impersonation(acts_as: ActsAs | None, run_id: str) -> list[tuple[str, str]]:
    """The headers; one for each group, because a joined one would be a single group with a comma in its name."""
    if acts_as is None:
        return []
    named = [("Impersonate-User", acts_as.user), *(("Impersonate-Group", group) for group in acts_as.groups)]
    return [*named, (f"Impersonate-Extra-{RUN_EXTRA}", run_id)] if _MARK.fullmatch(run_id) else named


def user_agent(call_id: str) -> str:
    """`k8s-mcp` before the slash, whoever asks: what an API server takes as field manager when none is named."""
    return f"k8s-mcp/1 (call {call_id})" if _MARK.fullmatch(call_id) else "k8s-mcp/1"
