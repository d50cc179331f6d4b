"""One call of one tool with what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.apiserver.tool_stage import Stage

Json = Any


@dataclass(frozen=True)
class Case:
    """says, hides: words the answer must and must not have; before: prepares the stage; after: what must hold of the
    cluster then; user: whose context is used; up_to: the newest minor version for which the rig can play along; since:
    the oldest one that can do this; older: what is said of an older one."""

    arguments: dict[str, Json]
    says: tuple[str, ...] = ()
    user: str = "admin"
    before: Callable[[Stage], Json] | None = None
    after: Callable[[Stage], bool] | None = None
    hides: tuple[str, ...] = ()
    up_to: int = 999
    since: int = 0
    older: str = "knows no"
