"""Whether a row of a listing looks ill, by its kind's own columns."""

import re
from collections.abc import Callable

from chat.agent.providers.guide.rows import Row

RECENT = re.compile(r"(\d+) \((?:(\d+)m)?(?:\d+s)? ago\)")
FINE_PODS = frozenset({"Running", "Completed", "Succeeded", "Terminating"})
STARTING = frozenset({"Pending", "ContainerCreating", "PodInitializing"})


def is_ill(row: Row) -> bool:
    rule = RULES.get(row.thing.kind)
    return rule(row) if rule else False


def is_pending(row: Row) -> bool:
    return row["STATUS"].startswith(("Pending", "ContainerCreating", "PodInitializing", "Init:"))


def share(cell: str) -> tuple[int, int] | None:
    """ "2/3" as numbers."""
    have, slash, want = cell.partition("/")
    return (int(have), int(want)) if slash and have.isdigit() and want.isdigit() else None


def _short(cell: str) -> bool:
    numbers = share(cell)
    return bool(numbers and numbers[0] < numbers[1])


def _pod(row: Row) -> bool:
    status = row["STATUS"]
    if status == "Running":
        return _short(row["READY"]) or _restarts_now(row["RESTARTS"])
    if status in STARTING:
        return not _seconds_old(row["AGE"], 20)
    return status not in FINE_PODS and bool(status)


def _restarts_now(cell: str) -> bool:
    """ "7 (3m ago)": it restarts again and again, and did so minutes ago."""
    found = RECENT.match(cell)
    return bool(found and int(found[1]) >= 3 and (found[2] is None or int(found[2]) <= 15))


def _seconds_old(age: str, most: int) -> bool:
    return age.endswith("s") and age[:-1].isdigit() and int(age[:-1]) < most


def _daemon_set(row: Row) -> bool:
    return row.number("READY") < row.number("DESIRED")


def _job(row: Row) -> bool:
    return row["STATUS"] == "Failed" or (not row["STATUS"] and _short(row["COMPLETIONS"]))


def _node(row: Row) -> bool:
    return row["STATUS"] != "Ready" and bool(row["STATUS"])


def _claim(row: Row) -> bool:
    return row["STATUS"] not in {"Bound", ""}


def _space(row: Row) -> bool:
    return row["STATUS"] not in {"Active", ""}


RULES: dict[str, Callable[[Row], bool]] = {
    "pods": _pod,
    "deployments": lambda row: _short(row["READY"]),
    "statefulsets": lambda row: _short(row["READY"]),
    "daemonsets": _daemon_set,
    "jobs": _job,
    "nodes": _node,
    "persistentvolumeclaims": _claim,
    "namespaces": _space,
}
