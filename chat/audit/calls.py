"""The rows of a tool call and of its approvals: begun, about to be sent, ended; asked for, decided, void, expired."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat.audit.talk import author
from chat.audit.writing import Told, keyed, record
from chat.models import Approval, Run, ToolCall
from chat.models.approval import ApprovalStatus
from tools import identity
from tools.models import Cluster


@dataclass(frozen=True, slots=True)
class Grounds:
    """What decided about a call: the name of the rule, and the version of the rules in force."""

    rule: str = ""
    policy_version: str = ""

    def told(self) -> Told:
        return {"rule": self.rule, "policy_version": self.policy_version}


def begun(call: ToolCall, grounds: Grounds) -> None:
    """The intent, in the transaction that commits it: a call that is not in the audit never reaches its cluster."""
    approval = _approval(call) if call.writes else None
    by = approval.decided_by.get_username() if approval is not None and approval.decided_by else ""
    decided: Told = {"decision": "approved" if approval is not None else "allow", "approved_by": by}
    person = author(call.run)
    record("call.begun", actor=person, **_of(call, call.run, person) | decided | grounds.told())


def sent(call: ToolCall, sending: Mapping[str, Any]) -> None:
    """One request that is about to change something, before it leaves. `sending`: as JSON (tools.kube.sending)."""
    about: Told = {"request": sending, "outcome": str(sending.get("words", ""))}
    person = author(call.run)
    record("call.sent", actor=person, **_of(call, call.run, person) | about)


def ended(call: ToolCall, run: Run, duration_ms: int, denied: Grounds | None) -> None:
    """With a digest of the result, so that the one that is kept beside the call can be compared; and with the rule
    when one denied it."""
    result = hashlib.sha256(call.result.encode()).hexdigest()
    came: Told = {"outcome": call.status, "request": {"duration_ms": duration_ms, "result_sha256": result}}
    if denied is not None:
        came |= {"decision": "deny"} | denied.told()
    person = author(run)
    record("call.ended", actor=person, **_of(call, run, person) | came)


def asked(approval: Approval, run: Run) -> None:
    call = approval.tool_call
    about: Told = {
        "decision": "ask",
        "rule": approval.rule,
        "policy_version": approval.bound.get("policy", ""),
        "request": {
            "approval_id": str(approval.pk),
            "call_hash": approval.call_hash,
            "expires_at": approval.expires_at.isoformat(),
            "arguments": call.arguments,
        },
        "outcome": approval.summary,
    }
    person = author(run)
    record("approval.requested", actor=person, **_of(call, run, person) | about)


def decided(approval: Approval, status: ApprovalStatus, *, by: str = "", reason: str = "") -> None:
    """`by` is empty when nobody decided. The door is the decision's, not the run's."""
    call = approval.tool_call
    about = _of(call, call.run, author(call.run)) | {
        "decision": status.value,
        "request": {"approval_id": str(approval.pk), "call_hash": approval.call_hash, "reason": reason},
        "outcome": approval.summary,
    }
    del about["door"]
    record(_DECIDED.get(status, "approval.decided"), actor=by, **about)


_DECIDED = {ApprovalStatus.VOID: "approval.void", ApprovalStatus.EXPIRED: "approval.expired"}


def _of(call: ToolCall, run: Run, person: str) -> Told:
    return {
        "door": run.door,
        "identity": identity_of(call.cluster, person),
        "conversation_id": str(run.conversation_id),
        "run_id": str(run.pk),
        "tool_call_id": str(call.pk),
        "cluster": call.cluster,
        "tool": call.tool,
        "effect": call.effect,
        "request": call.arguments,
        "request_hash": keyed([call.cluster, call.tool, call.wished]),
    }


def identity_of(cluster: str, person: str) -> str:
    """As whom a person reaches a cluster right now (tools.identity.words)."""
    found = Cluster.objects.filter(name=cluster).first()
    return identity.words(found, person) if found is not None else ""


def _approval(call: ToolCall) -> Approval | None:
    return Approval.objects.select_related("decided_by").filter(tool_call=call, consumed_at__isnull=False).first()
