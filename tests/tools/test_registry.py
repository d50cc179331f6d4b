"""The catalogue as programs know it: names and schemas change only on purpose."""

import json
import os
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tools import registry
from tools.effects import Effect
from tools.page import page
from tools.spec import Tool

GOLDEN = Path(__file__).parent.parent / "golden" / "tools.json"
PAGE = Path(__file__).parents[2] / "docs" / "tools.md"
RENEW = "RENEW_GOLDEN"
TOOLS = registry.all_tools()
READS = {
    "k8s_list",
    "k8s_discover",
    "k8s_events",
    "k8s_top",
    "k8s_rollout_status",
    "k8s_rollout_history",
    "clusters_list",
    "cluster_status",
    "manifest_draft",
    "result_read",
    "tool_find",
    "k8s_can_i",
    "k8s_wait",
    "k8s_images",
    "k8s_relations",
    "gitops_status",
    "k8s_changes",
    "fleet_query",
}
EFFECTS = {
    Effect.READ: READS,
    Effect.SENSITIVE: {
        "k8s_get",
        "k8s_describe",
        "k8s_diagnose",
        "k8s_logs",
        "secret_inspect",
        "helm_list",
        "helm_get",
        "k8s_compare",
        "node_stats",
    },
    Effect.CHANGE: {
        "k8s_apply",
        "k8s_patch",
        "k8s_scale",
        "k8s_set",
        "k8s_rollout_do",
        "k8s_label",
        "job_run",
        "node_cordon",
        "node_uncordon",
        "namespace_create",
    },
    Effect.DESTROY: {"k8s_delete", "node_taint", "node_drain", "pod_evict", "finalizer_clear"},
    Effect.EXECUTE: {"pod_exec", "pod_debug", "http_probe", "node_logs"},
}


def catalogue() -> list[dict[str, object]]:
    return [
        {
            "name": tool.name,
            "title": tool.title,
            "description": tool.description,
            "effect": tool.effect.value,
            "core": tool.core,
            "input_schema": tool.input_schema(),
        }
        for tool in TOOLS
    ]


@pytest.mark.parametrize("kept", [GOLDEN, PAGE], ids=lambda path: path.name)
def test_the_catalogue_is_what_was_agreed(kept: Path) -> None:
    """After a change on purpose: run this file with RENEW_GOLDEN=1 and look at the difference."""
    now = page(TOOLS) if kept == PAGE else json.dumps(catalogue(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get(RENEW) == "1":
        kept.write_text(now)
    assert kept.read_text() == now


@pytest.mark.parametrize("effect", list(Effect))
def test_each_tool_has_the_effect_it_should_have(effect: Effect) -> None:
    assert {tool.name for tool in TOOLS if tool.effect is effect} == EFFECTS[effect]


def test_the_schemas_that_are_always_loaded_stay_small() -> None:
    """3,000 tokens; schemas have four bytes a token (`python -m bench tokens` counts them)."""
    core = [tool for tool in TOOLS if tool.core]
    schemas = [[tool.name, tool.description, tool.input_schema()] for tool in core]
    assert 10 <= len(core) <= 14
    assert len(json.dumps(schemas, separators=(",", ":"))) < 3000 * 4


def test_what_is_always_loaded_changes_nothing() -> None:
    assert [tool.name for tool in TOOLS if tool.core and tool.effect.writes] == []


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_schema_is_closed_and_says_what_it_takes(tool: Tool) -> None:
    schema = tool.input_schema()
    assert schema["additionalProperties"] is False
    assert schema["type"] == "object"
    assert ("cluster" in schema["properties"]) is not tool.inside
    assert tool.description.endswith(".")
    assert len(tool.title.split()) <= 3


def test_a_tool_is_found_by_name() -> None:
    assert registry.find("k8s_list").name == "k8s_list"
    with pytest.raises(registry.UnknownTool, match="Did you mean k8s_list"):
        registry.find("k8s_lst")
    with pytest.raises(registry.UnknownTool, match='no tool "rm"'):
        registry.find("rm")


def test_the_page_is_written_by_a_command_too() -> None:
    written = StringIO()
    call_command("tools_page", stdout=written)
    assert written.getvalue() == PAGE.read_text()


def test_a_row_of_the_page_is_one_row() -> None:
    odd = replace(TOOLS[0], description="One | two,\nthree.")
    assert page([odd]).splitlines()[-1] == f"| `{odd.name}` | {odd.effect} | One \\| two, three. |"
