"""The rig is worth its time only if it notices: a dozen seeded faults, each of which must make it fail."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.simulation.mutants import AT_ONCE, HARMLESS, MUTANTS, ROOT, Mutant, applied, caught

ONCE = pytest.mark.skipif(os.environ.get("K8SMCP_TEST_SERVICES") == "1", reason="a copy of the tree runs on SQLite")


def test_every_mutant_fits_the_source():
    assert len(MUTANTS) >= 10
    for mutant in MUTANTS:
        applied(mutant, (ROOT / mutant.file).read_text(encoding="utf-8"))


def test_a_mutant_whose_source_has_moved_is_an_error():
    for source in ("", "here here"):
        with pytest.raises(ValueError, match="make the mutant anew"):
            applied(Mutant("moved", "file", "here", "there", "test"), source)


@ONCE
def test_a_copy_without_a_fault_passes():
    is_caught, told = caught(HARMLESS, tries=1)
    assert not is_caught
    assert "1 passed" in told


@ONCE
def test_every_mutant_is_caught():
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(MUTANTS, pool.map(caught, MUTANTS), strict=True))
    assert [f"{mutant.name}\n{told}" for mutant, (is_caught, told) in found.items() if not is_caught] == []
