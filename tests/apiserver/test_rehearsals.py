"""On a real API server: what a rehearsal records is what the tool then sends, and the rehearsal stores nothing."""

from datetime import UTC, datetime

import pytest
from channels.db import database_sync_to_async

from tests.apiserver import leaving_cases, writing_cases
from tests.apiserver.cluster import await_true
from tests.apiserver.stage_moves import owned_by_another
from tests.apiserver.test_tools import SECONDS, cases, check_words, prepare
from tests.apiserver.tool_case import Case
from tests.apiserver.tool_cases import WORKS
from tests.apiserver.tool_stage import Stage
from tests.tools.api import announced
from tools import clusters, registry, toolbox
from tools.effects import Effect
from tools.identity import NOBODY
from tools.kube.guard import Permit
from tools.kube.plan import Passes
from tools.rehearsal import Rehearsal, rehearse, states

CHANGES = {name: found for name, found in WORKS.items() if registry.find(name).effect.writes}
WISHED = datetime.now(UTC)
READ = Permit("look", "admin", Effect.SENSITIVE)


async def rehearsed(stage: Stage, name: str, case: Case) -> Rehearsal:
    await database_sync_to_async(clusters.register)(stage.plane.kubeconfig)
    tool = registry.find(name)
    arguments = toolbox.parse(tool, stage.filled(case.arguments))
    permit = Permit("staged", case.user, Effect.EXECUTE, rehearsal=True, moment=WISHED)
    return await rehearse(tool, arguments, case.user, permit, NOBODY)


@pytest.mark.parametrize(("name", "case"), cases(CHANGES))
async def test_what_was_rehearsed_is_what_is_sent(stage: Stage, name: str, case: Case) -> None:
    prepare(stage, case)
    tried = await rehearsed(stage, name, case)
    if stage.plane.minor < case.since:
        assert case.older in tried.refusal
        return
    assert not tried.refusal
    places = [step.address for step in tried.steps]
    before = await states(case.user, READ, NOBODY, places)
    again = await rehearsed(stage, name, case)
    assert await states(case.user, READ, NOBODY, places) == before
    assert [step.bound() for step in again.steps] == [step.bound() for step in tried.steps]
    tool = registry.find(name)
    permit = Permit("staged", case.user, Effect.EXECUTE, announce=announced, plan=Passes(again.steps), moment=WISHED)
    outcome = await toolbox.run(tool, toolbox.parse(tool, stage.filled(case.arguments)), case.user, permit)
    assert outcome.status == "completed", outcome.text
    check_words(stage, case, outcome)
    if case.after:
        await_true(lambda: bool(case.after and case.after(stage)), SECONDS, f"{name} shows in the cluster")


@pytest.mark.apiserver
@pytest.mark.django_db(transaction=True)
async def test_what_a_forced_apply_takes_is_named(stage: Stage) -> None:
    case = Case(
        {"manifest": writing_cases.SHARED, "namespace": "{ns}", "force": True}, before=owned_by_another("shared")
    )
    prepare(stage, case)
    (step,) = (await rehearsed(stage, "k8s_apply", case)).steps
    (sentence,) = step.taken
    assert sentence.startswith('Takes .data.mode over: conflict with "another"')


@pytest.mark.apiserver
@pytest.mark.django_db(transaction=True)
async def test_a_pod_that_a_budget_holds_stays_in_the_plan_of_a_drain(stage: Stage) -> None:
    node = leaving_cases.spare_with_a_guarded_pod(stage)
    tried = await rehearsed(stage, "node_drain", Case({"node": node, "force": True}))
    assert not tried.refusal
    assert [step.verb for step in tried.steps] == ["patch", "evict"]
    assert "held-back" in tried.steps[1].blocked
    assert leaving_cases.left_alone(stage)
