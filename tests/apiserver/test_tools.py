"""Runs every tool of the registry against a real API server, as it is meant and as it must be refused."""

from pathlib import Path

import pytest
import yaml
from channels.db import database_sync_to_async

from tests.apiserver import draft_cases
from tests.apiserver.cluster import await_true
from tests.apiserver.control_plane import ControlPlane, free_ports
from tests.apiserver.tool_case import Case
from tests.apiserver.tool_cases import FAILS, WORKS
from tests.apiserver.tool_stage import SECRET, Stage
from tools import clusters, registry
from tools.spec import Tool
from tools.toolbox import Outcome

on_real_server = [pytest.mark.apiserver, pytest.mark.django_db(transaction=True)]
NAMES = [tool.name for tool in registry.all_tools() if not tool.inside]
SECONDS = 20.0


def needs_cluster(name: str) -> bool:
    """Whether the tool fails when its cluster does not answer: drafts need none, the others tell it."""
    return "draft" not in name and name not in ("clusters_list", "fleet_query")


def cases(table: dict[str, list[Case]]) -> list[object]:
    """One parameter per case, named after the tool."""
    return [
        pytest.param(name, case, id=f"{name}-{number}", marks=on_real_server)
        for name, found in table.items()
        for number, case in enumerate(found)
    ]


def prepare(stage: Stage, case: Case) -> None:
    if stage.plane.minor > case.up_to:
        pytest.skip(f"The fake node agent cannot play this with an API server newer than 1.{case.up_to}.")
    if case.before:
        case.before(stage)


def check_words(stage: Stage, case: Case, outcome: Outcome) -> None:
    for words in case.says if stage.plane.minor >= case.since else (case.older,):
        assert stage.filled(words) in outcome.text, outcome.text
    for words in case.hides:
        assert stage.filled(words) not in outcome.text, outcome.text
    assert SECRET not in outcome.full
    assert SECRET not in str(outcome.data)


@pytest.mark.parametrize("name", NAMES)
def test_every_tool_has_a_case_that_works_and_one_that_fails(name: str) -> None:
    assert WORKS.get(name), f"add a case for {name} to WORKS in tests/apiserver/reading_cases.py or writing_cases.py"
    assert name in FAILS, f"add a case for {name} to FAILS in tests/apiserver/reading_cases.py or writing_cases.py"


def test_no_case_is_for_a_tool_that_is_gone() -> None:
    assert (WORKS.keys() | FAILS.keys()) - set(NAMES) == set()


@pytest.mark.parametrize(("name", "case"), cases(WORKS))
async def test_the_tool_does_what_it_says(stage: Stage, name: str, case: Case) -> None:
    prepare(stage, case)
    outcome = await stage.run(name, case.arguments, case.user)
    if stage.plane.minor < case.since:
        assert (outcome.status, case.older in outcome.text) == ("failed", True), outcome.text
        return
    assert outcome.status == "completed", outcome.text
    check_words(stage, case, outcome)
    if case.after:
        await_true(lambda: bool(case.after and case.after(stage)), SECONDS, f"{name} shows in the cluster")


@pytest.mark.parametrize(("name", "case"), cases(FAILS))
async def test_the_tool_says_in_a_sentence_why_it_cannot(stage: Stage, name: str, case: Case) -> None:
    prepare(stage, case)
    outcome = await stage.run(name, case.arguments, case.user)
    assert outcome.status == "failed", outcome.text
    assert outcome.text.rstrip()[-1] in ".!?)", outcome.text
    check_words(stage, case, outcome)
    if case.after:
        assert case.after(stage), "the refused call changed the cluster"


@pytest.mark.parametrize("tool", [tool for tool in registry.all_tools() if tool.effect.writes], ids=lambda t: t.name)
def test_every_change_has_a_case_that_is_forbidden(tool: Tool) -> None:
    refused = [case for case in FAILS.get(tool.name, []) if case.user != "admin"]
    assert refused, f"add a case that {tool.name} is forbidden to a viewer"


@pytest.mark.apiserver
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", draft_cases.WORKS["manifest_draft"], ids=draft_cases.KINDS)
async def test_every_draft_is_accepted_in_a_dry_run(stage: Stage, case: Case) -> None:
    outcome = await stage.run("manifest_draft", case.arguments)
    assert outcome.data is not None
    assert draft_cases.accepted(stage, outcome.data["manifest"]) == ""


@pytest.fixture(scope="module")
def estranged(api_server: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kubeconfig with two contexts that lead nowhere: `gone` has no server, `stranger` a token nobody knows."""
    document = yaml.safe_load(api_server.kubeconfig.read_text())
    authority = document["clusters"][0]["cluster"]["certificate-authority-data"]
    servers = {"gone": f"https://127.0.0.1:{free_ports(1)[0]}", "stranger": api_server.server}
    document["clusters"] = [
        {"name": name, "cluster": {"server": server, "certificate-authority-data": authority}}
        for name, server in servers.items()
    ]
    document["users"] = [{"name": "nobody", "user": {"token": "nobody-has-this"}}]
    document["contexts"] = [{"name": name, "context": {"cluster": name, "user": "nobody"}} for name in servers]
    document["current-context"] = "gone"
    path = tmp_path_factory.mktemp("estranged") / "kubeconfig.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.apiserver
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("context", ["gone", "stranger"])
@pytest.mark.parametrize("name", [name for name in NAMES if needs_cluster(name)])
async def test_a_cluster_that_does_not_let_us_in_is_told_in_a_sentence(
    stage: Stage, estranged: Path, name: str, context: str
) -> None:
    await database_sync_to_async(clusters.register)(estranged)
    outcome = await stage.run(name, WORKS[name][0].arguments, context)
    assert outcome.status == "failed", outcome.text
    assert context in outcome.text
    assert "nobody-has-this" not in outcome.full
