"""A gate with a fault in it is noticed: each seeded mutant is caught, and without one everything passes."""

import pytest

from tests.hostile import figures
from tests.hostile.campaign import play
from tests.hostile.families import SCRIPTS
from tests.hostile.judging import judge
from tests.hostile.mutants import MUTANTS, Mutant
from tests.hostile.probes import PROBES

CAUGHT: list[str] = []


def chosen(*names: str):
    return [next(each for each in SCRIPTS if each.name == name) for name in names]


async def faults(mutant: Mutant, ground, settings) -> list[str]:
    told = await mutant.probe() if mutant.probe else []
    if mutant.scripts:
        verdicts = judge(await play(chosen(*mutant.scripts), ground, settings))
        told += [f"{each.script}: {fault}" for each in verdicts for fault in each.faults]
    return told


def test_there_are_at_least_fifteen():
    assert len(MUTANTS) >= 15


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
async def test_a_mutant_is_caught(mutant, crew, ground, settings):
    with pytest.MonkeyPatch.context() as patch:
        mutant.apply(patch)
        found = await faults(mutant, ground, settings)
    assert found, "nobody noticed"
    CAUGHT.append(mutant.name)


async def test_without_a_mutant_the_same_scripts_hold(crew, ground, settings):
    names = sorted({name for each in MUTANTS for name in each.scripts})
    verdicts = judge(await play(chosen(*names), ground, settings))
    assert {each.script: each.faults for each in verdicts if each.faults} == {}
    line = f"seeded mutants of the gate: {len(CAUGHT)} of {len(MUTANTS)} caught"
    figures.note("mutants of the gate", line, caught=len(CAUGHT), mutants=len(MUTANTS))


@pytest.mark.parametrize("probe", PROBES, ids=lambda each: each.__name__)
async def test_a_probe_finds_nothing(probe, transactional_db):
    assert await probe() == []
