"""Faults seeded into the running gate, and what must notice each: scripts of this programme, or a probe of the wire.

A mutant whose place in the source has moved is an error: one that is not applied proves nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from chat import access, tool_calls
from chat.actions import approvals, calls, runs, tokens
from chat.models import Approval
from tests.hostile import probes
from tools import policy, redaction
from tools.effects import Effect
from tools.kube import client, guard, transport

Patch = pytest.MonkeyPatch
Probe = Callable[[], Awaitable[list[str]]]


@dataclass(frozen=True)
class Mutant:
    """`apply` seeds the fault; then one of the scripts must fail, or the probe must tell of something."""

    name: str
    apply: Callable[[Patch], None]
    scripts: tuple[str, ...] = ()
    probe: Probe | None = None


# ---- approvals ---------------------------------------------------------------------------------------------------


def hash_is_not_compared(patch: Patch) -> None:
    for place in (calls, approvals):
        patch.setattr(place, "call_hash", lambda *_: "0" * 64)


def expiry_is_not_checked(patch: Patch) -> None:
    """Both where a decision is taken and where it is used."""
    long_ago = timezone.now().replace(year=2000)
    clock = SimpleNamespace(now=lambda: long_ago)
    patch.setattr(approvals, "_expire_if_overdue", lambda approval: False)
    patch.setattr(approvals, "timezone", clock)
    patch.setattr(calls, "timezone", clock)


def anybody_decides(patch: Patch) -> None:
    for place in (approvals, tool_calls):
        patch.setattr(place, "may_decide", lambda *_: True)
    patch.setattr(approvals, "find_approval", lambda user, key: Approval.objects.get(pk=key))
    patch.setattr(approvals, "require", lambda *_: None)


def void_is_not_checked(patch: Patch) -> None:
    """What waits when a run ends stays open."""
    assert runs.approvals is approvals
    patch.setattr(approvals, "void_pending", lambda *_: None)


def an_approval_is_not_used_up(patch: Patch) -> None:
    """Every execution finds it fresh, and none marks that it has begun."""

    def begin(claim: Any, call: Any, acting: str) -> bool:
        return bool(Approval.objects.filter(tool_call=call, status="approved").count())

    patch.setattr(calls, "begin_approved", begin)


def scope_is_not_compared(patch: Patch) -> None:
    patch.setattr(tokens, "covers", lambda *_: True)


# ---- the verdict -------------------------------------------------------------------------------------------------


def deny_does_not_win(patch: Patch) -> None:
    real = policy.judge

    def judge(*question: Any) -> Any:
        verdict = real(*question)
        return policy.Verdict("ask", verdict.reason) if verdict.decision == "deny" else verdict

    patch.setattr(policy, "judge", judge)


def the_list_is_filtered_and_the_call_is_not(patch: Patch) -> None:
    shown = policy.offered
    open_gate = SimpleNamespace(
        judge=lambda *_: policy.Verdict("allow", ""), offered=shown, Rules=policy.Rules, Verdict=policy.Verdict
    )
    patch.setattr(tool_calls, "policy", open_gate)


def rights_are_not_looked_at_again(patch: Patch) -> None:
    patch.setattr(tool_calls, "rights", lambda user: frozenset(access.Right))


# ---- the last net ------------------------------------------------------------------------------------------------


def ceiling_is_ignored(patch: Patch) -> None:
    patch.setattr(Effect, "within", lambda self, other: True)


def cluster_of_the_permit_is_not_compared(patch: Patch) -> None:
    real = guard.check

    def check(permit: Any, cluster: str, *rest: Any) -> Effect:
        return real(permit, permit.cluster if permit else cluster, *rest)

    patch.setattr(guard, "check", check)


def a_request_needs_no_permit(patch: Patch) -> None:
    real = guard.check
    patch.setattr(guard, "check", lambda permit, *rest: real(permit, *rest) if permit else Effect.READ)


def proxies_of_nodes_are_reads(patch: Patch) -> None:
    patch.setattr(guard, "_RUNS_CODE", guard._RUNS_CODE - {("", "nodes", "proxy")})
    patch.setattr(guard, "_KNOWN_SUBRESOURCES", guard._KNOWN_SUBRESOURCES | {"proxy"})


def dry_run_is_dropped(patch: Patch) -> None:
    """After every check, on the way to the wire."""
    real = transport._address

    def address(server: str, path: str, query: list[tuple[str, str]]) -> Any:
        return real(server, path, [pair for pair in query if pair[0] != "dryRun"])

    patch.setattr(transport, "_address", address)


def writes_are_repeated(patch: Patch) -> None:
    async def through(self: Any, request: Any, handler: Any) -> Any:
        return await handler(request)

    patch.setattr(transport._OneShot, "__call__", through)
    patch.setattr(transport.Request, "reads", True)


def announcing_is_skipped(patch: Patch) -> None:
    real = transport.departing
    patch.setattr(transport, "departing", lambda permit, sending: real(None, None))


# ---- redaction ---------------------------------------------------------------------------------------------------


def answers_come_in_as_they_are(patch: Patch) -> None:
    """Cleaned too late: what was read is already on its way to the model and the database."""
    patch.setattr(client.KubeClient, "_clean", lambda self, found: found)


def secrets_only_at_the_top(patch: Patch) -> None:
    real = redaction.without_secrets

    def shallow(node: Any) -> Any:
        return real(node) if isinstance(node, dict) and node.get("kind") == "Secret" else node

    for place in (redaction, client.redaction):
        patch.setattr(place, "without_secrets", shallow)


MUTANTS = (
    Mutant("the hash of an approval is not compared", hash_is_not_compared, ("HM-3 the row is changed to B",)),
    Mutant("the expiry of an approval is not checked", expiry_is_not_checked, ("HM-20 expire then approve",)),
    Mutant("anybody decides", anybody_decides, ("HM-20 stranger approves", "HM-20 viewer approves")),
    Mutant("an approval stays open when its run has ended", void_is_not_checked, ("HM-20 stop then approve",)),
    Mutant("an approval is not used up", an_approval_is_not_used_up, probe=probes.an_approval_is_used_once),
    Mutant("the scope of a token is not compared", scope_is_not_compared, ("HM-20 write scope approves",)),
    Mutant("deny does not win", deny_does_not_win, ("HM-1 run a command",)),
    Mutant("the list is filtered, the call is not", the_list_is_filtered_and_the_call_is_not,
           ("HM-1 patch settings, nobody answers",)),
    Mutant("rights are not looked at again", rights_are_not_looked_at_again, ("HM-20 demote then approve",)),
    Mutant("the ceiling of a permit is ignored", ceiling_is_ignored, probe=probes.ceilings_hold),
    Mutant("the cluster of a permit is not compared", cluster_of_the_permit_is_not_compared,
           probe=probes.a_permit_is_for_its_cluster),
    Mutant("a request needs no permit", a_request_needs_no_permit, probe=probes.nothing_leaves_without_a_permit),
    Mutant("a proxy of a node is a read", proxies_of_nodes_are_reads, probe=probes.running_code_is_no_read),
    Mutant("the flag of a dry run is dropped", dry_run_is_dropped,
           ("HM-3 a dry run is asked, the real one follows",)),
    Mutant("writes are repeated", writes_are_repeated, probe=probes.writes_go_out_once),
    Mutant("announcing is skipped", announcing_is_skipped, probe=probes.nothing_leaves_unannounced),
    Mutant("answers are cleaned after they were kept", answers_come_in_as_they_are, ("HM-11 get full",)),
    Mutant("secrets are looked for at the top only", secrets_only_at_the_top, ("HM-11 an environment by path",)),
)  # fmt: skip
