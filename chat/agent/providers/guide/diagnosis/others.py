"""What is wrong with jobs, nodes, claims and namespaces: from their status, and from the log of a job's last try."""

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis.crashes import last_words
from chat.agent.providers.guide.diagnosis.finding import Finding, Note, Severity
from chat.agent.providers.guide.rows import Row, items, thing_of, walk
from chat.agent.providers.guide.steps import Json

TROUBLES = {
    "variable": "It needs the environment variable {detail}: give it one first.",
    "certificate": (
        "A certificate has expired or is not trusted: renew it first, in the Secret "
        "that the line names if it names one."
    ),
    "connection": "It cannot reach something it depends on: mend that first.",
    "denied": "It is refused: a right, a password or a token is missing or wrong. Mend that first.",
}
PRESSURES = {
    "MemoryPressure": "is short of memory",
    "DiskPressure": "is short of disk",
    "PIDPressure": "has too many processes",
    "NetworkUnavailable": "has no network",
}


def examine_job(job: Json, log: str) -> Finding | None:
    failed = next(
        (c for c in items(job, "status", "conditions") if c.get("type") == "Failed" and c.get("status") == "True"), None
    )
    tries = walk(job, "status", "failed")
    if failed is None and not tries:
        return None
    thing, words = thing_of(job, "jobs"), last_words(log)
    evidence = [f"The last line that tells: {phrasing.code(words.line)}"] if words.line else []
    evidence += (
        [f"The Job says: {phrasing.code(failed.get('reason', ''))}, {phrasing.code(failed.get('message', ''))}"]
        if failed
        else []
    )
    count = phrasing.counted(tries, "try", "tries") if isinstance(tries, int) else "Its tries"
    given_up = " Kubernetes has given up on it." if failed else ""
    hint = TROUBLES.get(words.trouble, "").format(detail=phrasing.code(words.detail))
    return Finding(
        Severity.BROKEN if failed else Severity.DEGRADED,
        thing,
        "failed",
        f"The program of this Job ended with an error ({count}).{given_up}",
        tuple(evidence),
        (
            f"{hint or 'Mend what the log line names first.'} A Job that failed does not "
            "start again by itself: then run it once more."
        ),
        (f"run {phrasing.sentence(thing).replace(' in ', ' again in ')}", f"logs of {phrasing.sentence(thing)}"),
    )


def examine_node(node: Json) -> Finding | None:
    thing = thing_of(node, "nodes")
    for condition in items(node, "status", "conditions"):
        kind, status = str(condition.get("type")), condition.get("status")
        said = phrasing.code(f"{condition.get('reason', '')}: {condition.get('message', '')}", 260)
        if kind == "Ready" and status != "True":
            return Finding(
                Severity.BROKEN,
                thing,
                "is not ready",
                "The machine does not report as healthy; its pods may be unreachable.",
                (f"Its state: {said}",),
                "Look at the machine itself (is it on, is its kubelet running, is the network up).",
                (f"describe node {thing.name}", f"pods on node {thing.name}"),
            )
        if kind in PRESSURES and status == "True":
            return Finding(
                Severity.DEGRADED,
                thing,
                PRESSURES[kind],
                "The machine is under pressure and may throw pods out.",
                (f"Its state: {said}",),
                "Find out what uses it up, or move something away.",
                ("top nodes", f"pods on node {thing.name}"),
            )
    if walk(node, "spec", "unschedulable"):
        return Finding(
            Severity.NOTE,
            thing,
            "is cordoned",
            "No new pods start on it.",
            (),
            "When the work on it is done, open it again.",
            (f"uncordon node {thing.name}",),
        )
    return None


def examine_claim(row: Row, notes: list[Note]) -> Finding | None:
    """`notes`: warnings about this claim."""
    if row["STATUS"] in {"Bound", ""}:
        return None
    said = notes[0].message if notes else ""
    storage = row["STORAGECLASS"]
    evidence = [
        f"Its status is {phrasing.code(row['STATUS'])}"
        + (f", storage class {phrasing.code(storage)}" if storage else "")
    ]
    evidence += [f"Event: {phrasing.code(said, 260)}"] if said else []
    return Finding(
        Severity.BROKEN,
        row.thing,
        "has no disk yet",
        "The claim asks for a disk and has not been given one; pods that use it cannot start.",
        tuple(evidence),
        "Check the storage class and the size it asks for.",
        ("list storageclasses", f"describe {phrasing.sentence(row.thing)}"),
    )


def examine_rollout(deployment: Json) -> Finding | None:
    """A Deployment whose pods say nothing: quota refused them, or the rollout is stuck."""
    for condition in items(deployment, "status", "conditions"):
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            said = phrasing.code(condition.get("message", ""), 260)
            return Finding(
                Severity.BROKEN,
                thing_of(deployment, "deployments"),
                "may not create its pods",
                "The cluster refuses to create the pods: a quota or a policy stands against it.",
                (f"It says: {said}",),
                "Ask for less, or have the quota raised.",
                (f"list quotas in {walk(deployment, 'metadata', 'namespace')}",),
            )
    return None
