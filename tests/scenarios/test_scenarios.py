"""Every scenario on the demo cluster and on a real API server; SCENARIOS=s01,s34 plays only these."""

import os
from pathlib import Path
from typing import Any

import pytest

from chat.launch import Crew
from tests.hostile.ground import Ground
from tests.scenarios import summary
from tests.scenarios.families import SCENARIOS
from tests.scenarios.part import Part
from tests.scenarios.place import kinds_of
from tests.scenarios.playing import play
from tests.scenarios.scenario import Scenario

CHOSEN = tuple(name for name in os.environ.get("SCENARIOS", "").split(",") if name)


def test_no_two_scenarios_share_a_name() -> None:
    names = [each.name.partition("-")[0] for each in SCENARIOS]
    assert len(set(names)) == len(names) == 34


async def test_all_are_solved_on_the_demo_cluster(
    crew: Crew, demo_cluster: Ground, settings: Any, tmp_path: Path
) -> None:
    await solved("demo cluster", demo_cluster, settings, tmp_path)


@pytest.mark.apiserver
async def test_all_are_solved_on_a_real_api_server(
    crew: Crew, real_cluster: Ground, settings: Any, tmp_path: Path
) -> None:
    await solved("real API server", real_cluster, settings, tmp_path)


async def solved(where: str, ground: Ground, settings: Any, folder: Path) -> None:
    """Plays side by side what disturbs nobody, then the others one by one; fails with every fault, a line each."""
    chosen = [each for each in SCENARIOS if not CHOSEN or each.name.startswith(CHOSEN)]
    fit, rest = await possible(chosen, ground)
    parts: list[Part] = []
    for group in ([each for each in fit if not each.alone], *([each] for each in fit if each.alone)):
        parts += await play(group, ground, settings, folder)
    faults = {part.scenario.name: part.faults for part in parts if part.faults}
    summary.note(where, len(parts) - len(faults), len(chosen), rest)
    if faults:
        pytest.fail("\n".join(f"{name}: {fault}" for name, found in faults.items() for fault in found), pytrace=False)


async def possible(scenarios: list[Scenario], ground: Ground) -> tuple[list[Scenario], dict[str, str]]:
    """Those that this cluster can play, and why not the others."""
    async with ground:
        served = {each.kind for each in (await kinds_of(ground)).values()}
        _, version = await ground.ask("GET", "/version")
    missing = [each for each in scenarios if each.needs and each.needs not in served]
    why = {each.name: f"Kubernetes {version['gitVersion']} serves no {each.needs}" for each in missing}
    return [each for each in scenarios if each not in missing], why
