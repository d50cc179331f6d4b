"""Faults seeded into the running gate, and what must notice each: scripts of this programme, or a probe of the wire.

A mutant whose place in the source has moved is an error: one that is not applied proves nothing.
"""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from chat import access, binding, deciding, gate, tool_calls
from chat import policy as policy_of_people
from chat.actions import approvals, calls, runs, tokens
from chat.audit.calls import Grounds
from chat.models import Approval
from tests.hostile import probes
from tools import policy, redaction
from tools.effects import Effect
from tools.kube import client, guard, signing, single, transport
from tools.kube.plan import Passes

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
    """Whatever is asked and whatever is done have one digest."""
    patch.setattr(binding, "digest", lambda value: "0" * 64)


def what_was_approved_is_not_tried_out_anew(patch: Patch) -> None:
    """Nor looked at when somebody decides: the rehearsal that people were asked about counts for ever."""
    real, first = tool_calls.rehearse, dict[str, Any]()

    async def rehearse(tool: Any, arguments: Any, cluster: str, permit: Any, acting: Any) -> Any:
        if permit.call_id not in first:
            first[permit.call_id] = await real(tool, arguments, cluster, permit, acting)
        return first[permit.call_id]

    async def look(*_: Any) -> None:
        return None

    patch.setattr(tool_calls, "rehearse", rehearse)
    patch.setattr(deciding, "look", look)


def expiry_is_not_checked(patch: Patch) -> None:
    """Both where a decision is taken and where it is used."""
    long_ago = timezone.now().replace(year=2000)
    clock = SimpleNamespace(now=lambda: long_ago)
    patch.setattr(approvals, "_expire_if_overdue", lambda approval: False)
    patch.setattr(approvals, "timezone", clock)
    patch.setattr(calls, "timezone", clock)


def anybody_decides(patch: Patch) -> None:
    for place in (approvals, gate):
        patch.setattr(place, "may_decide", lambda *_: True)
    patch.setattr(approvals, "find_approval", lambda user, key: Approval.objects.get(pk=key))
    patch.setattr(approvals, "require", lambda *_: None)


def void_is_not_checked(patch: Patch) -> None:
    """What waits when a run ends stays open."""
    assert runs.approvals is approvals
    patch.setattr(approvals, "void_pending", lambda *_: None)


def an_approval_is_not_used_up(patch: Patch) -> None:
    """Every execution finds it fresh, and none marks that it has begun."""

    def begin(claim: Any, call: Any, digest: str, grounds: Any) -> bool:
        return bool(Approval.objects.filter(tool_call=call, status="approved").count())

    patch.setattr(calls, "begin_approved", begin)


def scope_is_not_compared(patch: Patch) -> None:
    patch.setattr(tokens, "covers", lambda *_: True)


# ---- the verdict -------------------------------------------------------------------------------------------------


def deny_does_not_win(patch: Patch) -> None:
    for name in ("judge", "judge_strictly"):
        patch.setattr(policy, name, _without_denials(getattr(policy, name)))


def _without_denials(real: Callable[..., Any]) -> Callable[..., Any]:
    def judge(question: Any, rules: Any) -> Any:
        return real(question, replace(rules, rules=tuple(each for each in rules.rules if each.decision != "deny")))

    return judge


def the_list_is_filtered_and_the_call_is_not(patch: Patch) -> None:
    def open_gate(*_: Any, **__: Any) -> Any:
        return policy.Verdict("allow", "", "")

    def everything(_: Any, call: Any) -> SimpleNamespace:
        judging = {"first_look": open_gate, "of_plan": open_gate, "at_the_wire": lambda **__: open_gate}
        return SimpleNamespace(call=call, grounds=lambda _: Grounds(), **judging)

    patch.setattr(gate.policy, "present", everything)


def rights_are_not_looked_at_again(patch: Patch) -> None:
    for place, name in ((gate, "rights"), (policy_of_people, "rights"), (policy_of_people, "rights_of")):
        patch.setattr(place, name, lambda user: frozenset(access.Right))
    patch.setattr(gate.standing, "lost", lambda *_: "")
    real = gate.acting_for
    patch.setattr(gate, "acting_for", lambda *call: replace(real(*call), groups=frozenset({"operator"})))


def one_person_is_enough(patch: Patch) -> None:
    """Nothing needs a second person."""
    for name in ("judge", "judge_strictly"):
        patch.setattr(policy, name, _for_one(getattr(policy, name)))


def _for_one(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda question, rules: replace(real(question, rules), second_person=False)


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
    patch.setattr(single, "request", nullcontext)
    patch.setattr(transport.Request, "reads", True)


def announcing_is_skipped(patch: Patch) -> None:
    real = transport.departing
    patch.setattr(transport, "departing", lambda permit, sending: real(None, None))


def the_plan_is_not_compared_at_the_wire(patch: Patch) -> None:
    patch.setattr(guard, "spend", lambda *_, **__: None)


def a_step_leaves_as_often_as_it_is_sent(patch: Patch) -> None:
    patch.setattr(Passes, "spend", lambda self, sent: self._left[sent] > 0)


def a_command_is_asked_for_again(patch: Patch) -> None:
    """On a connection that breaks, and wherever the server points to."""
    patch.setattr(single, "request", nullcontext)


def nobody_is_named(patch: Patch) -> None:
    """The headers that say whom a request is for are left out: it is the portal's own identity then."""
    patch.setattr(signing, "impersonation", lambda *_: [])


def who_may_only_look_may_change(patch: Patch) -> None:
    patch.setattr(transport.Transport, "_keep_to_reading", lambda self, effect: None)


# ---- redaction ---------------------------------------------------------------------------------------------------


def answers_come_in_as_they_are(patch: Patch) -> None:
    """Cleaned too late: what was read is already on its way to the model and the database."""
    patch.setattr(client.KubeClient, "_clean", lambda self, found: found)


def masks_are_written(patch: Patch) -> None:
    patch.setattr(redaction, "shown_in", lambda written: "")


def secrets_only_at_the_top(patch: Patch) -> None:
    real = redaction.without_secrets

    def shallow(node: Any) -> Any:
        return real(node) if isinstance(node, dict) and node.get("kind") == "Secret" else node

    for place in (redaction, client.redaction):
        patch.setattr(place, "without_secrets", shallow)


MUTANTS = (
    Mutant("the hash of an approval is not compared", hash_is_not_compared, ("HM-3 the row is changed to B",)),
    Mutant("what was approved is not tried out anew", what_was_approved_is_not_tried_out_anew,
           ("HM-20 the object changes before the yes",)),
    Mutant("the expiry of an approval is not checked", expiry_is_not_checked, ("HM-20 expire then approve",)),
    Mutant("anybody decides", anybody_decides, ("HM-20 stranger approves", "HM-20 viewer approves")),
    Mutant("an approval stays open when its run has ended", void_is_not_checked, ("HM-20 stop then approve",)),
    Mutant("an approval is not used up", an_approval_is_not_used_up, probe=probes.an_approval_is_used_once),
    Mutant("the scope of a token is not compared", scope_is_not_compared, ("HM-20 write scope approves",)),
    Mutant("deny does not win", deny_does_not_win, probe=probes.a_denial_wins),
    Mutant("the list is filtered, the call is not", the_list_is_filtered_and_the_call_is_not,
           ("HM-1 patch settings, nobody answers",)),
    Mutant("rights are not looked at again", rights_are_not_looked_at_again, ("HM-20 demote then approve",)),
    Mutant("one person is enough", one_person_is_enough, ("HM-10 a role binding, of one's own",)),
    Mutant("the ceiling of a permit is ignored", ceiling_is_ignored, probe=probes.ceilings_hold),
    Mutant("the cluster of a permit is not compared", cluster_of_the_permit_is_not_compared,
           probe=probes.a_permit_is_for_its_cluster),
    Mutant("a request needs no permit", a_request_needs_no_permit, probe=probes.nothing_leaves_without_a_permit),
    Mutant("a proxy of a node is a read", proxies_of_nodes_are_reads, probe=probes.running_code_is_no_read),
    Mutant("the flag of a dry run is dropped", dry_run_is_dropped,
           ("HM-3 a dry run is made, the real one follows",)),
    Mutant("writes are repeated", writes_are_repeated, probe=probes.writes_go_out_once),
    Mutant("announcing is skipped", announcing_is_skipped, probe=probes.nothing_leaves_unannounced),
    Mutant("the plan is not compared at the wire", the_plan_is_not_compared_at_the_wire,
           probe=probes.only_what_was_rehearsed_leaves),
    Mutant("a step leaves as often as it is sent", a_step_leaves_as_often_as_it_is_sent,
           probe=probes.only_what_was_rehearsed_leaves),
    Mutant("a command is asked for again", a_command_is_asked_for_again, probe=probes.a_command_is_asked_for_once),
    Mutant("whom a request is for is left out", nobody_is_named, probe=probes.requests_say_whom_they_are_for),
    Mutant("an identity for looking changes things", who_may_only_look_may_change,
           probe=probes.an_identity_for_looking_changes_nothing),
    Mutant("answers come in as they are", answers_come_in_as_they_are, probe=probes.answers_come_in_clean),
    Mutant("what stands for a secret is written", masks_are_written, probe=probes.masks_stay_out),
    Mutant("secrets are looked for at the top only", secrets_only_at_the_top, ("HM-11 an environment by path",)),
)  # fmt: skip
