"""Who may do what: turns an effect and the installation's rules into allow, ask or deny, with the reason. Pure.

This is the one place for such rules. Everything that is not allowed by a rule here is denied.
"""

from dataclasses import dataclass
from typing import Literal

from tools.effects import Effect

Decision = Literal["allow", "ask", "deny"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The installation's switches: K8SMCP_READ_ONLY, and whether EXECUTE tools are switched on."""

    read_only: bool = False
    execute: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    decision: Decision
    reason: str


def judge(effect: Effect, rules: Rules) -> Verdict:
    if not effect.writes:
        return Verdict("allow", "Reading is allowed.")
    if rules.read_only:
        return Verdict("deny", "This portal is read-only: an administrator can unset K8SMCP_READ_ONLY.")
    if effect is Effect.EXECUTE and not rules.execute:
        return Verdict("deny", "Commands in containers are switched off: an administrator can set K8SMCP_EXECUTE=1.")
    return Verdict("ask", "A person decides about every change.")


def offered(effect: Effect, rules: Rules) -> bool:
    """Whether a tool of this effect is shown at all."""
    return judge(effect, rules).decision != "deny"
