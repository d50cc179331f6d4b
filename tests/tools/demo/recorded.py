"""The recorded answers of a real API server, for tests that hold one function against them."""

import functools
import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[3]
CORPUS = Path(os.environ.get("GOLDEN_CORPUS") or ROOT.parent / "shared" / "kube" / "golden-1.36")

needs_recording = pytest.mark.skipif(
    not (CORPUS / "exchanges.jsonl").exists(),
    reason="needs the recorded answers of a real API server: set GOLDEN_CORPUS to their folder",
)


@functools.cache
def exchanges() -> dict[str, Json]:
    """Every recorded exchange by its id, in order."""
    with (CORPUS / "exchanges.jsonl").open(encoding="utf-8") as source:
        return {each["id"]: each for each in map(json.loads, source)}


@functools.cache
def _replay() -> ModuleType:
    spec = importlib.util.spec_from_file_location("golden_replay_of_the_recording", CORPUS / "replay.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def _masks() -> Any:
    return _replay().Masks(json.loads((CORPUS / "masks.json").read_text()))


def differences(want: Any, got: Any) -> list[Any]:
    """What differs once the values that vary from run to run are masked."""
    found: list[Any] = _replay().diff(_masks().apply(want), _masks().apply(got))
    return found


def address(path: str) -> tuple[str, str]:
    """Group and plural of a collection's or an object's path; subresources are not looked at."""
    parts = path.strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    if rest[0] == "namespaces" and len(rest) > 2:
        rest = rest[2:]
    return group, rest[0]
