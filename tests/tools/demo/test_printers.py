"""The rows of Tables, held against those a real API server printed for the same objects."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tools.demo.kinds import Kind, built_in
from tools.demo.printers.durations import human
from tools.demo.printers.pods import Summary
from tools.demo.tables import cells, columns
from tools.demo.versions import to_stored

ROOT = Path(__file__).resolve().parents[3]
CORPUS = Path(os.environ.get("GOLDEN_CORPUS", ROOT.parent / "shared" / "kube" / "golden-1.36"))
TABLES = sorted((CORPUS / "tables").glob("*.table.json"))
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
AGE, AGO = re.compile(r"^(\d+[ydhms]){1,2}$"), re.compile(r"(\d+[ydhms]){1,2} ago")


def masked(row: list[Any]) -> list[Any]:
    return [AGO.sub("AGE ago", AGE.sub("AGE", cell)) if isinstance(cell, str) else cell for cell in row]


def kind_of(listed: dict[str, Any]) -> Kind:
    """The built-in kind of a list; the metrics were recorded from stand-ins and are left out."""
    kind = listed["kind"].removesuffix("List")
    return next(k for k in built_in() if (k.api_version, k.kind) == (listed["apiVersion"], kind))


@pytest.mark.golden
@pytest.mark.parametrize("path", [p for p in TABLES if "crd" not in p.name], ids=lambda path: path.name.split(".")[0])
def test_every_recorded_row_is_printed_the_same(path: Path) -> None:
    table = json.loads(path.read_text())["body"]
    listed = json.loads(path.with_name(path.name.replace(".table.", ".list.")).read_text())["body"]
    kind = kind_of(listed)
    objects = {(o["metadata"].get("namespace"), o["metadata"]["name"]): to_stored(kind, o) for o in listed["items"]}
    assert table["rows"]
    assert columns(kind) == table["columnDefinitions"]
    for row in table["rows"]:
        meta = row["object"]["metadata"]
        printed = cells(kind, objects[meta.get("namespace"), meta["name"]], NOW)
        assert masked(printed) == masked(row["cells"])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (185, "3m5s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (11100, "3h5m"),
        (28800, "8h"),
        (172799, "47h"),
        (172800, "2d"),
        (176400, "2d1h"),
        (691200, "8d"),
        (63072000, "2y"),
        (63158400, "2y1d"),
        (252288000, "8y"),
    ],
)
def test_ages_have_two_units_only_where_both_matter(seconds: int, text: str) -> None:
    assert human(timedelta(seconds=seconds)) == text


def pod_with(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c"}]},
        "status": {"phase": "Pending", **status},
    }


def container(**state: Any) -> dict[str, Any]:
    return {"name": "c", "restartCount": 0, "state": state}


@pytest.mark.parametrize(
    ("pod", "reason"),
    [
        (pod_with(), "Pending"),
        (pod_with(reason="Evicted", phase="Failed"), "Evicted"),
        (pod_with(containerStatuses=[container(waiting={"reason": "ImagePullBackOff"})]), "ImagePullBackOff"),
        (pod_with(containerStatuses=[container(terminated={"exitCode": 3})]), "ExitCode:3"),
        (pod_with(containerStatuses=[container(terminated={"exitCode": 0, "signal": 9})]), "Signal:9"),
        (pod_with(initContainerStatuses=[container(running={})]), "Init:0/0"),
        (pod_with(initContainerStatuses=[container(terminated={"exitCode": 2})]), "Init:ExitCode:2"),
        (pod_with(initContainerStatuses=[container(waiting={"reason": "CrashLoopBackOff"})]), "Init:CrashLoopBackOff"),
        (pod_with(conditions=[{"type": "PodScheduled", "reason": "SchedulingGated"}]), "SchedulingGated"),
    ],
)
def test_a_pod_is_summed_up_in_one_word(pod: dict[str, Any], reason: str) -> None:
    assert Summary(pod).reason == reason
