"""A history: all journals of one rehearsal, read into memory and put in order."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.rig.journal import Line, read

NEEDED = ("events.jsonl", "runs.jsonl", "calls.jsonl", "cluster.jsonl", "model.jsonl", "faults.jsonl")


def plain(name: Any) -> str:
    """A uuid as all journals have it, with or without hyphens."""
    return str(name).replace("-", "")


def moment(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 time; UTC when it does not say."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


@dataclass(slots=True)
class History:
    """`clients`: name → lines; `events`: conversation → events in order; `missing`: journals that are not there."""

    clients: dict[str, list[Line]] = field(default_factory=dict)
    events: dict[str, list[Line]] = field(default_factory=dict)
    runs: list[Line] = field(default_factory=list)
    calls: list[Line] = field(default_factory=list)
    cluster: list[Line] = field(default_factory=list)
    model: list[Line] = field(default_factory=list)
    faults: list[Line] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> "History":
        events: dict[str, list[Line]] = defaultdict(list)
        for event in read(folder / "events.jsonl"):
            events[plain(event["conversation_id"])].append(event)
        paths = sorted(folder.glob("client-*.jsonl"))
        return cls(
            clients={path.stem.removeprefix("client-"): list(read(path)) for path in paths},
            events=dict(events),
            runs=list(read(folder / "runs.jsonl")),
            calls=list(read(folder / "calls.jsonl")),
            cluster=list(read(folder / "cluster.jsonl")),
            model=list(read(folder / "model.jsonl")),
            faults=list(read(folder / "faults.jsonl")),
            missing=[name for name in NEEDED if not (folder / name).exists()] + ([] if paths else ["client-*.jsonl"]),
        )

    def by_run(self) -> dict[str, list[Line]]:
        """Every run of the database, also one without an event."""
        found: dict[str, list[Line]] = {plain(run["id"]): [] for run in self.runs}
        for events in self.events.values():
            for event in events:
                if event["run_id"]:
                    found.setdefault(plain(event["run_id"]), []).append(event)
        return found

    def commands(self, op: str = "") -> dict[str, list[Line]]:
        """Command id → its invoke and all answers that came, of all clients."""
        found: dict[str, list[Line]] = {}
        for lines in self.clients.values():
            for line in lines:
                if line["kind"] == "invoke" and op in ("", line["op"]):
                    found.setdefault(line["id"], []).append(line)
                elif line["kind"] in ("ok", "fail", "unknown") and line["id"] in found:
                    found[line["id"]].append(line)
                elif line["kind"] == "frame" and line["frame"]["type"] in ("ack", "nack"):
                    _answer(found, line)
        return found

    def changes(self) -> list[Line]:
        """Requests that could change the cluster: no reads, no dry runs, no reviews of rights."""
        return [
            line
            for line in self.cluster
            if line["method"] not in ("GET", "HEAD", "OPTIONS")
            and not line["dry_run"]
            and not line["path"].startswith("/apis/authorization.k8s.io/")
            and not line["path"].startswith("/apis/authentication.k8s.io/")
        ]


def _answer(found: dict[str, list[Line]], line: Line) -> None:
    name = line["frame"]["data"].get("id")
    if name in found:
        found[name].append({"kind": line["frame"]["type"], "answer": line["frame"]["data"], "at": line["at"]})
