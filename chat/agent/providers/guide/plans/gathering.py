"""Collects what the diagnosis needs about ill pods, in as few rounds as possible, and lets the rules judge."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.diagnosis import pods
from chat.agent.providers.guide.diagnosis.case import Case, owner_of
from chat.agent.providers.guide.diagnosis.crashes import last_words
from chat.agent.providers.guide.diagnosis.finding import Finding, Note
from chat.agent.providers.guide.diagnosis.quantities import amount
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.rows import Row, items, objects_of, rows_of, thing_of, walk
from chat.agent.providers.guide.steps import Call, Found, Json
from chat.agent.providers.guide.together import Asking, together

MOST_EXAMINED = 8
LINES = 40
IMAGE = re.compile(r"[\w./:@-]+")  # what is offered to be typed must read back as one image
ALLOCATABLE = {"cpu": "status.allocatable.cpu", "memory": "status.allocatable.memory"}


@dataclass(slots=True)
class Notebook:
    """notes: warnings of the place that is looked at, newest first."""

    notes: list[Note] = field(default_factory=list)

    def about(self, thing: Thing) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if (note.name, note.namespace) == (thing.name, thing.namespace))


def notes_of(found: Found) -> list[Note]:
    """The lines of a k8s_events answer."""
    notes = []
    for event in items(found.data, "events"):
        kind, _, name = str(event.get("object") or "").partition("/")
        count = event.get("count")
        notes.append(
            Note(
                str(event.get("reason") or ""),
                str(event.get("message") or ""),
                kind,
                name,
                str(event.get("namespace") or ""),
                str(event.get("type") or ""),
                count if isinstance(count, int) else 1,
                str(event.get("last") or ""),
            )
        )
    return notes


def one_of_each(rows: Iterable[Row]) -> list[Row]:
    """One pod for each owner and kind of trouble: its brothers have the same."""
    chosen: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row.thing.namespace, row.thing.name.rpartition("-")[0] or row.thing.name)
        kept = chosen.get(key)
        if kept is None or row.number("RESTARTS") > kept.number("RESTARTS"):
            chosen[key] = row
    return list(chosen.values())


def examine_pods(rows: list[Row], notebook: Notebook, cluster: str) -> Asking[list[Finding]]:
    """Reads the pods and the last words of those that ended, then what their trouble asks for, and judges."""
    chosen = rows[:MOST_EXAMINED]
    by_place: dict[str, list[str]] = defaultdict(list)
    for row in chosen:
        by_place[row.thing.namespace].append(row.thing.name)
    first: dict[tuple[str, object], Call] = {
        ("get", place): calls.getting("pods", names, place, cluster) for place, names in by_place.items()
    }
    first |= {
        ("log", row.thing): calls.logs(row.thing, cluster, previous=row.number("RESTARTS") > 0, tail=LINES)
        for row in chosen
        if _ended(row)
    }
    names = phrasing.listed([row.thing.name for row in chosen[:3]]) + (" and others" if len(chosen) > 3 else "")
    answers = yield from together(first, f"Looking closer at {names}…")
    bodies = [body for (what, _), found in answers.items() if what == "get" for body in objects_of(found)]
    logs = {thing: log_text(found) for (what, thing), found in answers.items() if what == "log"}
    further = yield from together(_further(bodies, logs, cluster), "Looking at what it was before…" if bodies else "")
    largest, services = _largest(further.get("nodes")), _services(further.get("services"))
    judged = []
    for body in bodies:
        me, owner = thing_of(body, "pods"), owner_of(body)
        history = further.get(owner)
        case = Case(
            body, logs.get(me, ""), notebook.about(me), earlier_images(history), largest, serving(history), services
        )
        finding = pods.examine(case)
        judged += [finding] if finding else []
    return judged


def log_text(found: Found) -> str:
    """The lines of a k8s_logs answer, or "" when there is no log."""
    if found.failed:
        return ""
    lines = walk(found.data, "lines")
    return "\n".join(str(line) for line in lines) if isinstance(lines, list) else found.text


def earlier_images(found: Found | None) -> tuple[str, ...]:
    """The images of a k8s_rollout_history answer, newest revision first."""
    if found is None or found.failed:
        return ()
    revisions = sorted(items(found.data, "revisions"), key=lambda revision: -_number(revision.get("revision")))
    images: list[str] = []
    for revision in revisions:
        said = revision.get("images")
        images += [str(image) for image in said] if isinstance(said, list) else [str(said)] if said else []
    return tuple(image for image in dict.fromkeys(images) if IMAGE.fullmatch(image))


def serving(found: Found | None) -> int:
    """Ready pods of revisions that are not the current one."""
    revisions = items(found.data, "revisions") if found else iter(())
    return sum(r["ready"] for r in revisions if not r.get("current") and isinstance(r.get("ready"), int))


def _number(value: Json) -> int:
    return int(value) if str(value).isdigit() else 0


def _ended(row: Row) -> bool:
    status = row["STATUS"]
    return (
        row.number("RESTARTS") > 0
        or status in {"Error", "OOMKilled", "CrashLoopBackOff", "Failed"}
        or "Error" in status
    )


def _further(bodies: list[Json], logs: dict[object, str], cluster: str) -> dict[Thing | str, Call]:
    wanted: dict[Thing | str, Call] = {}
    if any(last_words(log).trouble == "variable" for log in logs.values()):
        wanted["services"] = calls.listing("services", "", cluster)
    for body in bodies:
        owner = owner_of(body)
        if owner.kind in {"deployments", "statefulsets", "daemonsets"} and _is_ill(body):
            if any(True for _ in items(body, "status", "containerStatuses")):
                wanted[owner] = calls.rollout("k8s_rollout_history", owner, cluster)
            else:
                wanted["nodes"] = calls.listing("nodes", "", cluster, columns=list(ALLOCATABLE.values()))
    return wanted


def _is_ill(body: Json) -> bool:
    states = list(items(body, "status", "containerStatuses"))
    return not states or any(not state.get("ready") or state.get("lastState") for state in states)


def _services(found: Found | None) -> tuple[tuple[Thing, str], ...]:
    """Each Service with its first port."""
    rows = rows_of(found, "services") if found and not found.failed else []
    return tuple((row.thing, row["PORT(S)"].split("/")[0].split(":")[0].split(",")[0]) for row in rows)


def _largest(found: Found | None) -> dict[str, float]:
    if found is None or found.failed:
        return {}
    largest: dict[str, float] = {}
    for row in rows_of(found, "nodes"):
        for resource, path in ALLOCATABLE.items():
            value = amount(row[path.upper()])
            if value is not None:
                largest[resource] = max(largest.get(resource, 0.0), value)
    return largest
