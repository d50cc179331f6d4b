"""What people are told of their own rights."""

import pytest

from tests.tools.catalogue.conftest import Ask
from tools.catalogue import rights


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("pods", ("pods", "")),
        ("pods/exec", ("pods", "exec")),
        ("v1/pods", ("v1/pods", "")),
        ("apps/v1/Deployment", ("apps/v1/Deployment", "")),
        ("deployments.apps/scale", ("deployments.apps", "scale")),
    ],
)
def test_a_kind_may_name_a_subresource(words: str, parts: tuple[str, str]) -> None:
    assert rights._parts(words) == parts


async def test_one_question_gets_yes_or_no_and_who_was_asked_about(ask: Ask) -> None:
    yes = await ask("k8s_can_i", verb="create", kind="pods/exec", namespace="shop")
    assert yes.text.startswith("Yes: k8smcp:somebody may create pods/exec in shop.")
    assert (yes.data["allowed"], yes.data["subresource"]) == (True, "exec")
    everywhere = await ask("k8s_can_i", verb="delete", kind="deploy")
    assert everywhere.text.startswith("Yes: k8smcp:somebody may delete deployments.apps, in every namespace.")


async def test_without_a_question_all_rights_are_listed(ask: Ask) -> None:
    outcome = await ask("k8s_can_i", namespace="shop")
    assert outcome.text.startswith("k8smcp:somebody has 3 rules in shop.")
    assert {"resources": ["*"], "groups": ["*"], "verbs": ["*"], "names": []} in outcome.data["rules"]


async def test_half_a_question_is_refused(ask: Ask) -> None:
    outcome = await ask("k8s_can_i", verb="delete")
    assert outcome.text == "Give verb and kind for one question, or neither for all rights in a namespace."
